/* doctor: a second way in, as far as the configuration of a server shows it. */
#include "beside_pam.h"

#include "proftpd.h"
#include "setting.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PURE_FOLDER "/etc/pure-ftpd/"

static bool has_word(const char *words, const char *wanted)
{
    char room[SETTING_SIZE];
    char *rest = NULL;
    bool has = false;

    (void)snprintf(room, sizeof room, "%s", words);
    for (char *word = strtok_r(room, " \t,\"'", &rest); word != NULL;
         word = strtok_r(NULL, " \t,\"'", &rest))
        has = has || strcasecmp(word, wanted) == 0;
    return has;
}

static bool is_yes(const char *value)
{
    return strncasecmp(value, "yes", 3) == 0 || strncasecmp(value, "on", 2) == 0 ||
           strcmp(value, "1") == 0;
}

/* In Debian's folder each way is a link to a file that has its one value. */
static bool is_linked(struct examination *exam, const char *name)
{
    char target[PATH_MAX];
    glob_t paths;
    bool is = false;

    exam_glob(exam, PURE_FOLDER "auth/*", &paths);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        ssize_t length = readlink(paths.gl_pathv[i], target, sizeof target - 1);
        const char *base;

        if (length <= 0)
            continue;
        target[length] = '\0';
        base = strrchr(target, '/');
        is = is || strcmp(base != NULL ? base + 1 : target, name) == 0;
    }
    globfree(&paths);
    return is;
}

/* Pure-FTPd takes the first of its ways that says yes: that of the system's own passwords, beside
 * PAM, takes the primary. */
static void check_pure_ftpd(struct examination *exam)
{
    static const char *const services[] = {"pure-ftpd", NULL};
    const struct pam_file *asking = exam_first_asking(exam, services);
    struct setting own = {.path = ""};
    char *text;

    if (asking == NULL)
        return;
    text = is_linked(exam, "UnixAuthentication")
               ? exam_text(exam, PURE_FOLDER "conf/UnixAuthentication")
               : NULL;
    if (text != NULL && is_yes(text)) {
        finding_fault(&exam->findings, CHECK_BESIDE_PAM,
                      "Pure-FTPd asks the system's own passwords beside PAM: the primary password "
                      "opens it, whatever %s says",
                      asking->path);
        finding_fix_script(&exam->findings, "echo no >" PURE_FOLDER "conf/UnixAuthentication");
    }
    free(text);
    /* Without that folder one file is read. */
    if (access(PURE_FOLDER "auth", F_OK) == 0)
        return;
    setting_find(exam, PURE_FOLDER "pure-ftpd.conf", "UnixAuthentication", " \t", &own);
    if (!is_yes(own.value))
        return;
    finding_fault(&exam->findings, CHECK_BESIDE_PAM,
                  "%s has UnixAuthentication beside PAM: the primary password opens Pure-FTPd, "
                  "whatever %s says",
                  own.path, asking->path);
    setting_fix(exam, "UnixAuthentication", " \\t", "UnixAuthentication no", own.path);
}

/* One line for a shell that adds a line to a file. */
static void fix_add(struct examination *exam, const char *line, const char *path)
{
    struct asp_buffer script = {0};

    asp_buffer_add(&script, "echo '");
    asp_buffer_add(&script, line);
    asp_buffer_add(&script, "' >>");
    (void)exam_word(exam, &script, path);
    finding_fix_script(&exam->findings, script.failed ? "" : script.text);
    asp_buffer_free(&script);
}

/* A server that has Cyrus's SASL library in it. */
struct sasl {
    const char *server;
    const char *path;
    const char *before;            /* each of its keys */
    const struct pam_file *asking; /* NULL: it asks for no app passwords */
};

/* As its file has it, or the one that this brings in, as ours for Cyrus. */
static void find_sasl(struct examination *exam, const struct sasl *sasl, const char *key,
                      struct setting *found)
{
    struct setting other = {.path = ""};

    setting_find(exam, sasl->path, key, ":", found);
    setting_find(exam, sasl->path, "@include", ":", &other);
    if (other.value[0] == '/')
        setting_find(exam, other.value, key, ":", found);
}

static void fix_sasl(struct examination *exam, const struct sasl *sasl, const char *key,
                     const char *value, const struct setting *found)
{
    char line[128];

    (void)snprintf(line, sizeof line, "%s: %s", key, value);
    if (found->path[0] != '\0')
        setting_fix(exam, key, ":", line, found->path);
    else
        fix_add(exam, line, sasl->path);
}

/* A mechanism that proves a password without saying it can only be checked by a file that has it.
 */
static bool is_checked_elsewhere(const char *mechanisms)
{
    static const char *const others[] = {"CRAM-MD5",      "DIGEST-MD5", "SCRAM-SHA-1",
                                         "SCRAM-SHA-256", "NTLM",       "OTP"};
    bool is = mechanisms[0] == '\0';

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        is = is || has_word(mechanisms, others[i]);
    return is;
}

