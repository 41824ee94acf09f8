/*
 * One worker of asp-broker: answers logins until it is asked to stop.
 */
#ifndef ASP_BROKER_LOGIN_WORKER_H
#define ASP_BROKER_LOGIN_WORKER_H

#include "log_throttle.h"

#include <stdbool.h>

struct worker {
    int door; /* where it listens, as the other workers do */
    const char *conf_path;
    bool conf_required;
    struct notices *notices;
};

/*
 * A pool_work for a `struct worker`. A connection that says nothing is dropped after 500 ms, and
 * holds nobody up; a message is answered at once, and the connection closed. SIGTERM: what has come
 * in is answered, and then it returns.
 */
int worker_run(void *worker);

#endif
