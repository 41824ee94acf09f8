/*
 * What a watch does for hooks: it finds the accounts whose hooks are due, and those with app
 * passwords that have just expired, and has their hooks run beside it: those of one user one after
 * the other, those of several at the same time. It never waits for one. What could not be done is
 * said, and tried again. Where no hook is configured, what is due is no longer.
 */
#ifndef ASP_ADMIN_WATCH_HOOK_QUEUE_H
#define ASP_ADMIN_WATCH_HOOK_QUEUE_H

#include "hook_work.h"

#include "asp-admin/admin.h"

/* Begins as {0}. */
struct hook_queue {
    struct hook_works waiting;
    struct hook_works running; /* each with its job, one for a user */
    struct hook_works later;   /* put off: until a time, or until its user's job has ended */
    time_t looked;             /* what expired by then was found */
    time_t next;               /* the next time at which one expires, or ASP_NEVER */
    bool walk;                 /* all accounts are to be looked at */
    int64_t walk_at;           /* ms: and not before, after that could not be done */
    int walk_delay;            /* seconds */
};

/* Begins, or begins anew with another store, with all accounts to be looked at. `looked` as an
 * earlier process has left it. What runs goes on. */
void hook_queue_begin(struct hook_queue *queue, time_t looked);

/* All accounts are to be looked at. */
void hook_queue_note_all(struct hook_queue *queue);

/* The file of this user was written. */
void hook_queue_note(struct hook_queue *queue, const char *user);

/* In how many ms there is something to be done: 0 is at once, -1 is not yet known. */
int64_t hook_queue_wait(const struct hook_queue *queue, time_t now);

/* Does one thing of it, at admin->now: looks at all accounts, or at one and starts its hooks. */
void hook_queue_step(struct admin *admin, struct hook_queue *queue);

/* Takes note of the jobs that have ended. */
void hook_queue_reap(struct hook_queue *queue);

/* True when the hooks for all that expired by queue->looked have run. */
bool hook_queue_is_settled(const struct hook_queue *queue);

/* Does all that can be done now, and waits for it. Returns for how many users something is left
 * that could not be done. */
size_t hook_queue_finish(struct admin *admin, struct hook_queue *queue);

/* Cuts short what runs, and waits until it has ended. */
void hook_queue_end(struct hook_queue *queue);

#endif
