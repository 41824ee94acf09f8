/* A command line that is wrong, and the one that was meant. */
#include "line.h"

#include "asp/nearest.h"

#include <stdio.h>
#include <string.h>

enum {
    WHY_SIZE = 256,
    OPTION_SIZE = 32,
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

void line_join(struct asp_buffer *whole, const char *first, char *const words[], int count)
{
    asp_buffer_add(whole, first);
    for (int i = 0; i < count; i++) {
        asp_buffer_add(whole, " ");
        asp_buffer_add(whole, words[i]);
    }
}

/* The arguments that are words of a text, from the one up to the other. */
struct span {
    int from;
    int to;
};

/* True when nothing stands before the option, and so what is no word of its value is behind it. */
static bool stands_first(const struct option_typed *typed)
{
    return (typed->id == OPTION_LABEL || typed->id == OPTION_REASON) && typed->before == 1;
}

/* All but the first `count`, or but the last ones, where all stand behind a text in one row. False:
 * several texts are mixed with them. */
static bool find_words(const struct options *options, int count, struct span *span)
{
    bool last = false;
    bool mixed = false;

    for (size_t i = 0; i < options->typed_count; i++) {
        const int before = (int)options->typed[i].before - 1;

        last = last || stands_first(&options->typed[i]);
        mixed = mixed || (before > 0 && before < options->argument_count);
    }
    span->from = last ? 0 : count;
    span->to = options->argument_count - (last ? count : 0);
    return !last || !mixed;
}

/* How many of those words, from *begin on, stood right behind the option. */
static int count_behind(const struct options *options, size_t index, struct span span, int *begin)
{
    const struct option_typed *typed = &options->typed[index];
    const bool last = index + 1 == options->typed_count;
    int end = last ? span.to : least(span.to, (int)typed[1].before - 1);

    *begin = (int)typed->before - 1; /* the command stands before them */
    if (*begin < span.from)
        *begin = span.from;
    return end > *begin ? end - *begin : 0;
}

/* A text that was given by an option, with what belongs to it. */
struct unquoted {
    enum option_id id;
    const char *text;
    struct asp_buffer whole;
};

/* The line with each of them in one piece. False: no memory. */
static bool join_values(const struct options *options, struct span span, struct unquoted values[2],
                        struct options_line *line)
{
    int left = span.to - span.from;
    size_t added = 0;
    bool whole = true;

    for (size_t i = 0; i < options->typed_count; i++) {
        for (size_t k = 0; k < 2; k++) {
            int begin;
            const int words = count_behind(options, i, span, &begin);

            if (values[k].id != options->typed[i].id || words == 0)
                continue;
            line_join(&values[k].whole, values[k].text, options->arguments + begin, words);
            left -= words;
        }
    }
    if (left > 0) { /* of some it is not known where they stood, or they stood elsewhere */
        struct unquoted *value = &values[values[0].text == NULL];

        asp_buffer_free(&values[0].whole);
        asp_buffer_free(&values[1].whole);
        values[0].whole = values[1].whole = (struct asp_buffer){0};
        line_join(&value->whole, value->text, options->arguments + span.from, span.to - span.from);
    }
    for (size_t k = 0; k < 2; k++) {
        if (values[k].whole.length == 0)
            continue;
        whole = whole && !values[k].whole.failed;
        line->without |= OPTION_BIT(values[k].id);
        line->added[added++] = values[k].id == OPTION_LABEL ? "--label" : "--reason";
        line->added[added++] = values[k].whole.text;
    }
    return whole;
}

/* EXIT_DONE, or what is said of an option in the place of a value. */
static enum exit_code check_values(const struct console *console, const struct unquoted values[2])
{
    for (size_t k = 0; k < 2; k++) {
        if (values[k].text != NULL && strncmp(values[k].text, "--", 2) == 0)
            return fail_with(console, EXIT_USAGE, "--%s needs a value behind it, and has %s",
                             option_name(OPTION_BIT(values[k].id)), values[k].text);
    }
    return EXIT_DONE;
}

enum exit_code line_fail_unquoted(const struct console *console, const struct options *options,
                                  int count)
{
    struct unquoted values[] = {{.id = OPTION_LABEL, .text = options->label},
                                {.id = OPTION_REASON, .text = options->reason}};
    const char *arguments[PLACES + 1] = {NULL};
    struct options_line line = {.arguments = arguments};
    struct asp_buffer last = {0};
    struct span span;
    enum exit_code code = check_values(console, values);
    bool whole;

    if (code != EXIT_DONE)
        return code;
    if (!find_words(options, count, &span))
        return fail_with(console, EXIT_USAGE,
                         "a text with blanks stands in quotes: see asp-admin help %s",
                         options->command);
    for (int i = 0; i < least(PLACES, count); i++)
        arguments[i] = options->arguments[span.from > 0 ? i : span.to + i];
    if (options->label != NULL || options->reason != NULL) {
        whole = join_values(options, span, values, &line);
    } else {
        line_join(&last, options->arguments[count - 1], options->arguments + count,
                  options->argument_count - count);
        arguments[least(PLACES, count) - 1] = last.text;
        whole = !last.failed;
    }
    code = whole ? line_fail(console, EXIT_USAGE, "a text with blanks stands in quotes", options,
                             &line)
                 : fail_with(console, EXIT_STORE, "out of memory");
    asp_buffer_free(&values[0].whole);
    asp_buffer_free(&values[1].whole);
    asp_buffer_free(&last);
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
    line_join(&whole, options->arguments[most], options->arguments + most + 1,
              options->argument_count - most - 1);
    if (whole.failed)
        return fail_with(console, EXIT_STORE, "out of memory");
    (void)snprintf(why, sizeof why, "%s needs %s", command->name, add_missing(missing, &line));
    line.added[1] = whole.text;
    code = line_fail(console, EXIT_USAGE, why, options, &line);
    asp_buffer_free(&whole);
    return code;
}

/* An option whose two dashes were left out, maybe with its value. False: none is close. */
static bool mean_option(const struct command *command, const struct options *options,
                        struct options_line *line, char option[OPTION_SIZE])
{
    struct asp_nearest nearest = {.typed = options->arguments[0]};

