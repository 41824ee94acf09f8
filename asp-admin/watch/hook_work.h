/*
 * What is to be done for hooks, user by user: lists of it, in no order.
 */
#ifndef ASP_ADMIN_WATCH_HOOK_WORK_H
#define ASP_ADMIN_WATCH_HOOK_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* The hooks of one user: what is due, and what has expired after `since` and by `until`. */
struct hook_work {
    char *user;
    time_t since; /* the same as `until`: nothing has expired */
    time_t until;
    int delay;  /* seconds that it was put off last; 0: not yet */
    int64_t at; /* ms, see asp_clock_ms: when it is taken up again */
    bool left;  /* it was put off since it could not be done, and nobody else does it */
    pid_t job;  /* that does it now */
};

/* Begins as {0}. */
struct hook_works {
    struct hook_work *list;
    size_t count;
    size_t room;
};

/* Adds it at the end; its user's name is the list's now. False: out of memory, and it is freed. */
bool hook_works_add(struct hook_works *works, struct hook_work work);

/* Takes one out, which is the caller's then; the last one takes its place. */
struct hook_work hook_works_take(struct hook_works *works, size_t at);

/* The work of this user, or NULL. */
struct hook_work *hook_works_find(const struct hook_works *works, const char *user);

/* Adds to `work` what `more` has expired. */
void hook_work_join(struct hook_work *work, const struct hook_work *more);

void hook_work_free(struct hook_work *work);

void hook_works_clear(struct hook_works *works);

#endif
