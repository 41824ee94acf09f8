/*
 * What is done when a primary password was set: by the module's own child, or by the broker for it.
 */
#ifndef PAM_ASP_PASSWORD_COMPARE_H
#define PAM_ASP_PASSWORD_COMPARE_H

#include "login_log.h"

#include "asp/conf.h"
#include "asp/store.h"

/*
 * Compares the account that `user` (as PAM has the name) stands for, and one that an older version
 * has made of this very spelling, with what her primary password is now, and logs each entry that
 * is revoked by it, as done by the PAM service. `kept` names the engine of the store, and may be
 * NULL. ASP_OK also where there is nothing to compare; else `error` says why not all was.
 */
enum asp_status password_compare(const struct asp_conf *conf, struct asp_store_kept *kept,
                                 const char *user, const char *service, login_log_write *log,
                                 void *context, struct asp_error *error);

/* The line for one that was not. */
void password_not_compared(login_log_write *log, void *context, const char *user,
                           const struct asp_error *error);

/* How every line begins that says so. */
#define NOT_COMPARED "a new primary password was set and not compared: "

#endif
