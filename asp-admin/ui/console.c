/* The console: what is said to standard output and standard error, and how it fails. */
#include "console.h"

#include "progress.h"
#include "read_secret.h"
#include "wrap.h"

#include "asp/redact.h"
#include "asp/safeio.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WIDTH = 80,
    ERROR_INDENT = 2, /* of the further lines of what is said to standard error */
    SAID_SIZE = ASP_ERROR_LINE + ASP_ERROR_TEXT,
    /* Each byte of what is said may become four, and the name of the program stands before it. */
    LINE_SIZE = 4 * SAID_SIZE + 64,
    PROMPT_SIZE = 4 * 256 + 64,
    PIECE = 64 * 1024,
};

/* A line for standard error, broken between its words where that is a terminal; also one that came
 * from a broker, which does not know how wide it is. Without memory it is as it was. */
static bool write_error(const char *text, size_t length)
{
    const struct wrap wrap = {.width = wrap_width_of(STDERR_FILENO), .indent = ERROR_INDENT};
    const bool is_line = length > 0 && memchr(text, '\n', length) == text + length - 1 &&
                         memchr(text, '\0', length) == NULL;
    struct asp_buffer line = {0};
    struct asp_buffer broken = {0};
    bool written;

    if (is_line)
        asp_buffer_add_bytes(&line, text, length - 1);
    if (is_line && !line.failed)
        wrap_add(&broken, &wrap, line.text);
    asp_buffer_add(&broken, "\n");
    if (!is_line || line.failed || broken.failed)
        written = asp_write_all(STDERR_FILENO, text, length);
    else
        written = asp_write_all(STDERR_FILENO, broken.text, broken.length);
    asp_buffer_free(&line);
    asp_buffer_free(&broken);
    return written;
}

static bool write_stream(void *context, enum console_stream stream, const char *text, size_t length)
{
    bool written;

    (void)context;
    progress_pause();
    written = stream == CONSOLE_ERR ? write_error(text, length)
                                    : asp_write_all(STDOUT_FILENO, text, length);
    progress_resume();
    return written;
}

/* The name may be empty: an asp-broker before this version does not say it. */
static void add_prompt(struct asp_buffer *prompt, const char *user)
{
    struct asp_buffer visible = {0};

    asp_buffer_add(prompt, "App password");
    asp_buffer_add_visible(&visible, user);
    if (user[0] != '\0' && !visible.failed) {
        asp_redact(visible.text);
        asp_buffer_add(prompt, " of ");
        asp_buffer_add(prompt, visible.text);
    }
    asp_buffer_add(prompt, ": ");
    asp_buffer_free(&visible);
}

