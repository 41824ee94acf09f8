/*
 * What every command of asp-admin stands on: the configuration, the store, who asks, where the
 * answer goes.
 */
#ifndef ASP_ADMIN_ADMIN_H
#define ASP_ADMIN_ADMIN_H

#include "options.h"

#include "asp-admin/ui/console.h"
#include "asp/account_name.h"
#include "asp/conf.h"
#include "asp/entry.h"
#include "asp/log_line.h"
#include "asp/store.h"

#include <limits.h>
#include <stdbool.h>
#include <time.h>

/* Asked under the lock, with the account as it is then, before each change that a command makes. */
struct admin_guard {
    enum asp_status (*check)(void *context, const struct asp_account *account,
                             struct asp_error *error);
    /* Told after each, of what the command itself makes of the account; and once that is stored,
     * which is what it was told last. */
    void (*changed)(void *context, const struct asp_account *account);
    void (*stored)(void *context);
    void *context;
    const char *via; /* by which way the user acts on her own account, for the log */
};

struct admin {
    const struct options *options;
    const struct console *console; /* where it speaks, and hears */
    const char *typed_config; /* --config as it was said, for commands that are printed; or NULL */
    struct asp_conf *conf;
    struct pgsql_store *database; /* NULL: accounts are in files */
    struct asp_store_kept kept;   /* of the store of `conf` */
    struct asp_store store;
    const char *typed; /* the USER of the command, whose account is looked for when the store is
                          opened; NULL: none was given, or `user` is settled */
    struct admin_answer {
        bool given;
        enum asp_answer says;
        char name[ASP_USER_MAX + 1];
    } answers[2];     /* what the name service has said of `typed`, and of it without its domain */
    bool takes_exact; /* an account of the very name that was typed is meant, whomever that name
                         stands for */
    char user[ASP_USER_MAX + 1]; /* whose account it is; empty: nobody's in particular */
    bool known;                  /* the name service was asked for USER, and calls her `user` */
    char by[ASP_BY_SIZE];        /* who asks */
    time_t now; /* by this machine's clock, and by the store's once that is open and USER found */
    bool new_store;                  /* it was made by this command */
    const struct asp_names *apps;    /* NULL: it may make passwords for any app; else for these */
    const struct admin_guard *guard; /* of a user who acts on her own account; NULL: of root, who
                                        may change any at any time */
};

/* Whether a user acts on her own account. */
static inline bool admin_is_own(const struct admin *admin)
{
    return admin->guard != NULL;
}

/* By which way she does, or NULL. */
static inline const char *admin_via(const struct admin *admin)
{
    return admin_is_own(admin) ? admin->guard->via : NULL;
}

/*
 * Reads the configuration and looks who asks, unless that is given as `by`. EXIT_DONE, or a code
 * after a line on the console. The caller calls admin_close in any case.
 */
enum exit_code admin_open(struct admin *admin, const struct options *options,
                          const struct console *console, const char *by);

/* The first half of it: the configuration alone. */
enum exit_code admin_read_conf(struct admin *admin);

/* Takes the USER of the command, if it has one: EXIT_DONE, or a code after a line on the console;
 * EXIT_USAGE for a name that is not well-formed, unless the name service knows somebody by it. */
enum exit_code admin_take_user(struct admin *admin);

/* Whose account USER would be, had nobody any: EXIT_DONE, or a code after a line on the console
 * where the name service does not say. */
enum exit_code admin_ask_user(struct admin *admin, struct asp_account_name *found);

/* Puts the configuration at that path in the place of the one that it has, as asp_conf_load, with
 * what leads to its store; a store that is open is closed. What it has stays where that fails. */
enum asp_status admin_load_conf(struct admin *admin, const char *path, bool required,
                                struct asp_identity *identity, struct asp_error *error);

/* Opens the store once more, beside the one that the command has. As asp_store_open. */
enum asp_status admin_open_beside(const struct admin *admin, struct asp_store *store,
                                  struct asp_error *error);

