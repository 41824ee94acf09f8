/* doctor: the recipes in Dovecot's folder, whose settings 2.3 and 2.4 write in two ways. */
#include "dovecot.h"

#include "asp-admin/system/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/etc/dovecot/conf.d/"

enum {
    SECONDS = 10,
    OUTPUT_MAX = 256, /* the first line has the version */
    ERRORS_MAX = 512,
};

static const char *const recipes[] = {"auth-asp.conf.ext", "auth-asp-virtual.conf.ext"};

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
    static const char *const paths[] = {"/usr/bin/doveconf", "/usr/local/bin/doveconf"};
    char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
    struct program run = {
        .environment = environment,
        .timeout = SECONDS,
        .take_output = take_output,
        .take_errors = take_errors,
        .context = said,
    };
    enum program_end end = PROGRAM_NOT_STARTED;
    struct asp_error why = {0};

    for (size_t i = 0; i < sizeof paths / sizeof *paths && end == PROGRAM_NOT_STARTED; i++) {
        run.path = paths[i];
        end = program_run(&run, &why);
    }
    if (said->output.length == 0 || sscanf(said->output.text, "# %31[0-9.]", said->version) != 1)
        end = PROGRAM_NOT_STARTED; /* it is none of Dovecot's */
    return end;
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

static void tell_refusal(struct examination *exam, struct said *said)
{
    const char *form = strncmp(said->version, "2.3.", 4) == 0 ? "2.3" : "2.4";
    const char *line;

    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        char path[sizeof FOLDER + 64];

        (void)snprintf(path, sizeof path, FOLDER "%s", recipes[i]);
        line = line_with(said, path);
        if (line == NULL)
            continue;
        finding_fault(&exam->findings, CHECK_DOVECOT,
                      "Dovecot %s does not start with %s as it is: %s", said->version, path, line);
        finding_fix(&exam->findings,
                    "copy dovecot/%s/%s of the recipes over it, the form for this version, write "
                    "in again what you had changed, and see that doveconf -n names no error",
                    form, recipes[i]);
        return;
    }
    line = said->errors.length > 0 ? line_with(said, "") : "doveconf says nothing";
    finding_note(&exam->findings, CHECK_DOVECOT,
                 "Dovecot %s does not take its configuration, so that the recipes in it were not "
                 "looked at: %s",
                 said->version, line);
}

void examine_dovecot(struct examination *exam)
{
    struct said said = {.version = ""};
    enum program_end end = PROGRAM_NOT_STARTED;

    if (access(FOLDER "auth-asp.conf.ext", F_OK) == 0 ||
        access(FOLDER "auth-asp-virtual.conf.ext", F_OK) == 0)
        end = run_doveconf(&said);
    if (end == PROGRAM_DONE)
        finding_ok(&exam->findings, CHECK_DOVECOT, "Dovecot %s takes the recipes in " FOLDER,
                   said.version);
    else if (end == PROGRAM_FAILED)
        tell_refusal(exam, &said);
    exam->findings.failed = exam->findings.failed || said.output.failed || said.errors.failed;
    asp_buffer_free(&said.output);
    asp_buffer_free(&said.errors);
}
