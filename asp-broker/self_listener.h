/*
 * The door for users who act on their own accounts. Its sessions are processes of their own, so
 * that nobody's conversation holds up anybody, least of all a login.
 */
#ifndef ASP_BROKER_SELF_LISTENER_H
#define ASP_BROKER_SELF_LISTENER_H

#include <stdbool.h>

struct self_door {
    int door;  /* where it listens */
    int other; /* the hosts' door, which is closed here: a session may outlive the broker; or -1 */
    const char *conf_path;
    bool conf_required;
};

/* A pool_work for a `struct self_door`. SIGTERM: nobody new is let in, sessions that wait for their
 * user are ended, and those that are at work are waited for. */
int self_door_run(void *self_door);

#endif
