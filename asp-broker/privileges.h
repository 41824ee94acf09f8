/*
 * What a worker may do on this machine: all that root may, or what the user asp-broker may, who
 * owns nothing.
 */
#ifndef ASP_BROKER_PRIVILEGES_H
#define ASP_BROKER_PRIVILEGES_H

#include "asp/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* As whom a worker goes on that gives up root. */
struct worker_user {
    bool is_there;
    uid_t uid;
    gid_t gid;
};

/* Asks the system for it. */
void worker_user_find(struct worker_user *user);

/*
 * This process, of one thread and root's, goes on as that user, for good. With `shadow` it may read
 * /etc/shadow: by the group that may or, where none may (mode 0000 or 0600), by the one capability
 * CAP_DAC_READ_SEARCH; it has no other. No other process looks into it, and it still ends with the
 * one that has begun it.
 *
 * False, with a line: it cannot be, or `path`, which is read on, could not be read any more; then
 * this process is root as before. What was given up in part ends the process.
 */
bool privileges_give_up(const struct worker_user *user, bool shadow, const char *path,
                        struct asp_error *error);

/* For one that stays root: it gives up by what another user could be become. */
void privileges_stay(void);

#endif
