/*
 * The signals that a running watch answers. They are blocked and read from a descriptor, so that
 * none of them breaks into an update.
 */
#ifndef ASP_ADMIN_WATCH_SIGNALS_H
#define ASP_ADMIN_WATCH_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
    bool stop;   /* SIGTERM, SIGINT, SIGQUIT */
    bool reload; /* SIGHUP */
};

/* Blocks those that end us, and keeps in `before` what was blocked. */
void signals_block_stop(sigset_t *before);

/* Blocks all of them. Returns the descriptor to wait on, close-on-exec, or -1 with errno. */
int signals_open(void);

/* Takes those that have come, and adds them to what `signals` says; the end of a child wakes, and
 * says nothing. */
void signals_take(int fd, struct signals *signals);

/* True when one that ends us is blocked and waits: long work is cut short then. Where none is
 * blocked, they end the process by themselves. */
bool signals_stop_is_pending(void);

#endif
