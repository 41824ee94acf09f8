/* doctor: what Dovecot's own configuration makes of app passwords. Its settings are written in two
 * ways, by 2.3 and from 2.4 on. */
#include "dovecot.h"

#include "dovecot_settings.h"

#include "asp-admin/system/program.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/etc/dovecot/conf.d/"

enum {
    SECONDS = 10,
    OUTPUT_MAX = 256 * 1024,
    ERRORS_MAX = 16 * 1024,
};

static const char *const recipes[] = {FOLDER "auth-asp.conf.ext",
                                      FOLDER "auth-asp-virtual.conf.ext"};

/* What doveconf has said. */
struct said {
    struct asp_buffer output;
    struct asp_buffer errors;
    char version[32];
};

/* What is over the bound is heard and dropped. */
static bool keep(struct asp_buffer *out, size_t most, const char *bytes, size_t length)
{
    size_t room = most - out->length;

    asp_buffer_add_bytes(out, bytes, length < room ? length : room);
    return true;
}

static bool take_output(void *context, const char *bytes, size_t length)
{
    return keep(&((struct said *)context)->output, OUTPUT_MAX, bytes, length);
}

static bool take_errors(void *context, const char *bytes, size_t length)
{
    return keep(&((struct said *)context)->errors, ERRORS_MAX, bytes, length);
}

/* doveconf reads all that Dovecot would, and begins with the version even where it then fails. */
static enum program_end run_doveconf(struct said *said)
{
    char path[PROGRAM_PATH_SIZE];
    const struct program run = {
        .path = path,
        .environment = program_environment,
        .timeout = SECONDS,
        .take_output = take_output,
        .take_errors = take_errors,
        .context = said,
    };
    enum program_end end = PROGRAM_NOT_STARTED;
    struct asp_error why = {0};

    if (program_find("doveconf", path))
        end = program_run(&run, &why);
    if (said->output.length == 0 || sscanf(said->output.text, "# %31[0-9.]", said->version) != 1)
        end = PROGRAM_NOT_STARTED; /* it is none of Dovecot's */
    return end;
}

static bool is_2_3(const struct said *said)
{
    return strncmp(said->version, "2.3.", 4) == 0;
}

/* The line of its errors that names this file, or NULL: all before it and behind it is cut off. */
static const char *line_with(struct said *said, const char *path)
{
    char *start = said->errors.length > 0 ? strstr(said->errors.text, path) : NULL;

    if (start == NULL)
        return NULL;
    start[strcspn(start, "\n")] = '\0';
    while (start > said->errors.text && start[-1] != '\n')
        start--;
    return start;
}

static void tell_of_cache(struct examination *exam, const struct said *said)
{
    finding_fault(&exam->findings, CHECK_DOVECOT,
                  "Dovecot %s keeps what PAM has answered in its cache of logins: a revoked app "
                  "password goes on logging in until auth_cache_ttl is over",
                  said->version);
    finding_fix(&exam->findings,
                "write `use_cache = no` into its passdb for PAM, as dovecot/2.4/auth-asp.conf.ext "
                "of the recipes has it, then doveadm reload");
}

/* The form for the other version is kept, for what its administrator had changed. */
static void fix_recipe(struct examination *exam, const char *form, const char *path)
{
    char shipped[64];
    char before[PATH_MAX];

    (void)snprintf(shipped, sizeof shipped, "dovecot/%s/%s", form, path + strlen(FOLDER));
    (void)snprintf(before, sizeof before, "%s.before", path);
    if (!path_fix_is_shipped(shipped)) {
        finding_fix(
            &exam->findings,
            "copy %s of the recipes over it, the form for this version, write in again what "
            "you had changed, and see that doveconf -n names no error",
            shipped);
        return;
    }
    finding_fix_command(&exam->findings, false, (const char *[]){"cp", "-p", path, before, NULL});
    path_fix_install(&exam->findings, shipped, path);
    finding_fix_command(&exam->findings, false, (const char *[]){"doveconf", "-n", NULL});
}

static void tell_refusal(struct examination *exam, struct said *said)
{
    const char *form = is_2_3(said) ? "2.3" : "2.4";
    const char *line;

    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        line = line_with(said, recipes[i]);
        if (line == NULL)
            continue;
        finding_fault(&exam->findings, CHECK_DOVECOT,
                      "Dovecot %s does not start with %s as it is: %s", said->version, recipes[i],
                      line);
        fix_recipe(exam, form, recipes[i]);
        return;
    }
    line = said->errors.length > 0 ? line_with(said, "") : "doveconf says nothing";
    finding_note(&exam->findings, CHECK_DOVECOT,
                 "Dovecot %s does not take its configuration, so that the recipes in it were not "
                 "looked at: %s",
                 said->version, line);
}

static bool has_recipe(void)
{
    bool there = false;

    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        there = there || access(recipes[i], F_OK) == 0;
    return there;
}

/* A PAM file by which Dovecot asks for app passwords, of one of the names that it gives; NULL:
 * there is none. */
static const struct pam_file *find_asking(struct examination *exam)
{
    static const char *const services[] = {"dovecot",    "imap", "pop3", "sieve",
                                           "submission", "smtp", NULL};

    return exam_first_asking(exam, services);
}

