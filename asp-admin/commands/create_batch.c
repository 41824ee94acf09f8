/* create: one, or with --batch one for each line, made, shown and alive before the next. */
#include "commands.h"
#include "create.h"
#include "line.h"

#include "asp-admin/app.h"
#include "asp-admin/ui/line_reader.h"
#include "asp-admin/ui/private_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 }; /* more than the longest that is well-formed */

struct batch {
    struct admin *admin;
    struct line_reader lines;
    struct primary_source source;
    size_t unwatched;
    size_t failed;
    bool cut; /* an answer did not get out: no other would */
};

/* The options that hold for all lines. */
static enum exit_code validate_batch(const struct admin *admin)
{
    const unsigned wrong = OPTION_BIT(OPTION_LABEL) | OPTION_BIT(OPTION_QUIET);
    const struct options_line meant = {.without = wrong};
    struct options options = *admin->options;
    struct admin one = *admin;
    char why[64];

    if ((options.given & wrong) != 0) {
        (void)snprintf(why, sizeof why, "create --batch takes no --%s",
                       option_name(options.given & wrong));
        return line_fail(admin->console, EXIT_USAGE, why, &options, &meant);
    }
    options.label = "one that is well-formed";
    one.options = &options;
    return create_validate(&one);
}

/* As the console of the program writes; an answer that did not get out is noted. */
static bool write_and_note(void *context, enum console_stream stream, const char *text,
                           size_t length)
{
    struct batch *batch = context;
    const struct console *console = batch->admin->console;
    bool written = console->write(console->context, stream, text, length);

    batch->cut = batch->cut || (!written && stream == CONSOLE_OUT);
    return written;
}

/* Cuts off the field up to the next tab, which is the last one where there is none. */
static char *take_field(char **rest)
{
    char *field = *rest;

    if (field != NULL)
        *rest = strchr(field, '\t');
    if (field != NULL && *rest != NULL)
        *(*rest)++ = '\0';
    return field;
}

/* USER, LABEL and, where it is not empty, APP. False: it is no such line. */
static bool read_fields(char *line, char *arguments[1], struct options *options)
{
    char *rest = line;
    const char *app;

    arguments[0] = take_field(&rest);
    options->arguments = arguments;
    options->argument_count = 1;
    options->label = take_field(&rest);
    app = take_field(&rest);
    if (app != NULL && app[0] != '\0')
        options->app = app;
    return options->label != NULL && rest == NULL;
}

static enum exit_code read_source(const struct admin *admin, struct primary_source *source)
{
    struct asp_error error = {0};

    if (primary_source_renew(admin->conf, source, time(NULL), &error) == ASP_OK)
        return EXIT_DONE;
    return fail_unreadable(admin->console, &error);
}

static enum exit_code make_one(struct batch *batch, const struct console *console, char *line)
{
    struct new_password wanted = {.source = &batch->source, .unwatched = &batch->unwatched};
    struct options options = *batch->admin->options;
    struct admin one = *batch->admin;
    char *arguments[1];
    enum exit_code code;

    one.options = &options;
    one.console = console;
    one.now = time(NULL);
    if (!read_fields(line, arguments, &options))
        return fail_with(console, EXIT_USAGE,
                         "say USER, a tab, LABEL and, where another app is meant, a tab and APP");
    code = admin_take_user(&one);
    if (code == EXIT_DONE)
        code = read_source(&one, &batch->source);
    if (code == EXIT_DONE)
        code = create_one(&one, &wanted);
    return code;
}

static enum exit_code refuse(const struct console *console, enum line_read read)
{
    if (read == LINE_TOO_LONG)
        return fail_with(console, EXIT_USAGE, "it has more than %d bytes", LINE_MAX_BYTES);
    return fail_with(console, EXIT_USAGE, "there is a NUL byte in it: say it in UTF-8");
}

/* With the number of the line before all that is said of it. */
static void take_line(struct batch *batch, enum line_read read, char *line)
{
    const struct console *whole = batch->admin->console;
    struct console console = *whole;
    char program[64];
    enum exit_code code;

    (void)snprintf(program, sizeof program, "%.32s: line %lu", whole->program, batch->lines.number);
    console.program = program;
    console.write = write_and_note;
    console.context = batch;
    code = read == LINE_WHOLE ? make_one(batch, &console, line) : refuse(&console, read);
    batch->failed += code != EXIT_DONE;
}

static enum exit_code take_lines(struct batch *batch)
{
    enum line_read read = LINES_END;
    size_t length;
    char *line;

    while (!batch->cut && (read = line_reader_next(&batch->lines, &line, &length)) < LINES_END) {
        if (read != LINE_WHOLE || length > 0)
            take_line(batch, read, line);
    }
    if (batch->cut)
        return fail_with(batch->admin->console, EXIT_STORE,
                         "nothing was made of line %lu, and of those behind it",
                         batch->lines.number);
    if (read == LINES_FAILED)
        return fail_with(batch->admin->console, EXIT_STORE,
                         "standard input cannot be read behind line %lu: %s", batch->lines.number,
                         strerror(errno));
    return EXIT_DONE;
}

static void say_unwatched(const struct batch *batch)
{
    if (batch->unwatched > 0)
        console_say(batch->admin->console,
                    "note: made for users who have no line in /etc/shadow, so that a change of "
                    "the primary password is not seen there, see asp-admin(8): %zu",
                    batch->unwatched);
}

/* EXIT_NO: lines of which nothing was made were told of, and the others were. What stops it is
 * another code. */
static enum exit_code create_batch(struct admin *admin)
{
    struct batch batch = {.admin = admin, .lines = {.from = STDIN_FILENO, .max = LINE_MAX_BYTES}};
    enum exit_code code = validate_batch(admin);

    if (code == EXIT_DONE)
        code = admin_open_store(admin, true);
    if (code == EXIT_DONE && admin->new_store)
        console_say(admin->console, "note: a new store was made at %s", admin->conf->store);
    if (code == EXIT_DONE && admin->options->app == NULL &&
        app_is_unknown(admin->conf, admin->conf->default_app))
        console_say(admin->console,
                    "note: there is no app %s in asp.conf, and no such service in /etc/pam.d",
                    admin->conf->default_app);
    if (code == EXIT_DONE)
        code = read_source(admin, &batch.source);
    if (code == EXIT_DONE && isatty(STDIN_FILENO) == 1)
        console_say(admin->console, "reading lines: USER, a tab, LABEL; Ctrl-D ends");
    if (code == EXIT_DONE) {
        private_output(admin->console);
        code = take_lines(&batch);
    }
    say_unwatched(&batch);
    if (code == EXIT_DONE && batch.failed > 0)
        code = fail_with(admin->console, EXIT_NO, "lines of which nothing was made: %zu",
                         batch.failed);
    primary_source_close(&batch.source);
    line_reader_close(&batch.lines);
    return code;
}

enum exit_code command_create_validate(const struct admin *admin)
{
    return admin->options->batch ? validate_batch(admin) : create_validate(admin);
}

enum exit_code command_create(struct admin *admin)
{
    struct new_password wanted = {0};

    return admin->options->batch ? create_batch(admin) : create_one(admin, &wanted);
}
