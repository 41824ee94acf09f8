/* A command line, a word a line: what it says is said in one line, and what is taken is in it. What
 * was read, printed as it can be pasted, is read as the same. */
#include "shell.h"

#include "asp-admin/commands/line.h"
#include "asp-admin/options.h"

enum { WORDS_MAX = 64, ARGUMENTS_MAX = 1024 };

static size_t lines_said;

static bool count_lines(void *context, enum console_stream stream, const char *text, size_t length)
{
    (void)context;
    FUZZ_NEED(stream == CONSOLE_ERR);
    for (size_t i = 0; i < length; i++) {
        FUZZ_NEED(text[i] == '\n' || (unsigned char)text[i] >= ' ');
        lines_said += text[i] == '\n';
    }
    return true;
}

static bool is_in(const char *word, const char *text, size_t size)
{
    return word >= text && word <= text + size;
}

/* getopt takes a value also from the word that its option stands in. */
static void look_at(const struct options *options, const char *text, size_t size)
{
    const char *const values[] = {options->config, options->command, options->label,
                                  options->app,    options->expires, options->unused,
                                  options->reason, options->service, options->rhost};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        FUZZ_NEED(values[i] == NULL || is_in(values[i], text, size));
    FUZZ_NEED(options->argument_count >= 0 && options->argument_count <= WORDS_MAX);
    for (int i = 0; i < options->argument_count; i++)
        FUZZ_NEED(is_in(options->arguments[i], text, size));
    FUZZ_NEED(options->from_count <= ASP_NETWORKS_MAX);
    for (size_t i = 0; i < options->from_count; i++)
        FUZZ_NEED(is_in(options->from[i], text, size));
}

static bool same(const char *one, const char *other)
{
    return (one == NULL) == (other == NULL) && (one == NULL || strcmp(one, other) == 0);
}

/* A word that cannot be seen is printed by printf(1), which nobody runs here. */
static void paste(const struct console *console, const struct options *options)
{
    struct asp_buffer line = {0};
    char *argv[WORDS_MAX * 4 + 1] = {NULL};
    struct options again;
    int count;

    options_add_line(&line, options, &(struct options_line){.without = 0});
    FUZZ_NEED(!line.failed);
    count = shell_split(line.text, argv, WORDS_MAX * 4);
    if (count > 0) {
        FUZZ_NEED(options_read(count, argv, console, command_options_of, &again));
        FUZZ_NEED(again.given == options->given && same(again.command, options->command));
        FUZZ_NEED(again.argument_count == options->argument_count);
        for (int i = 0; i < again.argument_count; i++)
            FUZZ_NEED(same(again.arguments[i], options->arguments[i]));
        FUZZ_NEED(same(again.label, options->label) && same(again.reason, options->reason));
        FUZZ_NEED(same(again.app, options->app) && same(again.qr, options->qr));
        FUZZ_NEED(again.from_count == options->from_count);
        for (size_t i = 0; i < again.from_count; i++)
            FUZZ_NEED(same(again.from[i], options->from[i]));
    }
    asp_buffer_free(&line);
}

static void try_command(const struct console *console, const struct options *options)
{
    const struct command *command =
        options->command != NULL ? command_find(options->command) : NULL;
    enum exit_code code;

    if (command == NULL)
        return;
    code = line_check(command, console, options);
    FUZZ_NEED(code == EXIT_DONE || code == EXIT_USAGE);
    FUZZ_NEED(lines_said == (code == EXIT_DONE ? 0 : 1));
    FUZZ_NEED(code != EXIT_DONE || options->argument_count <= ARGUMENTS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct console console = {.program = "fuzz", .write = count_lines};
    char *text = fuzz_text(data, size);
    char *words[WORDS_MAX + 1] = {text};
    struct options options;
    int count = 1;

    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n')
            continue;
        text[i] = '\0';
        if (count < WORDS_MAX)
            words[count++] = text + i + 1;
    }
    lines_said = 0;
    if (options_read(count, words, &console, command_options_of, &options)) {
        FUZZ_NEED(lines_said == 0);
        look_at(&options, text, size);
        if (options.command != NULL && command_find(options.command) != NULL)
            paste(&console, &options);
        FUZZ_NEED(lines_said == 0);
        try_command(&console, &options);
    } else {
        FUZZ_NEED(lines_said == 1);
    }
    free(text);
    return 0;
}
