/*
 * The lock of the one watch of a store: locks/.watch, which is no user's, for a leading dot is
 * never stored as such. It holds the watch's process id; its time says up to when expired app
 * passwords were looked for, so that the next one goes on from there.
 */
#ifndef ASP_ADMIN_WATCH_LOCK_H
#define ASP_ADMIN_WATCH_LOCK_H

#include "asp/store.h"

#include <stdbool.h>
#include <time.h>

/*
 * Takes it. ASP_OK, ASP_BUSY when another process watches this store, or why it cannot be had.
 * `*looked` is the time it has, or `now` when it was not there. The caller closes `*fd`.
 */
enum asp_status watch_lock_take(const struct asp_store *store, time_t now, int *fd, time_t *looked,
                                struct asp_error *error);

/* True when the lock that is held is the one that others will find in this store. */
bool watch_lock_is_of(const struct asp_store *store, int fd);

/* What can be seen of the watch from outside. */
struct watch_seen {
    bool runs;
    long process;  /* which says that it watches; 0: it does not say */
    time_t looked; /* the time of the lock, or ASP_NEVER when there is none yet */
};

/* Looks whether another process holds the lock. Nothing is changed. ASP_OK, or why it is not known.
 */
enum asp_status watch_lock_look(const struct asp_store *store, struct watch_seen *seen,
                                struct asp_error *error);

/* Sets its time. */
void watch_lock_mark(int fd, time_t looked);

#endif
