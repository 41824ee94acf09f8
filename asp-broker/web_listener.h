/*
 * The listener for the web server by which users sign in from a browser. It keeps their
 * connections; whatever is done on one, sign-in or command, is done by a process of its own.
 */
#ifndef ASP_BROKER_WEB_LISTENER_H
#define ASP_BROKER_WEB_LISTENER_H

#include "lanes.h"
#include "listener.h"

#include <stdbool.h>

struct web_listener {
    int listener; /* where it listens */
    /* Others', which are closed here, since a session may outlive the broker. */
    int others[LISTENER_OTHERS]; /* their listeners, and ends of credentials.h; or -1 */
    const struct lane_sets *lanes;
    const char *conf_path;
    bool conf_required;
};

/* A process_pool_work for a `struct web_listener`. SIGTERM: nobody new is let in, all who are
 * signed in are signed out, and commands that are at work are waited for. */
int web_listener_run(void *web_listener);

#endif
