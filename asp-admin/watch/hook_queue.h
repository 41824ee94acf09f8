/*
 * What a running watch does for hooks: it finds the accounts whose hooks are due, and those with
 * app passwords that have just expired, and runs their hooks one account at a time, so that what is
 * more pressing can be seen in between.
 */
#ifndef ASP_ADMIN_WATCH_HOOK_QUEUE_H
#define ASP_ADMIN_WATCH_HOOK_QUEUE_H

#include "asp-admin/admin.h"
#include "asp-admin/system/name_list.h"

struct hook_queue {
    struct name_list due;     /* accounts to be looked at for hooks that are due */
    struct name_list expired; /* those in which something has expired after `since`, by `looked` */
    time_t since;
    time_t looked; /* what expired by then was found */
    time_t next;   /* the next time at which one expires, or ASP_NEVER */
    bool walk;     /* all accounts are to be looked at */
    bool missed;   /* something could not be looked at: they are, once that may be over */
};

/* Begins, with all accounts to be looked at. `looked` as an earlier process has left it. */
void hook_queue_begin(struct hook_queue *queue, time_t looked);

/* The file of this user was written. */
void hook_queue_note(struct hook_queue *queue, const char *user);

/* In how many seconds there is something to be done: 0 is at once, ASP_NEVER is not yet known. */
time_t hook_queue_wait(const struct hook_queue *queue, time_t now);

/* Does one thing of it: looks at all accounts, or runs the hooks of one. */
void hook_queue_step(struct admin *admin, struct hook_queue *queue);

void hook_queue_end(struct hook_queue *queue);

#endif
