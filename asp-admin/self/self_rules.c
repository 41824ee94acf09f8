/* What a user may say of her own account, and whom the configuration admits. */
#include "self_rules.h"

#include "asp-admin/commands/line.h"
#include "asp-admin/system/users.h"
#include "asp/secret.h"
#include "pam_asp/name_service.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>

#define BIT(option) OPTION_BIT(OPTION_##option)

/*
 * All that is taken from a user: what is not named here is root's, also what is added to commands
 * and options one day. Of the options that every command takes --config is taken and overruled by
 * the broker's own.
 */
static const struct {
    const char *command;
    unsigned options;
} taken[] = {
    {"create", BIT(LABEL) | BIT(APP) | BIT(FROM) | BIT(EXPIRES) | BIT(UNUSED) | BIT(PROFILE) |
                   BIT(QR) | BIT(QUIET)},
    {"apps", 0},
    {"list", BIT(ALL) | BIT(QUIET)},
    {"label", 0},
    {"rotate", BIT(EXPIRES) | BIT(QUIET)},
    {"revoke", BIT(LABEL) | BIT(ALL) | BIT(REASON)},
    {"history", 0},
    {"check", BIT(SERVICE) | BIT(RHOST)},
};

/* EXIT_DONE for what is taken, and for an option that this command takes from nobody: the line says
 * so by itself. */
static enum exit_code check_taken(const struct console *console, const struct command *command,
                                  const struct options *options)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        const unsigned roots = options->given & command_allowed(command) & ~taken[i].options;

        if (strcmp(taken[i].command, command->name) != 0)
            continue;
        return roots == 0
                   ? EXIT_DONE
                   : fail_with(console, EXIT_STORE, "--%s is for root: run asp-admin as root",
                               option_name(roots));
    }
    return fail_with(console, EXIT_STORE, "%s is for root: run asp-admin as root", command->name);
}

bool self_rules_is_own(const struct admin *admin, const char *name)
{
    struct asp_account_name found;

    return strcmp(name, admin->user) == 0 ||
           (asp_account_name(admin->conf, NULL, &name_service, name, &found, NULL) ==
                ASP_NOT_FOUND &&
            strcmp(found.name, admin->user) == 0);
}

/* Whether the first argument is a USER. Where any number of ids may follow, it tells itself by its
 * shape; her own name is her own name. */
static bool names_user(const struct admin *admin, const struct command *command,
                       const struct options *options)
{
    const char *first = options->argument_count > 0 ? options->arguments[0] : NULL;

    if (first == NULL)
        return false;
    if (command->max_args == ASP_IDS)
        return !asp_id_valid(first) || self_rules_is_own(admin, first);
    return options->argument_count >= command->max_args;
}

/* Whether what stands for ids behind the first argument has their form. */
static bool has_ids(const struct command *command, const struct options *options)
{
    const bool many = command->max_args == ASP_IDS;

    if (options->argument_count < 2)
        return false;
    for (int i = 1; i < (many ? options->argument_count : 2); i++) {
        if (!asp_id_valid(options->arguments[i]))
            return false;
    }
    return true;
}

/* Whether the first argument may well be a label, or begin one. */
static bool may_be_label(const struct command *command, const struct options *options)
{
    const bool needs_label =
        (command->needed & OPTION_BIT(OPTION_LABEL) & ~options->given & ~command->instead) != 0;
    const bool needs_id = command->max_args > 1 && options->label == NULL && !options->all;

    return needs_label || (needs_id && !has_ids(command, options));
}

/* Of a line whose first argument is not her name. */
static enum exit_code refuse_other(const struct admin *admin, const struct command *command,
                                   const struct options *options)
{
    const char *const none[] = {NULL};
    struct options_line line = {.arguments = none, .added = {"--label"}};
    const char *word = options->arguments[0];
    struct asp_buffer label = {0};
    struct asp_buffer why = {0};
    enum exit_code code;

    if (!may_be_label(command, options))
        return fail_with(admin->console, EXIT_STORE,
                         "you are %s: leave %s out, or run asp-admin as root", admin->user, word);
    asp_buffer_add(&why, "you are ");
    asp_buffer_add(&why, admin->user);
    asp_buffer_add(&why, ", and ");
    asp_buffer_add(&why, word);
    asp_buffer_add(&why, " is not your name; for another user run asp-admin as root");
    if ((command_allowed(command) & OPTION_BIT(OPTION_LABEL)) == 0) {
        asp_buffer_add(&why, ", for an app password of yours say its ID: asp-admin list");
        code = fail_with(admin->console, EXIT_STORE, "%s", why.failed ? "out of memory" : why.text);
    } else {
        line_join(&label, word, options->arguments + 1, options->argument_count - 1);
        asp_buffer_add(&why, ", for a label of yours");
        line.added[1] = label.text;
        code = why.failed || label.failed
                   ? fail_with(admin->console, EXIT_STORE, "out of memory")
                   : line_fail(admin->console, EXIT_STORE, why.text, options, &line);
    }
    asp_buffer_free(&label);
    asp_buffer_free(&why);
    return code;
}

enum exit_code self_rules_check(struct admin *admin, const struct command *command,
                                struct options *options, char **words)
{
    const struct console *console = admin->console;
    char *account = admin->user;
    const enum exit_code code = check_taken(console, command, options);

    if (code != EXIT_DONE)
        return code;
    if (command->max_args == 0) /* it is about nobody's account */
        return line_check(command, console, options);
    if (!names_user(admin, command, options)) {
        words[0] = account;
        for (int i = 0; i < options->argument_count; i++)
            words[i + 1] = options->arguments[i];
        options->arguments = words;
        options->argument_count++;
    } else if (!self_rules_is_own(admin, options->arguments[0])) {
        return refuse_other(admin, command, options);
    }
    return line_check(command, console, options);
}

static bool is_member(const char *name, const char *group)
{
    const struct group *wanted = getgrnam(group);

    return wanted != NULL && user_is_member(name, wanted->gr_gid);
}

bool self_rules_admit(const struct asp_conf *conf, const char *name)
{
    return conf->self_enabled && (conf->self_group[0] == '\0' || is_member(name, conf->self_group));
}
