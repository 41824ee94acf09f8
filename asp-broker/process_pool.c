/* Processes that are kept at a number, and ended together. */
#include "process_pool.h"

#include "asp/broker_socket.h"
#include "asp/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    DRAIN_MS = 10000,
    SHORT_MS = 1000, /* one that lives no longer is begun again only after so long a pause */
};

static void heard(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGHUP); /* of whoever wants it to read its configuration: it does */
    (void)sigaddset(set, SIGCHLD);
    (void)sigaddset(set, LAST_END); /* for the last ones, who inherit that it is blocked */
}

/* In the process of a job. It ends with the one that keeps it, however that ends. */
__attribute__((noreturn)) static void run_job(const struct process_pool_job *job, pid_t keeper)
{
    sigset_t child;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_UNBLOCK, &child, NULL);
    (void)prctl(PR_SET_PDEATHSIG, job->is_last ? LAST_END : SIGTERM);
    if (getppid() != keeper)
        _exit(0);
    _exit(job->work(job->context));
}

static bool begin(struct process_pool_job *job)
{
    pid_t keeper = getpid();

    job->begun_ms = asp_clock_ms();
    job->process = fork();
    if (job->process == 0)
        run_job(job, keeper);
    if (job->process < 0)
        syslog(LOG_ERR, "a worker cannot be begun: %s", strerror(errno));
    return job->process > 0;
}

static void note_end(struct process_pool_job *jobs, size_t count, pid_t process, int status,
                     bool told)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].process != process)
            continue;
        jobs[i].process = -1;
        if (told)
            continue;
        if (WIFSIGNALED(status))
            syslog(LOG_ERR, "a worker was ended by signal %d: another takes its place",
                   WTERMSIG(status));
        else if (WEXITSTATUS(status) == 0)
            jobs[i].begun_ms -= SHORT_MS; /* it has made room for another itself */
        else
            syslog(LOG_ERR, "a worker has ended with %d: another takes its place",
                   WEXITSTATUS(status));
    }
}

static void reap(struct process_pool_job *jobs, size_t count, bool told)
{
    int status;
    pid_t process;

    while ((process = waitpid(-1, &status, WNOHANG)) > 0)
        note_end(jobs, count, process, status, told);
}

/* Begins those that are missing. Returns how many ms until the next may be begun; -1: none is
 * missing.
 */
static int64_t fill(struct process_pool_job *jobs, size_t count)
{
    int64_t next = -1;

    for (size_t i = 0; i < count; i++) {
        int64_t pause = jobs[i].begun_ms + SHORT_MS - asp_clock_ms();

        if (jobs[i].process > 0)
            continue;
        if (pause <= 0 && begin(&jobs[i]))
            continue;
        pause = pause > 0 ? pause : SHORT_MS;
        if (next < 0 || pause < next)
            next = pause;
    }
    return next;
}

static bool some_run(const struct process_pool_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].process > 0)
            return true;
    }
    return false;
}

/* Whether nobody is left who passes something on to the last ones. */
static bool are_last(const struct process_pool_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].process > 0 && !jobs[i].is_last && !jobs[i].finishes)
            return false;
    }
    return true;
}

/* All that run or, without the last ones, the others. */
static void signal_jobs(const struct process_pool_job *jobs, size_t count, int number, bool last)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].process > 0 && (last || !jobs[i].is_last))
            (void)kill(jobs[i].process, number);
    }
}

/* Waits for a signal, `ms` at most, or for ever when that is -1. Returns it, or -1. */
static int wait_signal(const sigset_t *set, int64_t ms)
{
    const struct timespec most = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    return ms < 0 ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &most);
}

/* They are not waited for any more. */
static void kill_late(struct process_pool_job *jobs, size_t count)
{
    bool some = false;

    for (size_t i = 0; i < count; i++) {
        if (jobs[i].process <= 0 || jobs[i].finishes)
            continue;
        some = true;
        (void)kill(jobs[i].process, SIGKILL);
        jobs[i].process = -1;
    }
    if (some)
        syslog(LOG_ERR, "workers that did not end were killed");
}

static void drain(struct process_pool_job *jobs, size_t count, const sigset_t *set)
{
    int64_t deadline = asp_clock_ms() + DRAIN_MS;
    int64_t left = DRAIN_MS;
    bool last = false;

    signal_jobs(jobs, count, SIGTERM, false);
    reap(jobs, count, true);
    while (some_run(jobs, count)) {
        if (!last && are_last(jobs, count)) {
            last = true;
            signal_jobs(jobs, count, LAST_END, true);
        }
        (void)wait_signal(set, left);
        reap(jobs, count, true);
        left = deadline - asp_clock_ms();
        if (left <= 0) {
            kill_late(jobs, count);
            left = -1;
        }
    }
}

bool process_pool_run(struct process_pool_job *jobs, size_t count, void (*stopping)(void *),
                      void *context)
{
    sigset_t set;
    int number = -1;

    heard(&set);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    for (size_t i = 0; i < count; i++)
        jobs[i].process = -1;
    for (size_t i = 0; i < count; i++)
        (void)begin(&jobs[i]);
    if (!some_run(jobs, count))
        return false;
    while (number != SIGTERM && number != SIGINT) {
        reap(jobs, count, false);
        number = wait_signal(&set, fill(jobs, count));
    }
    stopping(context);
    drain(jobs, count, &set);
    return true;
}
