/*
 * A user who is not root, on her own account: what she may say. The broker's side.
 */
#ifndef ASP_ADMIN_SELF_SELF_RULES_H
#define ASP_ADMIN_SELF_SELF_RULES_H

#include "asp-admin/commands/commands.h"

/*
 * Checks a command line for the user whose account is `admin->user`, and puts that where she left
 * USER out: `words` then has the arguments, and room for one more than there were. EXIT_DONE; else,
 * after a line on the console, EXIT_USAGE, or EXIT_STORE for what is root's and for anybody else's
 * account.
 */
enum exit_code self_rules_check(struct admin *admin, const struct command *command,
                                struct options *options, char **words);

/* True when the name stands for the account `admin->user`, as the name service has it. What is not
 * told is no. */
bool self_rules_is_own(const struct admin *admin, const char *name);

/* True when the configuration lets her act at all: self_service, and its group. */
bool self_rules_admit(const struct asp_conf *conf, const char *name);

#endif