static void check_sasl(struct examination *exam, const struct sasl *sasl)
{
    struct setting method = {.path = ""};
    struct setting mechanisms = {.path = ""};
    char key[64];

    if (sasl->asking == NULL || access(sasl->path, F_OK) != 0)
        return;
    (void)snprintf(key, sizeof key, "%spwcheck_method", sasl->before);
    find_sasl(exam, sasl, key, &method);
    if (strcasecmp(method.value, "saslauthd") != 0) {
        finding_fault(&exam->findings, CHECK_BESIDE_PAM,
                      "%s of %s is %s: it looks into a file of its own, and not only where %s asks "
                      "for app passwords",
                      key, sasl->server, method.value[0] != '\0' ? method.value : "not set",
                      sasl->asking->path);
        fix_sasl(exam, sasl, key, "saslauthd", &method);
    }
    (void)snprintf(key, sizeof key, "%smech_list", sasl->before);
    find_sasl(exam, sasl, key, &mechanisms);
    if (!is_checked_elsewhere(mechanisms.value) || access("/etc/sasldb2", F_OK) != 0)
        return;
    finding_fault(&exam->findings, CHECK_BESIDE_PAM,
                  "%s of %s is %s: who has a password in /etc/sasldb2 is let in with it, whatever "
                  "%s says",
                  key, sasl->server, mechanisms.value[0] != '\0' ? mechanisms.value : "not set",
                  sasl->asking->path);
    fix_sasl(exam, sasl, key, "PLAIN LOGIN", &mechanisms);
}

/* True when `-c` is among the options, which getopt(3) takes by the letter: `-rc`, `-cm /run/x`. */
static bool has_cache(const char *options)
{
    char room[SETTING_SIZE];
    char *rest = NULL;
    bool skips = false;

    (void)snprintf(room, sizeof room, "%s", options);
    for (const char *word = strtok_r(room, " \t\"'", &rest); word != NULL;
         word = strtok_r(NULL, " \t\"'", &rest)) {
        const char *at = word + strcspn(word, "amnstOc");

        if (skips || word[0] != '-') {
            skips = false;
            continue;
        }
        if (*at == 'c')
            return true;
        skips = at[0] != '\0' && at[1] == '\0'; /* its argument is the next word */
    }
    return false;
}

/* Takes the letter out of each word of options, and then what is left of one that was it alone. */
static void fix_cache(struct examination *exam, const char *path)
{
    struct asp_buffer script = {0};

    asp_buffer_add(&script, "sed -E -i '/^(OPTIONS|FLAGS)=/{:a;"
                            "s/([^[:alnum:]\\/._-]-[A-NP-Zbd-lo-ru-z]*)c/\\1/;ta;"
                            ":b;s/([^[:alnum:]\\/._-])-([^[:alnum:]-]|$)/\\1\\2/;tb;}' ");
    (void)exam_word(exam, &script, path);
    finding_fix_script(&exam->findings, script.failed ? "" : script.text);
    asp_buffer_free(&script);
}

/* saslauthd asks PAM where it is told to, and may keep what PAM has answered. */
static void check_saslauthd(struct examination *exam, const char *path)
{
    struct setting mechanism = {.path = ""};
    struct setting options = {.path = ""};

    setting_find(exam, path, "MECHANISMS", "=", &mechanism); /* Debian */
    setting_find(exam, path, "OPTIONS", "=", &options);
    setting_find(exam, path, "MECH", "=", &mechanism); /* Fedora */
    setting_find(exam, path, "FLAGS", "=", &options);
    if (mechanism.path[0] != '\0' && !has_word(mechanism.value, "pam")) {
        finding_fault(&exam->findings, CHECK_BESIDE_PAM,
                      "%s has saslauthd ask %s in place of PAM: the primary password is taken, and "
                      "no app password",
                      path, mechanism.value);
        setting_fix(exam, strstr(path, "sysconfig") != NULL ? "MECH" : "MECHANISMS", "=",
                    strstr(path, "sysconfig") != NULL ? "MECH=pam" : "MECHANISMS=\"pam\"", path);
    }
    if (!has_cache(options.value))
        return;
    finding_fault(
        &exam->findings, CHECK_BESIDE_PAM,
        "%s has saslauthd keep passwords that were right (-c): a revoked app password goes "
        "on logging in for hours",
        path);
    fix_cache(exam, path);
}

static void check_cyrus_sasl(struct examination *exam)
{
    static const char *const mail[] = {"imap", "pop", "sieve", "http", NULL};
    static const char *const submission[] = {"smtp", NULL};
    static const char *const daemons[] = {"/etc/default/saslauthd", "/etc/default/saslauthd-*[!~]",
                                          "/etc/sysconfig/saslauthd"};
    const struct sasl cyrus = {"Cyrus", "/etc/imapd.conf", "sasl_", exam_first_asking(exam, mail)};
    const struct sasl postfix = {"Postfix", "/etc/postfix/sasl/smtpd.conf", "",
                                 exam_first_asking(exam, submission)};
    const bool used = (cyrus.asking != NULL && access(cyrus.path, F_OK) == 0) ||
                      (postfix.asking != NULL && access(postfix.path, F_OK) == 0);

    check_sasl(exam, &cyrus);
    check_sasl(exam, &postfix);
    for (size_t i = 0; used && i < sizeof daemons / sizeof *daemons; i++) {
        glob_t paths;

        exam_glob(exam, daemons[i], &paths);
        for (size_t k = 0; k < paths.gl_pathc; k++) {
            if (strchr(paths.gl_pathv[k], '.') == NULL) /* what dpkg leaves has one */
                check_saslauthd(exam, paths.gl_pathv[k]);
        }
        globfree(&paths);
    }
}

void examine_beside_pam(struct examination *exam)
{
    examine_proftpd(exam);
    check_pure_ftpd(exam);
    check_cyrus_sasl(exam);
}
