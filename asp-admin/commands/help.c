/* help: what there is, and how one command is called. */
#include "help.h"

#include "asp-admin/ui/wrap.h"
#include "asp/buffer.h"
#include "asp/nearest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    INDENT = 2,
    GAP = 2,
    NAME_SIZE = 40, /* of an option with its value, or of a command */
};

/* A term and what it means, beside each other. */
struct term {
    char name[NAME_SIZE];
    const char *help;
};

static const char about[] =
    "App-specific passwords: one for each app, shown once, revoked one by one or all at once.";

/* The forms of values that have a form of their own. */
static const struct term forms[] = {
    {"DURATION", "a number with s, m, h, d or w, such as 90d; or never"},
    {"WHEN", "a DURATION from now, YYYY-MM-DD (its end, UTC) or RFC 3339"},
    {"CIDR", "an address or a network: 192.0.2.7, 2001:db8::/32"},
};

enum { FORMS = sizeof forms / sizeof *forms };

static void add_text(const struct console *console, struct asp_buffer *out, const char *text)
{
    const struct wrap wrap = {.width = console_wrap_width(console)};

    wrap_add(out, &wrap, text);
    asp_buffer_add(out, "\n");
}

/* Its help is in a column, or below where that would leave it no room. */
static void add_term(const struct console *console, struct asp_buffer *out, const struct term *term,
                     size_t longest)
{
    const size_t column = INDENT + longest + GAP;
    const bool beside = !console->terminal || column <= console->width / 2;
    const size_t at = beside ? column : (size_t)2 * INDENT;
    const struct wrap wrap = {.width = console_wrap_width(console), .at = at, .indent = at};

    wrap_add_spaces(out, INDENT);
    asp_buffer_add(out, term->name);
    if (beside) {
        wrap_add_spaces(out, column - INDENT - strlen(term->name));
    } else {
        asp_buffer_add(out, "\n");
        wrap_add_spaces(out, at);
    }
    wrap_add(out, &wrap, term->help);
    asp_buffer_add(out, "\n");
}

static void add_terms(const struct console *console, struct asp_buffer *out,
                      const struct term terms[], size_t count)
{
    size_t longest = 0;

    for (size_t i = 0; i < count; i++)
        longest = strlen(terms[i].name) > longest ? strlen(terms[i].name) : longest;
    for (size_t i = 0; i < count; i++)
        add_term(console, out, &terms[i], longest);
}

static struct term command_term(const struct command *command)
{
    struct term term = {.help = command->help};

    (void)snprintf(term.name, sizeof term.name, "%s", command->name);
    return term;
}

static struct term option_term(enum option_id id, const char *help)
{
    const char *value = option_value(id);
    struct term term = {.help = help};

    (void)snprintf(term.name, sizeof term.name, "--%s%s%s", option_name(OPTION_BIT(id)),
                   value != NULL ? " " : "", value != NULL ? value : "");
    return term;
}

static void add_commands(const struct console *console, struct asp_buffer *out)
{
    struct term terms[COMMANDS_MAX + 1];
    const struct command *command;
    size_t count = 0;

    while (count < COMMANDS_MAX && (command = command_at(count)) != NULL)
        terms[count++] = command_term(command);
    terms[count++] = (struct term){"help", "show one COMMAND, with its options and two examples"};
    add_terms(console, out, terms, count);
}

static void add_usage(const struct console *console, struct asp_buffer *out, const char *name,
                      const char *arguments)
{
    static const char begin[] = "usage: asp-admin ";
    const struct wrap wrap = {.width = console_wrap_width(console),
                              .at = strlen(begin) + strlen(name) + 1,
                              .indent = (size_t)2 * INDENT,
                              .usage = true};

    asp_buffer_add(out, begin);
    asp_buffer_add(out, name);
    asp_buffer_add(out, name[0] != '\0' && arguments[0] != '\0' ? " " : "");
    wrap_add(out, &wrap, arguments);
    asp_buffer_add(out, "\n");
}

static void add_overview(const struct console *console, struct asp_buffer *out)
{
    const struct term options[] = {
        option_term(OPTION_CONFIG, "in place of " ASP_CONF_DEFAULT),
        option_term(OPTION_JSON, "print one JSON document"),
        option_term(OPTION_HELP, "print this, or what there is of one COMMAND"),
        option_term(OPTION_VERSION, "print the version"),
    };

    add_usage(console, out, "", "[--config FILE] [--json] COMMAND ...");
    asp_buffer_add(out, "\n");
    add_text(console, out, about);
    asp_buffer_add(out, "\n");
    add_commands(console, out);
    asp_buffer_add(out, "\n");
    add_terms(console, out, options, sizeof options / sizeof *options);
    asp_buffer_add(out, "\n");
    add_text(console, out,
             "A user who is not root acts on her own app passwords, and may leave USER out.\n");
    add_text(
        console, out,
        "Exit: 0 done, 1 the answer is no, 2 usage, 3 no such user or app password, 4 limit or "
        "label taken, 5 store, output, or not permitted, 6 configuration. See asp-admin(8).");
}

