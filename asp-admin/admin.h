/*
 * What every command of asp-admin stands on: the configuration, the store, who asks, where the
 * answer goes.
 */
#ifndef ASP_ADMIN_ADMIN_H
#define ASP_ADMIN_ADMIN_H

#include "options.h"

#include "asp-admin/ui/console.h"
#include "asp/conf.h"
#include "asp/entry.h"
#include "asp/log_line.h"
#include "asp/store.h"

#include <limits.h>
#include <stdbool.h>
#include <time.h>

struct admin {
    const struct options *options;
    const struct console *console; /* where it speaks, and hears */
    struct asp_conf *conf;
    struct asp_store store;
    char user[ASP_USER_MAX +
              1];         /* the USER of the command, as it is stored; empty: none was given */
    char by[ASP_BY_SIZE]; /* who asks */
    time_t now;
    bool new_store;               /* it was made by this command */
    const struct asp_names *apps; /* NULL: it may make passwords for any app; else for these */
};

/*
 * Reads the configuration and looks who asks, unless that is given as `by`. EXIT_DONE, or a code
 * after a line on the console. The caller calls admin_close in any case.
 */
enum exit_code admin_open(struct admin *admin, const struct options *options,
                          const struct console *console, const char *by);

/* The first half of it: the configuration alone. */
enum exit_code admin_read_conf(struct admin *admin);

/* Opens the store; `make`: makes it where it is missing. */
enum exit_code admin_open_store(struct admin *admin, bool make);

/* EXIT_DONE when the user has an account that can be read. Looked at before an update, so that a
 * mistyped name leaves no lock behind. */
enum exit_code admin_check_account(const struct admin *admin);

void admin_close(struct admin *admin);

/* The absolute path of the configuration. False: there is none that could be opened. */
bool admin_conf_path(const struct admin *admin, char path[PATH_MAX]);

/* One line in the system's log. */
void log_change(const struct admin *admin, const char *event, const struct asp_entry *entry,
                const char *reason);

/* ASP_OK when a password for that app may be made; else ASP_DENIED, and for which ones. */
enum asp_status admin_may_make(const struct admin *admin, const char *app, struct asp_error *error);

#endif
