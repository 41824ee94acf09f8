/*
 * The hooks for what a database tells: that of each revocation, wherever it was made, and of each
 * expiry, one after the other. What this machine has heard of is kept in its folder, and one whose
 * hook could not be started is heard of again.
 */
#ifndef ASP_ADMIN_WATCH_FEED_HOOKS_H
#define ASP_ADMIN_WATCH_FEED_HOOKS_H

#include "asp-admin/admin.h"

/* Whether there are any to be run: a database that tells, and a hook. */
bool feed_hooks_are_wanted(const struct asp_conf *conf);

/*
 * Hears what is told, four times a second, until this process is told to end, by a signal that is
 * blocked. While it cannot be heard that is logged once, and so is the end of it.
 */
void feed_hooks_run(struct admin *admin);

/* Hears what there is now. ASP_OK: all hooks were run. Else why not, and the rest is heard of by
 * the next one. */
enum asp_status feed_hooks_run_once(struct admin *admin, struct asp_error *error);

/* Where a database tells and there is no hook: what is told meanwhile is not due once there is one.
 */
void feed_hooks_forget(const struct asp_conf *conf);

#endif
