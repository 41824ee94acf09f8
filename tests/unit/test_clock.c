/* The clock by which waits are bounded: in milliseconds, and never set; and a wait by it. */
#include "unit.h"

#include "asp/clock.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t ms_of(clockid_t clock)
{
    struct timespec now;

    ck_assert_int_eq(clock_gettime(clock, &now), 0);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(it_is_the_monotonic_clock_in_milliseconds)
{
    int64_t before = ms_of(CLOCK_MONOTONIC);
    int64_t now = asp_clock_ms();

    ck_assert_int_ge(now, before);
    ck_assert_int_le(now, ms_of(CLOCK_MONOTONIC));
}
END_TEST

START_TEST(it_goes_on_and_never_back)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    int64_t begin = asp_clock_ms();
    int64_t last = begin;

    for (size_t i = 0; i < unit_many(100000); i++) {
        int64_t now = asp_clock_ms();

        unit_need(now >= last, "from %lld to %lld", (long long)last, (long long)now);
        last = now;
    }
    ck_assert_int_eq(nanosleep(&pause, NULL), 0);
    ck_assert_int_ge(asp_clock_ms() - begin, 19);
}
END_TEST

static bool waits(int fd, int64_t ms)
{
    return asp_clock_wait(fd, asp_clock_ms() + ms);
}

START_TEST(a_wait_is_over_when_something_can_be_read_or_nothing_will_come)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert(waits(ends[0], 60000));
    ck_assert_int_eq(close(ends[1]), 0);
    ck_assert(waits(ends[0], 60000));
    ck_assert_int_eq(close(ends[0]), 0);
}
END_TEST

START_TEST(a_wait_for_nothing_ends_at_its_deadline)
{
    int ends[2];
    int64_t begin = asp_clock_ms();

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(!waits(ends[0], -5));
    ck_assert(!waits(ends[0], 50));
    ck_assert_int_ge(asp_clock_ms() - begin, 50);
    ck_assert_int_eq(close(ends[0]), 0);
    ck_assert_int_eq(close(ends[1]), 0);
}
END_TEST

static int written;
static volatile sig_atomic_t alarms;

static void write_byte(int number)
{
    (void)number;
    if (alarms++ == 2 && write(written, "x", 1) != 1)
        _exit(1);
}

/* Two alarms that bring nothing are slept through; the third brings what is waited for. */
START_TEST(a_signal_does_not_end_a_wait)
{
    const struct sigaction act = {.sa_handler = write_byte};
    const struct itimerval each = {{.tv_usec = 20000}, {.tv_usec = 20000}};
    const struct itimerval none = {{0}, {0}};
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    written = ends[1];
    ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &each, NULL), 0);
    ck_assert(waits(ends[0], 60000));
    ck_assert_int_eq(setitimer(ITIMER_REAL, &none, NULL), 0);
    ck_assert_int_ge(alarms, 3);
    ck_assert_int_eq(close(ends[0]), 0);
    ck_assert_int_eq(close(ends[1]), 0);
}
END_TEST

/* poll(2) does, where it is given more descriptors than there may be. */
START_TEST(a_wait_that_the_system_refuses_is_over)
{
    const int64_t begin = asp_clock_ms();
    struct rlimit before;
    struct rlimit none;
    bool waited;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    waited = waits(0, 60000);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert(!waited);
    ck_assert_int_lt(asp_clock_ms() - begin, 60000);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, it_is_the_monotonic_clock_in_milliseconds);
    unit_add(suite, it_goes_on_and_never_back);
    unit_add(suite, a_wait_is_over_when_something_can_be_read_or_nothing_will_come);
    unit_add(suite, a_wait_for_nothing_ends_at_its_deadline);
    unit_add(suite, a_signal_does_not_end_a_wait);
    unit_add(suite, a_wait_that_the_system_refuses_is_over);
}

int main(void)
{
    return unit_run("clock", fill);
}
