/*
 * What the one watch of a store needs besides the accounts in it: a lock, so that there is but one,
 * and to be told what others write.
 */
#ifndef ASP_STORE_WATCH_H
#define ASP_STORE_WATCH_H

#include "store.h"

#include <stdbool.h>
#include <time.h>

/* The lock of the one watch of a store. It has a time, up to which expired app passwords were
 * looked for, so that the next watch goes on from there. Begins as ASP_WATCH_LOCK_FREE. */
struct asp_watch_lock {
    const struct asp_store_engine *engine; /* NULL: it is not held */
    union asp_store_own own;
};

#define ASP_WATCH_LOCK_FREE ((struct asp_watch_lock){.own = {-1}})

/*
 * Takes it. ASP_OK, ASP_BUSY when another process watches this store, or why it cannot be had.
 * `*looked` is the time it has, or `now` when it was not there. The caller calls
 * asp_watch_lock_release in any case.
 */
enum asp_status asp_watch_lock_acquire(const struct asp_store *store, time_t now,
                                       struct asp_watch_lock *lock, time_t *looked,
                                       struct asp_error *error);

bool asp_watch_lock_is_held(const struct asp_watch_lock *lock);

/* True when the lock that is held is the one that others will find in this store. */
bool asp_watch_lock_is_of(const struct asp_watch_lock *lock, const struct asp_store *store);

/* Sets its time. */
void asp_watch_lock_mark(const struct asp_watch_lock *lock, time_t looked);

void asp_watch_lock_release(struct asp_watch_lock *lock);

/* What can be seen of the watch from outside. */
struct asp_watch_seen {
    bool runs;
    long process;  /* which says that it watches, and has ended without a word where none runs; 0:
                      it does not say, or has said goodbye */
    time_t looked; /* the time of the lock, or ASP_NEVER when there is none yet */
};

/* Looks whether another process holds the lock. Nothing is changed. ASP_OK, or why it is not known:
 * ASP_NOT_FOUND where the place of the lock is gone, which may still be held. */
enum asp_status asp_watch_lock_look(const struct asp_store *store, struct asp_watch_seen *seen,
                                    struct asp_error *error);

/* A store whose changes are followed. Begins as ASP_STORE_UNFOLLOWED. */
struct asp_store_changes {
    const struct asp_store_engine *engine; /* NULL: none is */
    int fd;                                /* readable when there is news; -1: there is none */
    union asp_store_own own;
};

#define ASP_STORE_UNFOLLOWED ((struct asp_store_changes){.fd = -1, .own = {-1}})

/*
 * From here on the changes of this open store are told, and no longer those of the one before;
 * `*another`: it was none or another one, whose changes until now nobody has told. Said again when
 * the store was opened anew. ASP_OK, or why they cannot be followed. The caller calls
 * asp_store_changes_end in any case; the store may be closed meanwhile.
 */
enum asp_status asp_store_follow(const struct asp_store *store, struct asp_store_changes *changes,
                                 bool *another, struct asp_error *error);

/* Called for a user whose account was written, made or removed; once for each time or once for
 * some. */
typedef void asp_changed(const char *user, void *context);

/* What there is to know besides. */
struct asp_store_news {
    bool lost; /* any account may have been written */
    bool gone; /* the store was moved, removed or unmounted: it has to be opened anew */
};

/* Takes what there is, and waits for nothing. `store` may be closed. Whose account was written is
 * not always known, then and of one that has gone: that counts as lost. */
struct asp_store_news asp_store_changes_take(const struct asp_store *store,
                                             struct asp_store_changes *changes,
                                             asp_changed *changed, void *context);

void asp_store_changes_end(struct asp_store_changes *changes);

/* True when the open store is no longer the one that would be opened now: it was replaced, or has
 * another mounted over it, of which no change tells. A closed one is. */
bool asp_store_is_another(const struct asp_store *store);

#endif
