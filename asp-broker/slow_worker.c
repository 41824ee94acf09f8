/* Logins for which a slow hash has to be made, in a process that it may hold up. */
#include "slow_worker.h"

#include "process_pool.h"
#include "worker.h"

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
static void serve(struct answering *answering, const struct worker *worker,
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
    const struct worker *worker = context;
    struct worker_state state;
    struct sigaction action = {.sa_handler = ask_to_stop};
    struct lane_client client;
    sigset_t mask;

    lane_sets_stop(worker->lanes);
    worker_begin(worker, &state);
    (void)sigaction(LAST_END, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigdelset(&mask, LAST_END);
    while (stop == 0 && worker_fits(&state)) {
        lanes_wait(worker->lanes->slow, &mask);
        while (worker_fits(&state) && lanes_take_next(worker->lanes->slow, &client))
            serve(&state.answering, worker, &client);
        database_flush(state.answering.database.store);
    }
    worker_end(&state);
    return 0;
}
