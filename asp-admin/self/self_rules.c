/* What a user may say of her own account, and whom the configuration admits. */
#include "self_rules.h"

#include "asp-admin/system/users.h"
#include "asp/secret.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>

/* True when a word is the name of the account. */
static bool is_account(const char *word, const char *account, bool fold)
{
    char user[ASP_USER_MAX + 1];

    return asp_user_canonical(word, fold, user) && strcmp(user, account) == 0;
}

/* Whether the first argument is a USER. Where any number of ids may follow, it tells itself by its
 * shape; her own name is her own name. */
static bool names_user(const struct command *command, const struct options *options,
                       const char *account, bool fold)
{
    const char *first = options->argument_count > 0 ? options->arguments[0] : NULL;

    if (first == NULL)
        return false;
    if (command->max_args == ASP_IDS)
        return is_account(first, account, fold) || !asp_id_valid(first);
    return options->argument_count >= command->max_args;
}

enum exit_code self_rules_check(struct admin *admin, const struct command *command,
                                struct options *options, char **words)
{
    const struct console *console = admin->console;
    char *account = admin->user;
    bool fold = admin->conf->fold_user_names;

    if (command->self_use == SELF_NO)
        return fail_with(console, EXIT_STORE, "%s is for root: run asp-admin as root",
                         command->name);
    if (options->is_virtual)
        return fail_with(console, EXIT_STORE, "--virtual is for root: run asp-admin as root");
    if (!names_user(command, options, account, fold)) {
        words[0] = account;
        memcpy(words + 1, options->arguments, (size_t)options->argument_count * sizeof *words);
        options->arguments = words;
        options->argument_count++;
    } else if (!is_account(options->arguments[0], account, fold)) {
        return fail_with(console, EXIT_STORE, "you are %s: leave %s out, or run asp-admin as root",
                         account, options->arguments[0]);
    }
    return command_check_line(command, console, options);
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
