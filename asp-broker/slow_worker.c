/* Logins for which a slow hash has to be made, in a process that it may hold up. */
#include "slow_worker.h"

#include "process_pool.h"

#include "asp-admin/database/database.h"
#include "asp/safeio.h"

#include <signal.h>

static volatile sig_atomic_t stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

/* Another configuration may ask for the client's name by now. */
static void serve(struct answering *answering, const struct slow_worker *worker,
                  struct lane_client *client)
{
    if (answer_client(answering, client) == ANSWER_BY_QUESTION) {
        if (lanes_put(worker->lanes->questions, client))
            return;
        answer_too_many(answering, client);
    }
    asp_close(client->fd);
}

int slow_worker_run(void *context)
{
    const struct slow_worker *worker = context;
    struct answering answering = {
        .conf_path = worker->conf_path,
        .conf_required = worker->conf_required,
        .log_throttle = worker->log_throttle,
        .database.breaker = worker->breaker,
    };
    struct sigaction action = {.sa_handler = ask_to_stop};
    struct lane_client client;
    sigset_t mask;

    lane_sets_stop(worker->lanes);
    password_works_begin(&answering.works, worker->conf_path, worker->conf_required);
    (void)sigaction(LAST_END, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigdelset(&mask, LAST_END);
    while (stop == 0) {
        lanes_wait(worker->lanes->slow, &mask);
        while (lanes_take_next(worker->lanes->slow, &client))
            serve(&answering, worker, &client);
        database_flush(answering.database.store);
    }
    worker_database_end(&answering.database);
    return 0;
}