static bool read_typed_secret(void *context, const char *user, char *typed, size_t size,
                              size_t *length)
{
    char room[PROMPT_SIZE];
    struct asp_buffer text = asp_buffer_on(room, sizeof room);
    struct secret_prompt prompt = {
        .from = STDIN_FILENO,
        .to = isatty(STDIN_FILENO) == 1 ? STDERR_FILENO : -1,
        .hidden = true,
    };

    (void)context;
    add_prompt(&text, user);
    prompt.text = text.text;
    return secret_read(&prompt, typed, size, length);
}

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return (no_colour == NULL || no_colour[0] == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

struct console console_of_process(const char *program)
{
    const size_t width = wrap_width_of(STDOUT_FILENO);
    struct console console = {.program = program,
                              .write = write_stream,
                              .read_secret = read_typed_secret,
                              .width = width > 0 ? width : WIDTH};

    console.terminal = isatty(STDOUT_FILENO) == 1;
    console.colour = console.terminal && wants_colour();
    return console;
}

size_t console_wrap_width(const struct console *console)
{
    return console->terminal ? console->width : 0;
}

__attribute__((format(printf, 2, 0))) static void say_line(const struct console *console,
                                                           const char *format, va_list args)
{
    char text[SAID_SIZE];
    char room[LINE_SIZE];
    struct asp_buffer line = asp_buffer_on(room, sizeof room); /* so that it says it ran out too */
    size_t cut;
    int length;

    length = vsnprintf(text, sizeof text, format, args);
    /* Half of an app password would not be known for one. */
    cut = length >= (int)sizeof text ? asp_redact_cut(text, sizeof text - 1) : 0;
    if (cut > 0)
        text[cut] = '\0';
    asp_redact(text);
    asp_buffer_add(&line, console->program);
    asp_buffer_add(&line, ": ");
    asp_buffer_add_visible(&line, text);
    asp_buffer_add(&line, "\n");
    (void)console->write(console->context, CONSOLE_ERR, line.text, line.length);
    asp_buffer_free(&line);
}

void console_say(const struct console *console, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_line(console, format, args);
    va_end(args);
}

enum exit_code fail_with(const struct console *console, enum exit_code code, const char *format,
                         ...)
{
    va_list args;

    va_start(args, format);
    say_line(console, format, args);
    va_end(args);
    return code;
}

static enum exit_code code_of(enum asp_status status)
{
    switch (status) {
    case ASP_INVALID:
        return EXIT_USAGE;
    case ASP_NOT_FOUND:
        return EXIT_NOT_FOUND;
    case ASP_TAKEN:
    case ASP_FULL:
        return EXIT_TAKEN;
    default:
        return EXIT_STORE;
    }
}

static enum exit_code fail_as(const struct console *console, enum exit_code code,
                              const struct asp_error *error)
{
    char room[ASP_ERROR_LINE];
    const char *line = asp_error_line(error, room);

    if (error->status == ASP_DENIED && error->advice[0] == '\0' && geteuid() != 0)
        return fail_with(console, EXIT_STORE, "%s; run asp-admin as root", line);
    return fail_with(console, code, "%s", line);
}

enum exit_code fail_with_error(const struct console *console, const struct asp_error *error)
{
    return fail_as(console, code_of(error->status), error);
}

enum exit_code fail_unreadable(const struct console *console, const struct asp_error *error)
{
    return fail_as(console, EXIT_STORE, error);
}

struct console console_after(const struct console *console, const char *done)
{
    struct console after = *console;

    after.done = done;
    return after;
}

bool console_print(const struct console *console, const struct asp_buffer *out)
{
    const char *separator = console->done != NULL ? "; " : "";
    const char *done = console->done != NULL ? console->done : "";

    if (out->failed) {
        (void)fail_with(console, EXIT_STORE, "out of memory%s%s", separator, done);
        return false;
    }
    if (out->length == 0 || console->write(console->context, CONSOLE_OUT, out->text, out->length))
        return true;
    (void)fail_with(console, EXIT_STORE, "standard output cannot be written: %s%s%s",
                    strerror(errno), separator, done);
    return false;
}

bool console_print_profile(const struct console *console, const struct asp_buffer *out)
{
    if (console->write(console->context, CONSOLE_PROFILE, out->text, out->length))
        return true;
    (void)fail_with(console, EXIT_STORE, "the profile cannot be written: %s", strerror(errno));
    return false;
}

bool console_print_piece(const struct console *console, struct asp_buffer *out, bool is_last)
{
    if (!out->failed && out->length < PIECE && !is_last)
        return true;
    if (!console_print(console, out))
        return false;
    out->length = 0;
    return true;
}

bool console_print_and_free(const struct console *console, struct asp_buffer *out)
{
    bool printed = console_print(console, out);

    asp_buffer_free(out);
    return printed;
}

bool console_print_sentences(const struct console *console, struct asp_buffer *out)
{
    const struct wrap wrap = {.width = console_wrap_width(console), .others = true};
    struct asp_buffer broken = {.failed = out->failed};

    if (!out->failed)
        wrap_add(&broken, &wrap, out->text);
    asp_buffer_free(out);
    return console_print_and_free(console, &broken);
}

void console_add_bold(const struct console *console, struct asp_buffer *out, const char *text)
{
    if (console->colour)
        asp_buffer_add(out, "\033[1m");
    asp_buffer_add(out, text);
    if (console->colour)
        asp_buffer_add(out, "\033[0m");
}
