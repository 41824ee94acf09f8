/* The output of primary.command, read and held to its form. */
#include "primary_command.h"

#include "asp-admin/system/program.h"
#include "asp/redact.h"

#include <string.h>
#include <syslog.h>

enum {
    SECONDS = 30,
    BYTES_MAX = 64 * 1024 * 1024,
    ERRORS_MAX = 4096, /* what is logged of one run */
};

struct outputs {
    struct asp_buffer *printed;
    struct asp_buffer errors;
};

static bool take_output(void *context, const char *bytes, size_t length)
{
    struct asp_buffer *printed = ((struct outputs *)context)->printed;

    if (printed->length + length > BYTES_MAX)
        return false;
    asp_buffer_add_bytes(printed, bytes, length);
    return !printed->failed;
}

/* What is over the bound is heard and dropped: it is no reason to end it. */
static bool take_errors(void *context, const char *bytes, size_t length)
{
    struct asp_buffer *errors = &((struct outputs *)context)->errors;
    size_t room = ERRORS_MAX - errors->length;

    asp_buffer_add_bytes(errors, bytes, length < room ? length : room);
    return true;
}

static void log_errors(struct asp_buffer *errors)
{
    char *rest = NULL;

    if (errors->failed || errors->length == 0)
        return;
    /* Half of an app password would not be known for one. */
    if (errors->length == ERRORS_MAX)
        errors->text[asp_redact_cut(errors->text, errors->length)] = '\0';
    for (char *line = strtok_r(errors->text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        struct asp_buffer shown = {0};

        asp_buffer_add(&shown, "primary.command says=");
        asp_buffer_add_logged(&shown, line);
        if (!shown.failed)
            syslog(LOG_WARNING, "%s", shown.text);
        asp_buffer_free(&shown);
    }
}

enum asp_status primary_command_check(const char *path, const struct asp_buffer *printed,
                                      struct asp_error *error)
{
    /* Nothing is well-formed, and has no text. */
    const char *end = printed->length == 0 ? printed->text : printed->text + printed->length;
    size_t number = 1;

    for (const char *line = printed->text; line < end; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline == NULL ? end : newline;
        const char *tab = memchr(line, '\t', (size_t)(stop - line));

        if (newline == NULL)
            return asp_fail(error, ASP_CORRUPT, "%s: line %zu that it printed has no end", path,
                            number);
        if (tab == NULL || tab == line || memchr(line, '\0', (size_t)(stop - line)) != NULL)
            return asp_fail(error, ASP_CORRUPT,
                            "%s: line %zu that it printed is not a name, a tab and a text", path,
                            number);
        line = newline + 1;
    }
    return ASP_OK;
}

enum asp_status primary_command_read(const char *path, struct asp_buffer *printed,
                                     struct asp_error *error)
{
    char *environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           "LC_ALL=C", NULL};
    struct outputs outputs = {.printed = printed};
    struct program run = {
        .path = path,
        .environment = environment,
        .timeout = SECONDS,
        .take_output = take_output,
        .take_errors = take_errors,
        .context = &outputs,
    };
    struct asp_error why = {0};
    enum program_end end;

    memset(printed, 0, sizeof *printed);
    end = program_run(&run, &why);
    log_errors(&outputs.errors);
    asp_buffer_free(&outputs.errors);
    if (end == PROGRAM_INTERRUPTED)
        return asp_fail(error, ASP_INTERRUPTED, "%s: %s", path, why.text);
    if (end != PROGRAM_DONE && strncmp(why.text, path, strlen(path)) == 0) /* named in it */
        return asp_fail(error, ASP_IO, "primary.command %s", why.text);
    if (end != PROGRAM_DONE)
        return asp_fail(error, ASP_IO, "primary.command %s: %s", path, why.text);
    return ASP_OK;
}
