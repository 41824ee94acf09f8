/*
 * A worker of asp-broker for the logins of which the name service has to say whose they are: it may
 * be slow, or hang, and no other login is to wait for that.
 */
#ifndef ASP_BROKER_QUESTION_WORKER_H
#define ASP_BROKER_QUESTION_WORKER_H

/*
 * A process_pool_work for a `struct worker` (worker.h). What the name service says is kept for 60
 * s. Where it does not answer within 500 ms the login is unavailable, and the process ends with 1,
 * for another to take its place. SIGTERM: what waits is answered, and then it returns.
 */
int question_worker_run(void *worker);

#endif
