/* What doveconf prints, a line at a time. */
#include "dovecot_settings.h"

#include <stdio.h>
#include <string.h>

const char *const dovecot_protocols[DOVECOT_PROTOCOLS] = {"imap", "pop3", "sieve", "submission"};

/* What was read of a block, which may stand in another. */
struct passdb {
    bool open;
    bool is_for_all;
    size_t indent; /* where the block begins, and ends */
    char driver[DOVECOT_DRIVER_SIZE];
    bool kept;         /* in the cache, and no place in there is one password's alone */
    bool says_cache;   /* whether it is */
    bool denies;       /* it lets nobody in */
    bool by_protocol;  /* the PAM service is */
    bool says_service; /* which PAM service it is */
};

/* From 2.4 on what a passdb does not say may be said for all of them: before them or behind, and of
 * PAM's own settings in a block. */
struct reading {
    struct passdb now;
    struct passdb all;
    bool leaves_cache; /* some passdb of PAM does not say it */
    bool leaves_service;
};

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* With anything beside the protocol the names are others, which nobody can know here. */
static bool is_by_protocol(const char *service)
{
    const char *end = strchr(service, '}');

    return strcmp(service, "%s") == 0 || strcmp(service, "*") == 0 || strcmp(service, "%Ls") == 0 ||
           ((begins(service, "%{protocol") || begins(service, "%{service")) && end != NULL &&
            end[1] == '\0');
}

/* Of the arguments of 2.3 it is the last one. */
static const char *last_word(const char *words)
{
    const char *last = strrchr(words, ' ');

    return last != NULL ? last + 1 : words;
}

static void set_driver(struct passdb *passdb, const char *name)
{
    (void)snprintf(passdb->driver, sizeof passdb->driver, "%.*s", (int)strcspn(name, " {"), name);
}

static void end_pam(struct reading *reading, struct dovecot_settings *settings)
{
    const struct passdb *passdb = &reading->now;

    settings->asks_pam = true;
    settings->keeps_pam = settings->keeps_pam || (passdb->kept && passdb->says_cache);
    settings->by_protocol = settings->by_protocol || passdb->by_protocol;
    reading->leaves_cache = reading->leaves_cache || (passdb->kept && !passdb->says_cache);
    reading->leaves_service = reading->leaves_service || !passdb->says_service;
}

static void end_passdb(struct reading *reading, struct dovecot_settings *settings)
{
    const struct passdb *passdb = &reading->now;

    if (passdb->is_for_all) {
        reading->all.kept = reading->all.kept && passdb->kept;
        reading->all.by_protocol = reading->all.by_protocol || passdb->by_protocol;
    } else if (strcmp(passdb->driver, "pam") == 0) {
        end_pam(reading, settings);
    } else if (passdb->denies || passdb->driver[0] == '\0') {
        return;
    } else if (strcmp(passdb->driver, "shadow") == 0 || strcmp(passdb->driver, "passwd") == 0 ||
               strcmp(passdb->driver, "bsdauth") == 0) {
        (void)snprintf(settings->primary, sizeof settings->primary, "%s", passdb->driver);
    } else {
        (void)snprintf(settings->other, sizeof settings->other, "%s", passdb->driver);
    }
}

static void set_service(struct passdb *passdb, const char *service)
{
    passdb->says_service = true;
    passdb->by_protocol = is_by_protocol(service);
}

static void read_setting(struct passdb *passdb, const char *line)
{
    if (begins(line, "driver = ")) {
        set_driver(passdb, line + strlen("driver = "));
    } else if (begins(line, "args = ")) {
        set_service(passdb, last_word(line + strlen("args = ")));
    } else if (begins(line, "service_name = ") || begins(line, "pam_service_name = ")) {
        set_service(passdb, strstr(line, " = ") + strlen(" = "));
    } else if (strcmp(line, "deny = yes") == 0) {
        passdb->denies = true;
    } else if (begins(line, "use_cache = ")) {
        passdb->says_cache = true;
        passdb->kept = passdb->kept && strcmp(line, "use_cache = no") != 0;
    } else if (strstr(line, "%{password") != NULL) {
        passdb->kept = false;
    }
}

static void read_passdb(struct reading *reading, const char *line,
                        struct dovecot_settings *settings)
{
    struct passdb *passdb = &reading->now;
    const size_t indent = strspn(line, " ");

    line += indent;
    if (begins(line, "passdb ")) {
        *passdb = (struct passdb){.open = true, .indent = indent, .kept = true};
        set_driver(passdb, line + strlen("passdb "));
    } else if (indent == 0 &&
               (strcmp(line, "passdb_pam {") == 0 || strcmp(line, "passdb_fields {") == 0)) {
        *passdb = (struct passdb){.open = true, .is_for_all = true, .kept = true};
    } else if (indent == 0 && begins(line, "passdb_") && line[strlen(line) - 1] != '{') {
        read_setting(&reading->all, line + strlen("passdb_"));
    } else if (passdb->open && strcmp(line, "}") == 0 && indent == passdb->indent) {
        passdb->open = false;
        end_passdb(reading, settings);
    } else if (passdb->open) {
        read_setting(passdb, line);
    }
}

static bool has_word(const char *words, const char *wanted)
{
    const size_t length = strlen(wanted);

    for (; *words != '\0'; words += strspn(words, " ")) {
        size_t end = strcspn(words, " ");

        if (end == length && strncmp(words, wanted, length) == 0)
            return true;
        words += end;
    }
    return false;
}

/* "protocols = imap pop3", or a block in which each is a line. */
static void read_protocols(const char *line, bool *block, struct dovecot_settings *settings)
{
    char yes[32];

    if (*block && strcmp(line, "}") == 0)
        *block = false;
    if (strcmp(line, "protocols {") == 0)
        *block = true;
    for (size_t i = 0; i < DOVECOT_PROTOCOLS; i++) {
        (void)snprintf(yes, sizeof yes, "  %s = yes", dovecot_protocols[i]);
        if ((*block && strcmp(line, yes) == 0) ||
            (begins(line, "protocols = ") &&
             has_word(line + strlen("protocols = "), dovecot_protocols[i])))
            settings->has_protocol[i] = true;
    }
}

void dovecot_settings_read(char *text, struct dovecot_settings *settings)
{
    struct reading reading = {.all = {.kept = true}};
    bool block = false;
    char *rest = NULL;

    *settings = (struct dovecot_settings){.has_cache = false};
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (begins(line, "auth_cache_size = "))
            settings->has_cache = strcmp(line + strlen("auth_cache_size = "), "0") != 0;
        read_protocols(line, &block, settings);
        read_passdb(&reading, line, settings);
    }
    settings->keeps_pam = settings->keeps_pam || (reading.leaves_cache && reading.all.kept);
    settings->by_protocol =
        settings->by_protocol || (reading.leaves_service && reading.all.by_protocol);
}
