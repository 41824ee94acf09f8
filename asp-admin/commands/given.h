/*
 * What was given on the line, held to its rules, and looked up; what is said of it names the rule
 * that was broken, or what was meant.
 */
#ifndef ASP_ADMIN_COMMANDS_GIVEN_H
#define ASP_ADMIN_COMMANDS_GIVEN_H

#include "asp-admin/admin.h"

/* EXIT_DONE for a label, or what follows its rules; else EXIT_USAGE. `what` is how it was given. */
enum exit_code given_check_text(const struct admin *admin, const char *what, const char *text);

/* The same for the name of a service or an app, given with that option. */
enum exit_code given_check_name(const struct admin *admin, const char *option, const char *name);

/*
 * The same for --app, which is read: that of a group, of a service in no group, or one of the words
 * with a meaning of their own. One that is none is refused, unless --new-app says that it is meant,
 * with those that there are; EXIT_STORE where there is no memory for them.
 */
enum exit_code given_read_app(const struct admin *admin, const char *given,
                              char app[ASP_SERVICE_MAX + 1]);

/* The same for --from, which is read. */
enum exit_code given_read_network(const struct admin *admin, const char *text,
                                  struct asp_network *network);

/* The entry of this id, which is one of the arguments of the line. NULL: there is none,
 * ASP_NOT_FOUND, and `error` says so, with the line that was meant where it is a label. */
struct asp_entry *given_find_entry(const struct admin *admin, const struct asp_account *account,
                                   const char *id, struct asp_error *error);

#endif