/* True for a line that has Dovecot read a file of this name. */
static bool is_include(const char *line, const char *name)
{
    char pattern[PATH_MAX];
    const char *base;

    if (sscanf(line, " !include%*[_try] %4095[^\n]", pattern) != 1 &&
        sscanf(line, " !include %4095[^\n]", pattern) != 1)
        return false;
    pattern[strcspn(pattern, " \t\r")] = '\0';
    base = strrchr(pattern, '/');
    return fnmatch(base != NULL ? base + 1 : pattern, name, 0) == 0;
}

static bool is_included_by(struct examination *exam, const char *path, const char *name)
{
    char *text = exam_text(exam, path);
    char *rest = NULL;
    bool is = false;

    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        is = is || is_include(line, name);
    free(text);
    return is;
}

/* A recipe that nothing reads does nothing. */
static bool tell_unread(struct examination *exam)
{
    bool told = false;
    glob_t paths;

    exam_glob(exam, "/etc/dovecot/*.conf", &paths);
    exam_glob_also(exam, "/etc/dovecot/conf.d/*", &paths);
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        const char *name = recipes[i] + strlen(FOLDER);
        bool is_read = false;

        for (size_t k = 0; k < paths.gl_pathc; k++)
            is_read = is_read || is_included_by(exam, paths.gl_pathv[k], name);
        if (is_read || access(recipes[i], F_OK) != 0)
            continue;
        finding_note(
            &exam->findings, CHECK_DOVECOT,
            "%s is there, and no file of Dovecot's includes it: it does nothing. In " FOLDER
            "10-auth.conf write !include %s in place of the other !include of auth-*",
            recipes[i], name);
        told = true;
    }
    globfree(&paths);
    return told;
}

/* What decides where a PAM file is missing is `other`, and that takes the primary password as a
 * rule. */
static void check_services(struct examination *exam, const struct dovecot_settings *settings,
                           const struct pam_file *asking)
{
    for (size_t i = 0; i < DOVECOT_PROTOCOLS && settings->by_protocol; i++) {
        const char *service = dovecot_protocols[i];
        char path[64];

        if (!settings->has_protocol[i] || pam_folder_find(&exam->pam, service) != NULL)
            continue;
        (void)snprintf(path, sizeof path, "/etc/pam.d/%s", service);
        finding_fault(&exam->findings, CHECK_DOVECOT,
                      "Dovecot asks PAM by the name of the protocol, and there is no %s: "
                      "/etc/pam.d/other decides, which may let the primary password in",
                      path);
        if (asking != NULL)
            finding_fix_command(&exam->findings, path_is_held(path) && path_is_held(asking->path),
                                (const char *[]){"install", "-m", "644", asking->path, path, NULL});
        else if (!path_fix_install(&exam->findings, "pam.d/asp-only", path))
            finding_fix(&exam->findings, "copy one of the stacks of pam_asp(8) to %s", path);
    }
}

/* Dovecot asks one passdb after the other until one says yes. */
static void check_others(struct examination *exam, const struct dovecot_settings *settings)
{
    if (settings->primary[0] != '\0') {
        finding_fault(
            &exam->findings, CHECK_DOVECOT,
            "Dovecot has a passdb %s beside that of PAM: it lets the primary password in, "
            "whatever PAM has said",
            settings->primary);
        finding_fix(&exam->findings, "take that passdb out of the files of " FOLDER
                                     ": doveconf -n passdb shows what "
                                     "is left, and doveadm reload has it hold");
    }
    if (settings->other[0] != '\0')
        finding_note(&exam->findings, CHECK_DOVECOT,
                     "Dovecot has a passdb %s beside that of PAM: who is let in by that one has "
                     "shown no app password",
                     settings->other);
}

/* The settings that Dovecot runs with, where app passwords are asked for. */
static void check_settings(struct examination *exam, struct said *said, bool recipe,
                           const struct pam_file *asking)
{
    const size_t count = exam->findings.count;
    struct dovecot_settings settings;
    bool unread;

    dovecot_settings_read(said->output.text, &settings);
    unread = recipe && tell_unread(exam);
    if (settings.asks_pam && (asking != NULL || (recipe && !unread))) {
        if (settings.has_cache && settings.keeps_pam && !is_2_3(said))
            tell_of_cache(exam, said);
        check_services(exam, &settings, asking);
        check_others(exam, &settings);
    }
    if (recipe && exam->findings.count == count)
        finding_ok(&exam->findings, CHECK_DOVECOT,
                   "Dovecot %s takes its configuration, with what this includes of the recipes "
                   "in " FOLDER,
                   said->version);
}

void examine_dovecot(struct examination *exam)
{
    const struct pam_file *asking = find_asking(exam);
    struct said said = {.version = ""};
    bool recipe = has_recipe();
    enum program_end end = PROGRAM_NOT_STARTED;

    if (recipe || asking != NULL)
        end = run_doveconf(&said);
    if (end == PROGRAM_DONE && said.output.length == OUTPUT_MAX)
        finding_note(&exam->findings, CHECK_DOVECOT,
                     "Dovecot %s has a configuration of more than %d KiB, which was not looked at",
                     said.version, OUTPUT_MAX / 1024);
    else if (end == PROGRAM_DONE)
        check_settings(exam, &said, recipe, asking);
    else if (end == PROGRAM_FAILED && recipe)
        tell_refusal(exam, &said);
    exam->findings.failed = exam->findings.failed || said.output.failed || said.errors.failed;
    asp_buffer_free(&said.output);
    asp_buffer_free(&said.errors);
}
