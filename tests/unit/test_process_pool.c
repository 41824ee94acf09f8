/* Processes that are kept at a number, and their end. */
#include "unit.h"

#include "asp-broker/process_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 30000, LOOK_MS = 20, A_WHILE_MS = 300, HOP_MS = 4990 };

static int begun[2]; /* each job says here that it runs */
static int heard[2]; /* and that it has heard that it is to end */
static int go[2];    /* it may end when it gets a byte here */

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

/* A job that ends by the signal in `context`, once it may. */
static int end_by(void *context)
{
    const int *number = context;
    sigset_t set;
    char byte;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, *number);
    if (write(begun[1], "x", 1) != 1 || sigwaitinfo(&set, NULL) != *number ||
        write(heard[1], *number == SIGTERM ? "1" : "2", 1) != 1)
        return 1;
    return read(go[0], &byte, 1) == 1 ? 0 : 1;
}

/* A job that soon ends by itself, with what is in `context`. */
static int end_with(void *context)
{
    const struct timespec soon = {.tv_nsec = LOOK_MS * 1000000L};
    const int *code = context;

    if (write(begun[1], "x", 1) != 1)
        return 1;
    (void)nanosleep(&soon, NULL);
    return *code;
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

static int64_t stand(void)
{
    return HOP_MS;
}

static struct process_pool_job jobs[2];

/* Of `count` jobs, which all run when it returns. */
static pid_t begin_pool(size_t count, int64_t (*clock_ms)(void))
{
    pid_t pool;
    char byte;

    ck_assert_int_eq(pipe(begun), 0);
    pool = fork();
    ck_assert_int_ge(pool, 0);
    if (pool == 0) {
        unit_clock_ms = clock_ms;
        _exit(process_pool_run(jobs, count, stop_nothing, NULL) ? 0 : 1);
    }
    ck_assert_int_eq(close(begun[1]), 0);
    for (size_t i = 0; i < count; i++)
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
    struct pollfd job = {.events = POLLIN};
    pid_t pool;
    bool ended;

    jobs[0] = (struct process_pool_job){.work = run_on};
    pool = begin_pool(1, hop);
    job.fd = begun[0];
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

START_TEST(who_finishes_what_it_is_at_is_waited_for_however_long_that_takes)
{
    const struct timespec a_while = {.tv_nsec = A_WHILE_MS * 1000000L};
    static int by = SIGTERM;
    char byte = 0;
    pid_t pool;

    ck_assert_int_eq(pipe(heard), 0);
    ck_assert_int_eq(pipe(go), 0);
    jobs[0] = (struct process_pool_job){.work = end_by, .context = &by, .finishes = true};
    pool = begin_pool(1, hop);
    ck_assert_int_eq(kill(pool, SIGTERM), 0);
    ck_assert_int_eq(read(heard[0], &byte, 1), 1);
    /* Each of them has the pool look at the clock. */
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(kill(pool, SIGHUP), 0);
        (void)nanosleep(&a_while, NULL);
        ck_assert_int_eq(waitpid(pool, NULL, WNOHANG), 0);
    }
    ck_assert_int_eq(write(go[1], "x", 1), 1);
    ck_assert(ends(pool));
}
END_TEST

START_TEST(who_makes_room_for_another_is_followed_at_once_and_who_fails_is_not)
{
    static int code;
    struct pollfd next = {.events = POLLIN};

    for (code = 0; code <= 1; code++) {
        jobs[0] = (struct process_pool_job){.work = end_with, .context = &code};
        pid_t pool = begin_pool(1, stand);

        next.fd = begun[0];
        ck_assert_int_eq(poll(&next, 1, code == 0 ? LONG_MS : A_WHILE_MS), code == 0);
        ck_assert_int_eq(kill(pool, SIGTERM), 0);
        ck_assert(ends(pool));
    }
}
END_TEST

/* A pool of a last one and another, told to end: what they hear of it comes to `heard`. */
static pid_t stop_last_and_other(bool finishes)
{
    static int other_by = SIGTERM;
    static int last_by = LAST_END;
    pid_t pool;

    ck_assert_int_eq(pipe(heard), 0);
    ck_assert_int_eq(pipe(go), 0);
    jobs[0] = (struct process_pool_job){.work = end_by, .context = &last_by, .is_last = true};
    jobs[1] = (struct process_pool_job){.work = end_by, .context = &other_by, .finishes = finishes};
    pool = begin_pool(2, NULL);
    ck_assert_int_eq(kill(pool, SIGTERM), 0);
    return pool;
}

/* Who stops a service sends SIGTERM to all of it at once. */
START_TEST(the_last_ones_are_told_to_end_when_the_others_have_ended)
{
    pid_t pool = stop_last_and_other(false);
    struct pollfd last = {.fd = heard[0], .events = POLLIN};
    char byte = 0;

    ck_assert_int_eq(poll(&last, 1, LONG_MS), 1);
    ck_assert_int_eq(read(heard[0], &byte, 1), 1);
    ck_assert_int_eq(byte, '1');
    ck_assert_int_eq(poll(&last, 1, A_WHILE_MS), 0);
    ck_assert_int_eq(write(go[1], "xx", 2), 2);
    ck_assert_int_eq(poll(&last, 1, LONG_MS), 1);
    ck_assert_int_eq(read(heard[0], &byte, 1), 1);
    ck_assert_int_eq(byte, '2');
    ck_assert(ends(pool));
}
END_TEST

START_TEST(the_last_ones_are_not_held_up_by_one_that_finishes_what_it_is_at)
{
    pid_t pool = stop_last_and_other(true);
    struct pollfd told = {.fd = heard[0], .events = POLLIN};
    char byte = 0;

    for (int both = 0; both < '1' + '2'; both += byte) {
        ck_assert_int_eq(poll(&told, 1, LONG_MS), 1);
        ck_assert_int_eq(read(heard[0], &byte, 1), 1);
    }
    ck_assert_int_eq(write(go[1], "xx", 2), 2);
    ck_assert(ends(pool));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_last_ones_are_not_held_up_by_one_that_finishes_what_it_is_at);
    unit_add(suite, the_last_ones_are_told_to_end_when_the_others_have_ended);
    unit_add(suite, who_does_not_end_is_killed_in_time_however_the_clock_goes_on);
    unit_add(suite, who_finishes_what_it_is_at_is_waited_for_however_long_that_takes);
    unit_add(suite, who_makes_room_for_another_is_followed_at_once_and_who_fails_is_not);
}

int main(void)
{
    return unit_run("process_pool", fill);
}
