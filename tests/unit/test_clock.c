/* The clock by which waits are bounded: in milliseconds, and never set. */
#include "unit.h"

#include "asp/clock.h"

#include <time.h>

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

static void fill(Suite *suite)
{
    unit_add(suite, it_is_the_monotonic_clock_in_milliseconds);
    unit_add(suite, it_goes_on_and_never_back);
}

int main(void)
{
    return unit_run("clock", fill);
}