    for (size_t i = 0; i < COMMAND_OPTIONS && command->options[i].help != NULL; i++) {
        const enum option_id id = command->options[i].id;
        const int words = option_value(id) != NULL ? 2 : 1;

        if (options->argument_count == words && (options->given & OPTION_BIT(id)) == 0)
            asp_nearest_try(&nearest, option_name(OPTION_BIT(id)));
    }
    if (nearest.word == NULL)
        return false;
    (void)snprintf(option, OPTION_SIZE, "--%s", nearest.word);
    line->added[0] = option;
    line->added[1] = options->argument_count > 1 ? options->arguments[1] : NULL;
    return true;
}

/* A file that was named to a command which reads its standard input. */
static void mean_input(bool reads_input, const struct options *options, struct options_line *line)
{
    if (reads_input && options->argument_count == 1)
        line->input = options->arguments[0];
}

static enum exit_code fail_too_many(const struct command *command, const struct console *console,
                                    const struct options *options, unsigned missing)
{
    const int most = least(PLACES, command->max_args);
    const char *arguments[PLACES + 1] = {NULL};
    struct options_line line = {.arguments = arguments};
    char option[OPTION_SIZE];
    char why[WHY_SIZE];

    if (missing != 0)
        return fail_unnamed(command, console, options, missing);
    if (options->label != NULL || options->reason != NULL || most == PLACES)
        return line_fail_unquoted(console, options, most);
    for (int i = 0; i < most; i++)
        arguments[i] = options->arguments[i];
    if (most == 0) {
        (void)snprintf(why, sizeof why, "%s %stakes no arguments", command->name,
                       command->reads_input ? "reads standard input and " : "");
        if (!mean_option(command, options, &line, option))
            mean_input(command->reads_input, options, &line);
    } else {
        (void)snprintf(why, sizeof why, "%s takes %s, and nothing behind it", command->name,
                       places[most - 1].name);
    }
    return line_fail(console, EXIT_USAGE, why, options, &line);
}

/* With an option that says where its arguments come from. */
static enum exit_code check_instead(const struct command *command, const struct console *console,
                                    const struct options *options)
{
    const char *arguments[] = {NULL};
    struct options_line line = {.arguments = arguments};
    char why[WHY_SIZE];

    if (options->argument_count == 0)
        return EXIT_DONE;
    (void)snprintf(why, sizeof why, "%s --%s reads standard input and takes no arguments",
                   command->name, option_name(options->given & command->instead));
    mean_input(true, options, &line);
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
