/*
 * One worker of asp-broker: answers logins until it is asked to stop.
 */
#ifndef ASP_BROKER_LOGIN_WORKER_H
#define ASP_BROKER_LOGIN_WORKER_H

#include "answer.h"

#include <stdbool.h>

struct login_worker {
    int listener; /* where it listens, as the other workers do */
    struct lanes *lanes;
    struct lanes *questions; /* to where those go of which the name service has to be asked */
    const char *conf_path;
    bool conf_required;
    struct log_throttle *log_throttle;
};

/*
 * A process_pool_work for a `struct login_worker`. A connection that says nothing is dropped after
 * 500 ms, and holds nobody up; a message is answered in its uid's turn, and the connection closed.
 * SIGTERM: what has come in is answered, and then it returns.
 */
int login_worker_run(void *login_worker);

#endif
