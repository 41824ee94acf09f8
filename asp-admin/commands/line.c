/* A command line that is wrong, and the one that was meant. */
#include "line.h"

#include <stdio.h>
#include <string.h>

enum {
    WHY_SIZE = 256,
    LINE_MAX_BYTES = ASP_ERROR_TEXT, /* of what is pasted: half a command is worse than none */
};

enum exit_code line_fail(const struct console *console, enum exit_code code, const char *why,
                         const struct options *options, const struct options_line *line)
{
    struct asp_buffer meant = {0};

    options_add_line(&meant, options, line);
    if (meant.failed || meant.length > LINE_MAX_BYTES)
        (void)fail_with(console, code, "%s: see asp-admin help %s", why, options->command);
    else
        (void)fail_with(console, code, "%s: %s", why, meant.text);
    asp_buffer_free(&meant);
    return code;
}

/* What stands in the place of an argument that was left out, and what that is. */
static const struct {
    const char *name;
    const char *what;
} places[] = {
    {"USER", "USER, the name of who logs in"},
    {"ID", "ID, one of those that asp-admin list shows"},
    {"TEXT", "TEXT, the new label"},
};

enum { PLACES = sizeof places / sizeof *places };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Options that a command may need, and a value that may do. */
static const struct {
    enum option_id id;
    const char *option;
    const char *sample;
} samples[] = {
    {OPTION_LABEL, "--label", "Phone"},
    {OPTION_SERVICE, "--service", "dovecot"},
};

/* Adds those that are missing to the line. Returns the name of the first one. */
static const char *add_missing(unsigned missing, struct options_line *line)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        if ((missing & OPTION_BIT(samples[i].id)) == 0)
            continue;
        line->added[count++] = samples[i].option;
        line->added[count++] = samples[i].sample;
    }
    return line->added[0];
}

/* The arguments that a command needs, or that stand for an option that it has not been given. */
static int count_needed(const struct command *command, const struct options *options)
{
    const bool needs_id = command->max_args == ASP_IDS && options->label == NULL && !options->all;

    return least(PLACES, needs_id ? 2 : command->min_args);
}

static enum exit_code fail_missing(const struct command *command, const struct console *console,
                                   const struct options *options, unsigned missing)
{
    const char *arguments[PLACES + 1] = {NULL};
    const int given = options->argument_count;
    struct options_line line = {.arguments = arguments};
    const char *what = add_missing(missing, &line);
    char why[WHY_SIZE];

    for (int i = 0; i < count_needed(command, options); i++)
        arguments[i] = i < given ? options->arguments[i] : places[i].name;
    if (given < least(PLACES, command->min_args))
        what = places[given].what;
    (void)snprintf(why, sizeof why, "%s needs %s", command->name, what);
    return line_fail(console, EXIT_USAGE, why, options, &line);
}

/* The words of a text that was typed without quotation marks, as one. The caller frees it. */
static void join(struct asp_buffer *whole, const char *first, char *const words[], int count)
{
    asp_buffer_add(whole, first);
    for (int i = 0; i < count; i++) {
        asp_buffer_add(whole, " ");
        asp_buffer_add(whole, words[i]);
    }
}

enum exit_code line_fail_unquoted(const struct console *console, const struct options *options,
                                  int count)
{
    const enum option_id id = options->label != NULL ? OPTION_LABEL : OPTION_REASON;
    const char *value = options->label != NULL ? options->label : options->reason;
    const char *text = value != NULL ? value : options->arguments[count - 1];
    const char *arguments[PLACES + 1] = {NULL};
    struct options_line line = {.arguments = arguments};
    struct asp_buffer whole = {0};
    enum exit_code code;

    if (value != NULL && strncmp(value, "--", 2) == 0)
        return fail_with(console, EXIT_USAGE, "--%s needs a value behind it, and has %s",
                         option_name(OPTION_BIT(id)), value);
    for (int i = 0; i < least(PLACES, count); i++)
        arguments[i] = options->arguments[i];
    join(&whole, text, options->arguments + count, options->argument_count - count);
    if (whole.failed)
        return fail_with(console, EXIT_STORE, "out of memory");
    if (value != NULL) {
        line.without = OPTION_BIT(id);
        line.added[0] = id == OPTION_LABEL ? "--label" : "--reason";
        line.added[1] = whole.text;
    } else {
        arguments[least(PLACES, count) - 1] = whole.text;
    }
    code = line_fail(console, EXIT_USAGE, "a text with blanks stands in quotes", options, &line);
    asp_buffer_free(&whole);
    return code;
}

