#include "commands.h"

#include "asp/buffer.h"

#include <string.h>

#define B OPTION_BIT

static const struct command commands[] = {
    {"create",
     "USER --label TEXT [--app APP] [--from CIDR]... [--expires WHEN] [--unused DURATION] "
     "[--virtual] [--quiet]",
     1, 1, B('l') | B('a') | B('f') | B('e') | B('u') | B('v') | B('q'), B('l'), command_create,
     command_create_validate, SELF_ASKED, false, "make an app password and show it, once"},
    {"list", "[USER] [--all]", 0, 1, B('z'), 0, command_list, NULL, SELF_FREE, false,
     "the app passwords of a user, or every user; --all: revoked ones too"},
    {"label", "USER ID TEXT", 3, 3, 0, 0, command_label, command_label_validate, SELF_ASKED, false,
     "give one another label"},
    {"rotate", "USER ID [--expires WHEN] [--virtual] [--quiet]", 2, 2, B('e') | B('v') | B('q'), 0,
     command_rotate, command_rotate_validate, SELF_ASKED, false,
     "a new one with the same label, app and limits; revokes the old one"},
    {"revoke", "USER (ID... | --label TEXT | --all) [--reason TEXT]", 1, ASP_IDS,
     B('l') | B('z') | B('r'), 0, command_revoke, command_revoke_validate, SELF_ASKED, false,
     "sign apps out, for good"},
    {"history", "USER", 1, 1, 0, 0, command_history, NULL, SELF_FREE, false,
     "what happened, oldest first"},
    {"check", "USER --service NAME [--rhost ADDR]", 1, 1, B('s') | B('h'), B('s'), command_check,
     NULL, SELF_FREE, false, "try a password from standard input; changes nothing"},
    {"remove", "USER", 1, 1, 0, 0, command_remove, NULL, SELF_NO, false,
     "drop all that is stored of a user, for good"},
    {"watch", "[--once] [--confirm]", 0, 0, B('o') | B('c'), 0, command_watch, NULL, SELF_NO, false,
     "follow primary passwords, revoke when one changes, run hooks; --once: one pass"},
    {"doctor", "", 0, 0, 0, 0, command_doctor, NULL, SELF_NO, true,
     "look over configuration, store, PAM files and watch; say what is wrong, and the mend"},
};

static const char usage_head[] =
    "usage: asp-admin [--config FILE] [--json] COMMAND ...\n"
    "\n"
    "App-specific passwords: one for each app, shown once, revoked one by one or all at once.\n"
    "\n";

static const char usage_tail[] =
    "\n"
    "  DURATION  a number with s, m, h, d or w, or never\n"
    "  WHEN      a DURATION from now, YYYY-MM-DD (its end, UTC) or RFC 3339\n"
    "  CIDR      an address or a network: 192.0.2.7, 2001:db8::/32\n"
    "\n"
    "A user who is not root acts on her own app passwords, and may leave USER out.\n"
    "\n"
    "Exit: 0 done, 1 the answer is no, 2 usage, 3 no such user or entry, 4 limit or label taken,\n"
    "5 store, 6 configuration. See asp-admin(8).\n";

static void add_command(struct asp_buffer *out, const struct command *command)
{
    asp_buffer_add(out, "  ");
    asp_buffer_add(out, command->name);
    asp_buffer_add(out, command->arguments[0] != '\0' ? " " : "");
    asp_buffer_add(out, command->arguments);
    asp_buffer_add(out, "\n      ");
    asp_buffer_add(out, command->help);
    asp_buffer_add(out, "\n");
}

enum exit_code commands_help(const struct console *console, const struct command *only)
{
    struct asp_buffer out = {0};

    asp_buffer_add(&out, usage_head);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (only == NULL || only == &commands[i])
            add_command(&out, &commands[i]);
    }
    asp_buffer_add(&out, usage_tail);
    return console_print_and_free(console, &out) ? EXIT_DONE : EXIT_STORE;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* What getopt cannot know: which options and how many arguments this command takes. */
enum exit_code command_check_line(const struct command *command, const struct console *console,
                                  const struct options *options)
{
    unsigned wrong = options->given & ~command->allowed;
    unsigned missing = command->needed & ~options->given;

    if (wrong != 0)
        return fail_with(console, EXIT_USAGE, "%s takes no --%s", command->name,
                         option_name(wrong));
    if (options->argument_count < command->min_args || options->argument_count > command->max_args)
        return fail_with(console, EXIT_USAGE, "usage: asp-admin %s%s%s", command->name,
                         command->arguments[0] != '\0' ? " " : "", command->arguments);
    if (missing != 0)
        return fail_with(console, EXIT_USAGE, "%s needs --%s", command->name, option_name(missing));
    return EXIT_DONE;
}
