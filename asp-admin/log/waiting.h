/*
 * Decisions after which the stack may have gone on to the primary password, until pam_warn says
 * that this was right.
 */
#ifndef ASP_ADMIN_LOG_WAITING_H
#define ASP_ADMIN_LOG_WAITING_H

#include "decision.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <time.h>

enum {
    WAITING_MAX = 4096, /* what strangers try is of as many kinds as they like: the oldest goes */
    WAITING_SECONDS = 120, /* so far the line of pam_warn is from its decision at most */
};

/* Those of the same typed name, service and host are one. */
struct waiting_login {
    TAILQ_ENTRY(waiting_login) link;
    struct decision decision; /* the last of them */
    time_t when;
    unsigned long long count;
};

/* Begins as {0}. */
struct waiting {
    void *tree; /* for tsearch(3) */
    /* The oldest first; of no use while there are none. */
    TAILQ_HEAD(waiting_logins, waiting_login) logins;
    size_t count;
};

/* Keeps a decision that was there so many times. False: no memory. */
bool waiting_add(struct waiting *waiting, const struct decision *decision, time_t when,
                 unsigned times);

/*
 * Finds the decisions before a line of pam_warn's that was there so many times, each of which is
 * found once; they tell its verdict and whose account it is. How many it has found.
 */
unsigned waiting_take(struct waiting *waiting, struct decision *let_in, time_t when,
                      unsigned times);

void waiting_free(struct waiting *waiting);

#endif
