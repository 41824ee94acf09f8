/*
 * Programs that the administrator wants to be run when app passwords were made or revoked, or have
 * expired: `hooks` in asp.conf(5). One run for each user and event, after all is stored and never
 * under a lock of an account.
 */
#ifndef ASP_ADMIN_HOOKS_HOOKS_H
#define ASP_ADMIN_HOOKS_HOOKS_H

#include "asp-admin/admin.h"

#include <stddef.h>

enum hook_event {
    HOOK_CREATED,
    HOOK_REVOKED,
    HOOK_EXPIRED, /* for the hook of what was revoked */
};

/*
 * Runs the hook of the event, if there is one, for these entries of `user`; `reason` is that of
 * their revocation, or NULL, and `via` by which way she did it herself, or NULL. A failure is
 * logged and changes nothing. Returns for how many of them, from the first on, it was run, whatever
 * came of it: all, unless it could not be started or this process is to end.
 */
size_t hooks_run(const struct admin *admin, const char *user, enum hook_event event,
                 const struct asp_entry *entries, size_t count, const char *reason,
                 const char *via);

#endif
