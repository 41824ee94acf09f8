/*
 * A worker of asp-broker for the logins for which a hash has to be made that is slow on purpose, so
 * that no other login waits for that.
 */
#ifndef ASP_BROKER_SLOW_WORKER_H
#define ASP_BROKER_SLOW_WORKER_H

/* A process_pool_work for a `struct worker` (worker.h). LAST_END: what waits is answered, and then
 * it returns. */
int slow_worker_run(void *worker);

#endif