/* The words too many are the value of an option whose name was left out. */
static enum exit_code fail_unnamed(const struct command *command, const struct console *console,
                                   const struct options *options, unsigned missing)
{
    const int most = least(PLACES, command->max_args);
    const char *arguments[PLACES + 1] = {NULL};
    struct options_line line = {.arguments = arguments};
    struct asp_buffer whole = {0};
    char why[WHY_SIZE];
    enum exit_code code;

    for (int i = 0; i < most; i++)
        arguments[i] = options->arguments[i];
    join(&whole, options->arguments[most], options->arguments + most + 1,
         options->argument_count - most - 1);
    if (whole.failed)
        return fail_with(console, EXIT_STORE, "out of memory");
    (void)snprintf(why, sizeof why, "%s needs %s", command->name, add_missing(missing, &line));
    line.added[1] = whole.text;
    code = line_fail(console, EXIT_USAGE, why, options, &line);
    asp_buffer_free(&whole);
    return code;
}

static enum exit_code fail_too_many(const struct command *command, const struct console *console,
                                    const struct options *options, unsigned missing)
{
    const int most = least(PLACES, command->max_args);
    const char *arguments[PLACES + 1] = {NULL};
    const struct options_line line = {.arguments = arguments};
    char why[WHY_SIZE];

    if (missing != 0)
        return fail_unnamed(command, console, options, missing);
    if (options->label != NULL || options->reason != NULL || most == PLACES)
        return line_fail_unquoted(console, options, most);
    for (int i = 0; i < most; i++)
        arguments[i] = options->arguments[i];
    if (most == 0)
        (void)snprintf(why, sizeof why, "%s %stakes no arguments", command->name,
                       command->reads_input ? "reads standard input and " : "");
    else
        (void)snprintf(why, sizeof why, "%s takes %s, and nothing behind it", command->name,
                       places[most - 1].name);
    return line_fail(console, EXIT_USAGE, why, options, &line);
}

/* With an option that says where its arguments come from. */
static enum exit_code check_instead(const struct command *command, const struct console *console,
                                    const struct options *options)
{
    const char *arguments[] = {NULL};
    const struct options_line line = {.arguments = arguments};
    char why[WHY_SIZE];

    if (options->argument_count == 0)
        return EXIT_DONE;
    (void)snprintf(why, sizeof why, "%s --%s reads standard input and takes no arguments",
                   command->name, option_name(options->given & command->instead));
    return line_fail(console, EXIT_USAGE, why, options, &line);
}

enum exit_code line_check(const struct command *command, const struct console *console,
                          const struct options *options)
{
    const unsigned wrong = options->given & ~command_allowed(command);
    const unsigned missing = command->needed & ~options->given;

    if (wrong != 0)
        return fail_with(console, EXIT_USAGE, "%s takes no --%s: see asp-admin help %s",
                         command->name, option_name(wrong), command->name);
    if ((options->given & command->instead) != 0)
        return check_instead(command, console, options);
    if (options->argument_count > command->max_args)
        return fail_too_many(command, console, options, missing);
    if (options->argument_count < command->min_args || missing != 0)
        return fail_missing(command, console, options, missing);
    return EXIT_DONE;
}