static void add_what(const struct console *console, struct asp_buffer *out,
                     const struct command *command)
{
    const struct wrap wrap = {.width = console_wrap_width(console), .at = INDENT, .indent = INDENT};

    add_usage(console, out, command->name, command->arguments);
    asp_buffer_add(out, "\n");
    wrap_add_spaces(out, INDENT);
    wrap_add(out, &wrap, command->help);
    asp_buffer_add(out, "\n");
}

/* Whether a value of this form stands in the line of a command. */
static bool has_form(const struct command *command, const char *form)
{
    for (size_t i = 0; i < COMMAND_OPTIONS && command->options[i].help != NULL; i++) {
        const char *value = option_value(command->options[i].id);

        /* A WHEN is explained by a DURATION. */
        if (value != NULL && (strcmp(value, form) == 0 ||
                              (strcmp(value, "WHEN") == 0 && strcmp(form, "DURATION") == 0)))
            return true;
    }
    return false;
}

static void add_options(const struct console *console, struct asp_buffer *out,
                        const struct command *command)
{
    struct term terms[COMMAND_OPTIONS];
    struct term used[FORMS];
    size_t count = 0;
    size_t forms_used = 0;

    while (count < COMMAND_OPTIONS && command->options[count].help != NULL) {
        terms[count] = option_term(command->options[count].id, command->options[count].help);
        count++;
    }
    for (size_t i = 0; i < FORMS; i++) {
        if (has_form(command, forms[i].name))
            used[forms_used++] = forms[i];
    }
    if (count > 0) {
        asp_buffer_add(out, "\n");
        add_terms(console, out, terms, count);
    }
    if (forms_used > 0) {
        asp_buffer_add(out, "\n");
        add_terms(console, out, used, forms_used);
    }
}

static void add_command(const struct console *console, struct asp_buffer *out,
                        const struct command *command)
{
    add_what(console, out, command);
    add_options(console, out, command);
    asp_buffer_add(out, "\nexamples:\n");
    for (size_t i = 0; i < COMMAND_EXAMPLES; i++) {
        asp_buffer_add(out, "  asp-admin ");
        asp_buffer_add(out, command->examples[i]);
        asp_buffer_add(out, "\n");
    }
    asp_buffer_add(out, "\n");
    if (command->self_use != SELF_NO && strstr(command->arguments, "USER") != NULL)
        add_text(console, out, "A user who is not root may leave USER out: she is meant.");
    add_text(console, out, "Every command takes --config FILE and --json.");
}

/* What other programs call what is asked for. */
static const struct {
    const char *word;
    const char *meant;
} synonyms[] = {
    {"add", "create"},
    {"new", "create"},
    {"make", "create"},
    {"generate", "create"},
    {"passwd", "create, or rotate for a new one in the place of another"},
    {"password", "create, or rotate for a new one in the place of another"},
    {"ls", "list"},
    {"show", "list"},
    {"users", "list"},
    {"rename", "label"},
    {"edit", "label"},
    {"renew", "rotate"},
    {"reset", "rotate"},
    {"replace", "rotate"},
    {"regenerate", "rotate"},
    {"rm", "revoke, for app passwords, or remove, for all that is stored of a user"},
    {"del", "revoke, for app passwords, or remove, for all that is stored of a user"},
    {"delete", "revoke, for app passwords, or remove, for all that is stored of a user"},
    {"lock", "revoke"},
    {"disable", "revoke"},
    {"forget", "remove"},
    {"purge", "remove"},
    {"events", "history"},
    {"test", "check"},
    {"try", "check"},
    {"verify", "check"},
    {"login", "check"},
    {"dump", "export"},
    {"backup", "export"},
    {"restore", "import"},
    {"load", "import"},
    {"follow", "watch"},
    {"daemon", "watch"},
    {"status", "doctor"},
    {"diagnose", "doctor"},
    {"version", "--version"},
};

/* The command that may be meant, or words on several; NULL: nothing is close. */
static const char *meant_by(const char *name)
{
    struct asp_nearest nearest = {.typed = name};
    const struct command *command;

    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
        if (strcasecmp(synonyms[i].word, name) == 0)
            return synonyms[i].meant;
    }
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        asp_nearest_try(&nearest, command->name);
    asp_nearest_try(&nearest, "help");
    return nearest.word;
}

enum exit_code help_fail_unknown(const struct console *console, const char *name)
{
    const char *meant = meant_by(name);

    if (meant != NULL)
        return fail_with(console, EXIT_USAGE, "there is no command %s: did you mean %s?", name,
                         meant);
    return fail_with(console, EXIT_USAGE, "there is no command %s: see asp-admin help", name);
}

enum exit_code help_show(const struct console *console, const char *name)
{
    const struct command *command = name != NULL ? command_find(name) : NULL;
    struct asp_buffer out = {0};

    if (name != NULL && command == NULL)
        return help_fail_unknown(console, name);
    if (command != NULL)
        add_command(console, &out, command);
    else
        add_overview(console, &out);
    return console_print_and_free(console, &out) ? EXIT_DONE : EXIT_STORE;
}
