/* Processes that are kept at a number, and their end. */
#include "unit.h"

#include "asp-broker/process_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 30000, LOOK_MS = 20, HOP_MS = 4990 };

static int begun[2]; /* each job says here that it runs */

/* A job that does not hear that it is to end. */
static int run_on(void *context)
{
    (void)context;
    (void)signal(SIGTERM, SIG_IGN);
    if (write(begun[1], "x", 1) != 1)
        return 1;
    for (;;)
        (void)pause();
}

static void stop_nothing(void *context)
{
    (void)context;
}

/* Time goes by in hops: what is left is little at one look, and less than none at the next. */
static int64_t hop(void)
{
    static int64_t now;

    return now += HOP_MS;
}

static pid_t begin_pool(void)
{
    pid_t pool;
    char byte;

    ck_assert_int_eq(pipe(begun), 0);
    pool = fork();
    ck_assert_int_ge(pool, 0);
    if (pool == 0) {
        struct process_pool_job job = {.work = run_on};

        unit_clock_ms = hop;
        _exit(process_pool_run(&job, 1, stop_nothing, NULL) ? 0 : 1);
    }
    ck_assert_int_eq(close(begun[1]), 0);
    ck_assert_int_eq(read(begun[0], &byte, 1), 1);
    return pool;
}

/* It ends, and with 0. */
static bool ends(pid_t pool)
{
    const struct timespec pause_between = {.tv_nsec = LOOK_MS * 1000000L};
    const long long end = now_ms() + LONG_MS;
    int status = -1;

    while (waitpid(pool, &status, WNOHANG) == 0) {
        if (now_ms() > end)
            return false;
        (void)nanosleep(&pause_between, NULL);
    }
    return status == 0;
}

START_TEST(who_does_not_end_is_killed_in_time_however_the_clock_goes_on)
{
    pid_t pool = begin_pool();
    struct pollfd job = {.fd = begun[0], .events = POLLIN};
    bool ended;

    ck_assert_int_eq(kill(pool, SIGTERM), 0);
    ended = ends(pool);
    if (!ended)
        (void)kill(pool, SIGKILL);
    ck_assert(ended);
    /* The job has the other end of the pipe. */
    ck_assert_int_eq(poll(&job, 1, LONG_MS), 1);
    ck_assert_int_eq(job.revents & (POLLIN | POLLHUP), POLLHUP);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_does_not_end_is_killed_in_time_however_the_clock_goes_on);
}

int main(void)
{
    return unit_run("process_pool", fill);
}
