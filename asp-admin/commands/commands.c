/* The table of asp-admin's commands: their lines, their help, and what runs them. */
#include "commands.h"

#include "asp-admin/doctor/doctor.h"
#include "asp-admin/watch/watch.h"
#include "asp/buffer.h"

#include <string.h>

#define BIT(option) OPTION_BIT(OPTION_##option)

static const struct command commands[] = {
    {
        .name = "create",
        .arguments = "USER --label TEXT [--app APP] [--from CIDR]... [--expires WHEN] [--unused "
                     "DURATION] [--virtual] [--quiet]",
        .help = "make an app password and show it, once",
        .min_args = 1,
        .max_args = 1,
        .allowed = BIT(LABEL) | BIT(APP) | BIT(FROM) | BIT(EXPIRES) | BIT(UNUSED) | BIT(VIRTUAL) |
                   BIT(QUIET),
        .needed = BIT(LABEL),
        .validate = command_create_validate,
        .run = command_create,
        .self_use = SELF_ASKED,
    },
    {
        .name = "list",
        .arguments = "[USER] [--all]",
        .help = "the app passwords of a user, or every user; --all: revoked ones too",
        .max_args = 1,
        .allowed = BIT(ALL),
        .run = command_list,
        .self_use = SELF_FREE,
    },
    {
        .name = "label",
        .arguments = "USER ID TEXT",
        .help = "give one another label",
        .min_args = 3,
        .max_args = 3,
        .validate = command_label_validate,
        .run = command_label,
        .self_use = SELF_ASKED,
    },
    {
        .name = "rotate",
        .arguments = "USER ID [--expires WHEN] [--virtual] [--quiet]",
        .help = "a new one with the same label, app and limits; revokes the old one",
        .min_args = 2,
        .max_args = 2,
        .allowed = BIT(EXPIRES) | BIT(VIRTUAL) | BIT(QUIET),
        .validate = command_rotate_validate,
        .run = command_rotate,
        .self_use = SELF_ASKED,
    },
    {
        .name = "revoke",
        .arguments = "USER (ID... | --label TEXT | --all) [--reason TEXT]",
        .help = "refuse apps from the next login on, for good; a hook ends what is open",
        .min_args = 1,
        .max_args = ASP_IDS,
        .allowed = BIT(LABEL) | BIT(ALL) | BIT(REASON),
        .validate = command_revoke_validate,
        .run = command_revoke,
        .takes_exact = true,
        .self_use = SELF_ASKED,
    },
    {
        .name = "history",
        .arguments = "USER",
        .help = "what happened, oldest first",
        .min_args = 1,
        .max_args = 1,
        .run = command_history,
        .self_use = SELF_FREE,
    },
    {
        .name = "check",
        .arguments = "USER --service NAME [--rhost ADDR]",
        .help = "try a password from standard input; changes nothing",
        .min_args = 1,
        .max_args = 1,
        .allowed = BIT(SERVICE) | BIT(RHOST),
        .needed = BIT(SERVICE),
        .run = command_check,
        .takes_any_name = true,
        .self_use = SELF_FREE,
    },
    {
        .name = "remove",
        .arguments = "USER",
        .help = "drop all that is stored of a user, for good",
        .min_args = 1,
        .max_args = 1,
        .run = command_remove,
        .takes_exact = true,
    },
    {
        .name = "watch",
        .arguments = "[--once] [--confirm]",
        .help = "follow primary passwords, revoke when one changes, run hooks; --once: one pass",
        .allowed = BIT(ONCE) | BIT(CONFIRM),
        .run = command_watch,
        .by = "watch",
    },
    {
        .name = "doctor",
        .arguments = "",
        .help = "look over configuration, store, PAM files and watch; say what is wrong, and the "
                "mend",
        .run = command_doctor,
        .opens_own_conf = true,
    },
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
    "  --config FILE  in place of /etc/asp/asp.conf       --json     one JSON document\n"
    "  --quiet        the password alone, and no notes    --version  print the version\n"
    "  --virtual      take a USER whom the system does not know\n"
    "  --confirm      revoke also where so many have changed at once that watch waits\n"
    "\n"
    "A user who is not root acts on her own app passwords, and may leave USER out.\n"
    "\n"
    "Exit: 0 done, 1 the answer is no, 2 usage, 3 no such user or entry, 4 limit or label taken,\n"
    "5 store, output, or not permitted, 6 configuration. See asp-admin(8).\n";

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

const struct command *command_at(size_t index)
{
    return index < sizeof commands / sizeof *commands ? &commands[index] : NULL;
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
