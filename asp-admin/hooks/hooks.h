/*
 * Programs that the administrator wants to be run when app passwords were made or revoked, or have
 * expired: `hooks` in asp.conf(5). One run for each user and event, after all is stored and never
 * under a lock.
 */
#ifndef ASP_ADMIN_HOOKS_HOOKS_H
#define ASP_ADMIN_HOOKS_HOOKS_H

#include "asp-admin/admin.h"

#include <stddef.h>
#include <time.h>

enum hook_event {
    HOOK_CREATED,
    HOOK_REVOKED,
    HOOK_EXPIRED, /* for the hook of what was revoked */
};

/*
 * Runs the hook of the event, if there is one, for these entries of `user`; `reason` is that of
 * their revocation, or NULL. A failure is logged and changes nothing.
 */
void hooks_run(const struct admin *admin, const char *user, enum hook_event event,
               const struct asp_entry *entries, size_t count, const char *reason);

/*
 * Runs the hook for the entries of `user` that were revoked by what runs none, once for each
 * reason, and then takes their marks away: whatever stops it in between, it is run at least once. A
 * hook that failed is not due any more, one that was cut short since this process is to end is.
 * ASP_OK, ASP_NOT_FOUND when the user has no account, or why it could not be read or written.
 * `*ran`: it was read, and what was due is run.
 */
enum asp_status hooks_run_due(const struct admin *admin, const char *user, bool *ran,
                              struct asp_error *error);

/*
 * Runs the hook for the entries of `user` that have expired after `since` and by admin->now. With
 * the time of the last look as `since` each of them comes once. `*next` is when the next one
 * expires, or ASP_NEVER. Nothing is stored. Returns as hooks_run_due.
 */
enum asp_status hooks_run_expired(const struct admin *admin, const char *user, time_t since,
                                  time_t *next, struct asp_error *error);

#endif
