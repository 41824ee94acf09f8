/*
 * The listener for users who act on their own accounts. Its sessions are processes of their own, so
 * that nobody's conversation holds up anybody, least of all a login.
 */
#ifndef ASP_BROKER_SELF_LISTENER_H
#define ASP_BROKER_SELF_LISTENER_H

#include "lanes.h"
#include "listener.h"

#include <stdbool.h>

struct self_listener {
    int listener; /* where it listens */
    /* Others', which are closed here, since a session may outlive the broker. */
    int others[LISTENER_OTHERS]; /* their listeners, and ends of credentials.h; or -1 */
    const struct lane_sets *lanes;
    const char *conf_path;
    bool conf_required;
};

/* A process_pool_work for a `struct self_listener`. SIGTERM: nobody new is let in, sessions that
 * wait for their user are ended, and those that are at work are waited for. */
int self_listener_run(void *self_listener);

#endif
