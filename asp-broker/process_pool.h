/*
 * A fixed number of processes that work, and one that keeps their number.
 */
#ifndef ASP_BROKER_PROCESS_POOL_H
#define ASP_BROKER_PROCESS_POOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LAST_END SIGUSR2

/* The work of one process, until it is asked to stop or another is to take its place. Returns its
 * exit status; one that is not 0 is a failure. */
typedef int process_pool_work(void *context);

struct process_pool_job {
    process_pool_work *work;
    void *context;
    /* Others pass on to it what it is to do, and so it ends after them: by LAST_END, for who stops
     * a service sends SIGTERM to all of it at once. */
    bool is_last;
    /* What it is at has no time of its own: who stops the service sets one, and not this one. */
    bool finishes;
    pid_t process;    /* the pool's own */
    int64_t begun_ms; /* the same */
};

/*
 * Runs each job in a process of its own until SIGTERM or SIGINT; one that ends before is begun
 * again, and a failure is logged. SIGHUP is passed over. In the processes all three and LAST_END
 * are blocked. On the signal `stopping` is called, the processes get SIGTERM, and the last ones
 * LAST_END when the others have ended; but for those that finish what they are at they are killed
 * when that takes more than 10 seconds. False with a logged line when not one could be begun.
 */
bool process_pool_run(struct process_pool_job *jobs, size_t count, void (*stopping)(void *),
                      void *context);

#endif
