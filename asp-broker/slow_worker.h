/*
 * A worker of asp-broker for the logins for which a hash has to be made that is slow on purpose, so
 * that no other login waits for that.
 */
#ifndef ASP_BROKER_SLOW_WORKER_H
#define ASP_BROKER_SLOW_WORKER_H

#include "answer.h"

struct slow_worker {
    const struct lane_sets *lanes;
    const char *conf_path;
    bool conf_required;
    struct log_throttle *log_throttle;
    struct pgsql_breaker *breaker;
};

/* A process_pool_work for a `struct slow_worker`. LAST_END: what waits is answered, and then it
 * returns. */
int slow_worker_run(void *slow_worker);

#endif
