/*
 * One worker of asp-broker: lets logins in and answers them until it is asked to stop. It never
 * keeps a connection: one that has said nothing yet is given to the waiting room, one that needs a
 * slow hash or the name service to a worker for those. So none waits for what this one is at.
 */
#ifndef ASP_BROKER_LOGIN_WORKER_H
#define ASP_BROKER_LOGIN_WORKER_H

#include "worker.h"

struct login_worker {
    int listener; /* where it listens, as the other workers do */
    const struct worker *worker;
};

/*
 * A process_pool_work for a `struct login_worker`. A message is answered in its uid's turn, and the
 * connection closed. SIGTERM: what has come in is answered, also what still comes by the lanes
 * until they are over, and then it returns.
 */
int login_worker_run(void *login_worker);

#endif