/* Opens the store. `make`: makes it where it is missing, but where it is to be mounted and is not:
 * that is what the error says then, of either. Else as asp_store_open and asp_store_make. */
enum asp_status admin_find_store(struct admin *admin, bool make, struct asp_error *error);

/* The same, told on the console, and finds whose account USER is, which need not be there. */
enum exit_code admin_open_store(struct admin *admin, bool make);

/* The second half of it: the store is open, and `now` is of this machine's clock. */
enum exit_code admin_find_user(struct admin *admin);

/* EXIT_DONE when the command's user has an account that can be read. Looked at before an update, so
 * that a mistyped name leaves no lock behind. */
enum exit_code admin_check_account(const struct admin *admin);

/* Opens the store, in which the command's user has an account that can be read. */
enum exit_code admin_open_account(struct admin *admin);

/*
 * Opens the store and reads account and usage of the command's user; an empty account for a user
 * whom the system knows and who has none. EXIT_DONE, or a code after a line on the console. The
 * caller frees both, which begin as {0}, in any case.
 */
enum exit_code admin_load_account(struct admin *admin, struct asp_account *account,
                                  struct asp_usage *usage);

/*
 * Reads the usage of an account that was read whole. What is damaged in it is mended, and where it
 * is missing it is begun if a limit counts by it: see asp_store_mend_usage, whose `mended` it is;
 * `walk` as in asp_mending. By a clock that is behind the account nothing is written. The caller
 * frees `usage` in any case.
 */
enum asp_status admin_read_usage(const struct admin *admin, const struct asp_account *account,
                                 bool walk, struct asp_usage *usage, enum asp_status *mended,
                                 struct asp_error *error);

/* Says on the console what became of the usage of some users, of whom `first` is one; `mended` and
 * `error` as above. Nothing where it was sound. */
void admin_say_mended(const struct admin *admin, const char *first, size_t users,
                      enum asp_status mended, const struct asp_error *error);

/* One locked update of the account of the command's user, after the guard has agreed: as
 * asp_store_update. */
enum asp_status admin_update(const struct admin *admin, bool make, asp_change *change,
                             void *context, struct asp_error *error);

/* The same for an account that is there, told on the console. EXIT_DONE,
 * also where there was nothing to write, or a code after a line on the console. */
enum exit_code admin_change_account(const struct admin *admin, asp_change *change, void *context);

/* ASP_OK, or ASP_TAKEN when an active entry other than `except` (an id, or NULL) has this label. */
enum asp_status admin_check_label(const struct admin *admin, const struct asp_account *account,
                                  const struct asp_usage *usage, const char *label,
                                  const char *except, struct asp_error *error);

/*
 * A command as it can be pasted, with --config where one was said; `words` ends with NULL. It is
 * put into `out`, which the caller frees; where that has failed, the name of the program alone.
 */
const char *admin_command(const struct admin *admin, struct asp_buffer *out,
                          const char *const words[]);

/* The same for remove of a user, or how to find her name where that cannot be printed: it may be an
 * app password. */
const char *admin_remove_command(const struct admin *admin, const char *user,
                                 struct asp_buffer *out);

/* Makes what the core advises of an account that has to go a whole command, with its user. */
void admin_complete_advice(const struct admin *admin, const char *user, struct asp_error *error);

/* Says what the core says of a user's account, with that advice: as fail_with_error. */
enum exit_code admin_fail(const struct admin *admin, const char *user, struct asp_error *error);

void admin_close(struct admin *admin);

/* The absolute path of the configuration. False: there is none that could be opened. */
bool admin_conf_path(const struct admin *admin, char path[PATH_MAX]);

/* One line in the system's log: what `admin->by` did to the account of `user`, and whether that was
 * on her own account; entry and reason may be NULL. */
void admin_log_change(const struct admin *admin, const char *user, const char *event,
                      const struct asp_entry *entry, const char *reason);

#endif
