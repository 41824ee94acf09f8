/* doctor: what Dovecot's own configuration makes of app passwords. Its settings are written in two
 * ways, by 2.3 and from 2.4 on. */
#include "dovecot.h"

#include "asp-admin/system/program.h"

#include <stdio.h>
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

/* What a line of the text says of the block that it stands in, which may be in another. */
struct passdb {
    bool open;
    size_t indent; /* where the block begins, and ends */
    bool asks_pam;
    bool kept; /* in the cache, and no place in there is one password's alone */
};

/* True at the end of a block whose answers a cache keeps carelessly. */
static bool read_passdb(struct passdb *passdb, const char *line)
{
    const size_t indent = strspn(line, " ");

    line += indent;
    if (strncmp(line, "passdb ", 7) == 0) {
        *passdb = (struct passdb){.open = true, .indent = indent, .kept = true};
        passdb->asks_pam = strcmp(line + 7, "pam {") == 0;
    } else if (!passdb->open) {
        return false;
    } else if (strncmp(line, "driver = ", 9) == 0) {
        passdb->asks_pam = strcmp(line + 9, "pam") == 0;
    } else if (strcmp(line, "use_cache = no") == 0 || strstr(line, "%{password") != NULL) {
        passdb->kept = false;
    } else if (strcmp(line, "}") == 0 && indent == passdb->indent) {
        passdb->open = false;
        return passdb->asks_pam && passdb->kept;
    }
    return false;
}

/* True where Dovecot 2.4 keeps what PAM has answered; 2.3 does so only with a cache_key, which
 * nobody gives by mistake. It takes the text apart. */
static bool keeps_logins(struct said *said)
{
    struct passdb passdb = {.open = false};
    char *rest = NULL;
    bool has_cache = false;
    bool kept = false;

    for (char *line = strtok_r(said->output.text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "auth_cache_size = ", 18) == 0)
            has_cache = strcmp(line + 18, "0") != 0;
        kept = read_passdb(&passdb, line) || kept;
    }
    return has_cache && kept && !is_2_3(said);
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
        finding_fix(&exam->findings,
                    "copy dovecot/%s/%s of the recipes over it, the form for this version, write "
                    "in again what you had changed, and see that doveconf -n names no error",
                    form, recipes[i] + strlen(FOLDER));
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

/* True where PAM asks us for Dovecot, by a file of one of the names that it gives. */
static bool is_asked_for(struct examination *exam)
{
    static const char *const services[] = {"dovecot", "imap",       "pop3",
                                           "sieve",   "submission", "smtp"};
    bool asked = false;

    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        asked = asked || exam_asks(exam, services[i]) != NULL;
    return asked;
}

void examine_dovecot(struct examination *exam)
{
    struct said said = {.version = ""};
    bool recipe = has_recipe();
    enum program_end end = PROGRAM_NOT_STARTED;

    if (recipe || is_asked_for(exam))
        end = run_doveconf(&said);
    if (end == PROGRAM_DONE && said.output.length == OUTPUT_MAX)
        finding_note(&exam->findings, CHECK_DOVECOT,
                     "Dovecot %s has a configuration of more than %d KiB, which was not looked at",
                     said.version, OUTPUT_MAX / 1024);
    else if (end == PROGRAM_DONE && keeps_logins(&said))
        tell_of_cache(exam, &said);
    else if (end == PROGRAM_DONE && recipe)
        finding_ok(&exam->findings, CHECK_DOVECOT,
                   "Dovecot %s takes its configuration, with what this includes of the recipes "
                   "in " FOLDER,
                   said.version);
    else if (end == PROGRAM_FAILED && recipe)
        tell_refusal(exam, &said);
    exam->findings.failed = exam->findings.failed || said.output.failed || said.errors.failed;
    asp_buffer_free(&said.output);
    asp_buffer_free(&said.errors);
}
