/* Clocks that are wrong: time closes an entry and never destroys it. */
#include "stored.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY (24L * 60 * 60)
#define YEAR (365 * DAY)

/* What the module takes for now is this far from the clock's: these functions stand before libc's
 * for it. */
static time_t offset;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *);

    /* With 32 bits it is the one with the long times that we stand before. */
    *(void **)&real = dlsym(RTLD_NEXT, "__clock_gettime64");
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        now->tv_sec += offset;
    return result;
}

time_t time(time_t *now)
{
    struct timespec is;

    (void)clock_gettime(CLOCK_REALTIME, &is);
    if (now != NULL)
        *now = is.tv_sec;
    return is.tv_sec;
}

static struct world world;

static void make_world(void)
{
    world_make(&world, "usage_interval = 0;");
}

static int at(time_t when, const char *password)
{
    offset = when;
    int code = login(&world, "imap", "alice", "192.0.2.7", password);
    offset = 0;
    return code;
}

/* Lesson: a boot in 1970, a lost usage file. */
/* Lesson: WildDuck. */
START_TEST(an_expired_entry_is_refused_and_good_again_when_the_clock_is_set_right)
{
    char password[PASSWORD_MAX];

    create(&world, password, "alice", "--label", "x", "--app", "mail", "--expires", "1d", NULL);
    ck_code(at(0, password), PAM_SUCCESS);
    ck_code(at(DAY - 60, password), PAM_SUCCESS);
    ck_code(at(DAY + 60, password), PAM_AUTH_ERR);
    ck_code(at(50 * YEAR, password), PAM_AUTH_ERR);
    ck_code(at(0, password), PAM_SUCCESS);
    ck_returned_str_eq(stored_entry(&world, "alice", password).state, "active");
}
END_TEST

/* Lesson: a boot in 1970, a lost usage file. */
START_TEST(an_unused_entry_is_refused_and_good_again_when_the_clock_is_set_right)
{
    char password[PASSWORD_MAX];

    create(&world, password, "alice", "--label", "x", "--app", "mail", "--unused", "10d", NULL);
    ck_code(at(9 * DAY, password), PAM_SUCCESS); /* counts from here now */
    ck_code(at(18 * DAY, password), PAM_SUCCESS);
    ck_code(at(29 * DAY, password), PAM_AUTH_ERR);
    ck_code(at(0, password), PAM_SUCCESS);
    ck_returned_str_eq(stored_entry(&world, "alice", password).state, "active");
}
END_TEST

/* Lesson: a boot in 1970, a lost usage file. */
START_TEST(a_use_in_1970_does_not_make_an_entry_unused)
{
    char password[PASSWORD_MAX];

    create(&world, password, "alice", "--label", "x", "--app", "mail", "--unused", "10d", NULL);
    (void)at(-time(NULL) + DAY, password);
    ck_code(at(0, password), PAM_SUCCESS);
    ck_code(at(9 * DAY, password), PAM_SUCCESS);
}
END_TEST

/* Lesson: a boot in 1970, a lost usage file. */
START_TEST(a_first_use_in_1970_is_still_bound_today)
{
    char password[PASSWORD_MAX];

    create(&world, password, "alice", "--label", "x", "--unused", "10d", NULL);
    ck_code(at(-time(NULL) + DAY, password), PAM_SUCCESS);
    ck_returned_str_eq(stored_entry(&world, "alice", password).app, "mail");
    ck_code(at(0, password), PAM_SUCCESS);
}
END_TEST

START_TEST(without_limits_an_entry_is_good_at_any_time)
{
    static const long days[] = {0, 1, 365, 100 * 365, -10 * 365};
    char password[PASSWORD_MAX];

    create(&world, password, "alice", "--label", "x", "--app", "mail", NULL);
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        ck_code_msg(at(days[i] * DAY, password), PAM_SUCCESS, "after %ld days", days[i]);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("time");

    tcase_add_checked_fixture(tests, make_world, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, an_expired_entry_is_refused_and_good_again_when_the_clock_is_set_right);
    tcase_add_test(tests, an_unused_entry_is_refused_and_good_again_when_the_clock_is_set_right);
    tcase_add_test(tests, a_use_in_1970_does_not_make_an_entry_unused);
    tcase_add_test(tests, a_first_use_in_1970_is_still_bound_today);
    tcase_add_test(tests, without_limits_an_entry_is_good_at_any_time);
    return harness_run();
}
