/* Times and lengths of time, against the C library's calendar. */
#include "unit.h"

#include "asp/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

static void same_as_the_library(time_t when)
{
    char text[ASP_TIME_SIZE];
    char expected[64];
    struct tm tm;
    time_t again = 0;

    unit_need(gmtime_r(&when, &tm) != NULL, "%lld", (long long)when);
    (void)strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
    asp_time_format(when, text);
    unit_need(strcmp(text, expected) == 0, "%s and not %s", text, expected);
    unit_need(asp_time_read(text, &again) && again == when, "%s", text);
}

START_TEST(every_day_from_1970_to_9999_is_the_calendars)
{
    time_t step = DAY * (time_t)(DAY / unit_many(DAY));
    uint64_t state = 3;

    for (time_t day = 0; day <= ASP_TIME_MAX; day += step)
        same_as_the_library(day + (time_t)(unit_random(&state) % DAY));
    same_as_the_library(0);
    same_as_the_library(ASP_TIME_MAX);
    for (time_t second = 0; second < DAY; second += 7)
        same_as_the_library(951782400 + second); /* the leap day of 2000 */
}
END_TEST

START_TEST(years_turn_at_midnight)
{
    for (int year = 1970; year < 9999; year++) {
        struct tm tm = {.tm_year = year - 1900,
                        .tm_mon = 11,
                        .tm_mday = 31,
                        .tm_hour = 23,
                        .tm_min = 59,
                        .tm_sec = 59};
        time_t last = timegm(&tm);

        same_as_the_library(last);
        same_as_the_library(last + 1);
    }
}
END_TEST

START_TEST(a_time_out_of_range_is_written_as_the_nearest_that_can_be)
{
    char text[ASP_TIME_SIZE];

    asp_time_format(-1, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
    asp_time_format(INT64_MIN, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
    asp_time_format(ASP_TIME_MAX + 1, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
    asp_time_format(INT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
}
END_TEST

/* At each place each other byte: refused, or another time written in its one form. */
START_TEST(a_stored_time_has_one_form)
{
    static const char good[] = "2024-02-29T23:59:58Z";
    char text[sizeof good];
    char again[ASP_TIME_SIZE];
    time_t when;

    for (size_t at = 0; at < sizeof good - 1; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(text, good, sizeof good);
            text[at] = (char)byte;
            if (!asp_time_read(text, &when))
                continue;
            asp_time_format(when, again);
            unit_need(strcmp(again, text) == 0, "%s", text);
        }
    }
}
END_TEST

START_TEST(times_that_are_none_are_refused)
{
    static const char *const texts[] = {
        "",
        "2024-02-29",
        "2023-02-29T00:00:00Z",
        "1900-01-01T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-12-32T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2016-12-31T23:59:60Z",
        "2024-01-01t00:00:00Z",
        "2024-01-01T00:00:00z",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00+00:00",
        "2024-01-01T00:00:00",
        "1969-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "+024-01-01T00:00:00Z",
        "20 4-01-01T00:00:00Z",
    };
    time_t when;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        unit_need(!asp_time_read(texts[i], &when), "%s", texts[i]);
    ck_assert(asp_time_read("2000-02-29T00:00:00Z and more", &when));
}
END_TEST

static void lasts(const char *text, time_t expected)
{
    time_t seconds = 0;

    unit_need(asp_duration_read(text, &seconds), "%s", text);
    ck_assert_int_eq(seconds, expected);
}

START_TEST(a_duration_is_a_number_with_its_unit_or_never)
{
    lasts("1s", 1);
    lasts("90s", 90);
    lasts("3m", 180);
    lasts("2h", 7200);
    lasts("7d", 7 * DAY);
    lasts("2w", 14 * DAY);
    lasts("0090s", 90);
    lasts("never", ASP_NEVER);
    lasts("3153600000s", ASP_DURATION_MAX);
    lasts("52560000m", ASP_DURATION_MAX);
    lasts("876000h", ASP_DURATION_MAX);
    lasts("36500d", ASP_DURATION_MAX);
    lasts("5214w", (time_t)5214 * 7 * DAY);
}
END_TEST

START_TEST(anything_else_is_no_duration)
{
    static const char *const texts[] = {
        "",
        "s",
        "1\0",
        "0s",
        "0000d",
        "-1s",
        "+1s",
        " 1s",
        "1s ",
        "1 s",
        "1ss",
        "1sd",
        "1d1h",
        "1.5h",
        "1e3s",
        "0x10s",
        "1S",
        "1D",
        "1y",
        "1M",
        "Never",
        "never ",
        "nev",
        "nevers",
        "forever",
        "infinite",
        "-",
        "3153600001s",
        "52560001m",
        "876001h",
        "36501d",
        "5215w",
        "9999999999w",
        "10000000000s",
        "00000000001s",
        "99999999999999999999s",
        "18446744073709551617s",
        "\xd9\xa1s",
        "1\n",
        "1s\n",
    };
    time_t seconds = 0;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        unit_need(!asp_duration_read(texts[i], &seconds), "%s", texts[i]);
}
END_TEST

static const time_t now = 1700000000; /* 2023-11-14T22:13:20Z */

static void is_when(const char *text, time_t expected)
{
    time_t when = 0;

    unit_need(asp_when_read(text, now, &when), "%s", text);
    unit_need(when == expected, "%s: %lld and not %lld", text, (long long)when,
              (long long)expected);
}

START_TEST(since_is_a_duration_ago_the_begin_of_a_date_or_rfc_3339)
{
    static const struct {
        const char *text;
        time_t expected;
    } texts[] = {
        {"1s", now - 1},
        {"2w", now - 14 * DAY},
        {"36500d", 0},
        {"2023-11-14", 1699920000},
        {"1970-01-01", 0},
        {"2023-11-14T22:13:20Z", now},
        {"2023-11-14T23:13:20.5+01:00", now},
    };
    static const char *const none[] = {"never", "",           "1",
                                       "-1d",   "2023-02-30", "2023-11-14T22:13:20"};
    time_t since;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        unit_need(asp_since_read(texts[i].text, now, &since), "%s", texts[i].text);
        unit_need(since == texts[i].expected, "%s: %lld", texts[i].text, (long long)since);
    }
    for (size_t i = 0; i < UNIT_COUNT(none); i++)
        unit_need(!asp_since_read(none[i], now, &since), "%s", none[i]);
}
END_TEST

START_TEST(when_is_a_duration_from_now_a_date_or_rfc_3339)
{
    is_when("never", ASP_NEVER);
    is_when("1s", now + 1);
    is_when("2w", now + 14 * DAY);
    is_when("36500d", now + ASP_DURATION_MAX);
    is_when("2023-11-14", 1700006399); /* its end */
    is_when("1970-01-01", DAY - 1);
    is_when("9999-12-31", ASP_TIME_MAX);
    is_when("2023-11-14T22:13:20Z", now);
    is_when("2023-11-14t22:13:20z", now);
    is_when("2023-11-14 22:13:20Z", now);
    is_when("2023-11-14T22:13:20.5Z", now);
    is_when("2023-11-14T22:13:20.05Z", now);
    is_when("2023-11-14T22:13:20.999999999999Z", now);
    is_when("2023-11-14T23:13:20+01:00", now);
    is_when("2023-11-14T16:43:20-05:30", now);
    is_when("2023-11-15T22:12:20+23:59", now);
    is_when("2023-11-14T22:13:20-00:00", now);
    is_when("2016-12-31T23:59:60Z", 1483228799); /* a leap second is the last of its minute */
    is_when("1970-01-01T00:00:00Z", 0);
    is_when("1970-01-01T00:00:01+00:00", 1);
    is_when("9999-12-31T23:59:59Z", ASP_TIME_MAX);
}
END_TEST

START_TEST(anything_else_is_no_when)
{
    static const char *const texts[] = {
        "",
        "now",
        "tomorrow",
        "1700000000",
        "2023-11-14T",
        "2023-11-14Z",
        "2023-11-14T22:13Z",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20,5Z",
        "2023-11-14T22:13:20ZZ",
        "2023-11-14T22:13:20+01",
        "2023-11-14T22:13:20+0100",
        "2023-11-14T22:13:20+24:00",
        "2023-11-14T22:13:20+01:60",
        "2023-11-14T22:13:20 +01:00",
        "2023-11-14T22:13:20x01:00",
        "2023-11-14x22:13:20Z",
        "2016-12-31T23:59:61Z",
        "2023-11-14T22:13:20+01:00x",
        "2023-11-14T22:13:20 UTC",
        "2023-11-14 ",
        " 2023-11-14",
        "2023-11-31",
        "2023-02-29",
        "2023-1-1",
        "23-11-14",
        "14.11.2023",
        "2023/11/14",
        "2023-11-14x",
        "1969-12-31",
        "10000-01-01",
        "1970-01-01T00:00:00+00:01",
        "1970-01-01T00:59:59+01:00",
        "9999-12-31T23:59:59-00:01",
        "2023-11-14T22:13:20.5.5Z",
        "0s",
        "-1d",
    };
    time_t when = 0;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        unit_need(!asp_when_read(texts[i], now, &when), "%s", texts[i]);
    ck_assert(!asp_when_read("2s", ASP_TIME_MAX - 1, &when));
    ck_assert(asp_when_read("1s", ASP_TIME_MAX - 1, &when));
}
END_TEST

/* No locale, no time zone. */
START_TEST(the_time_zone_of_the_process_is_nobodys_business)
{
    char text[ASP_TIME_SIZE];

    ck_assert_int_eq(setenv("TZ", "Pacific/Kiritimati", 1), 0);
    tzset();
    is_when("2023-11-14", 1700006399);
    is_when("2023-11-14T22:13:20Z", now);
    asp_time_format(now, text);
    ck_assert_str_eq(text, "2023-11-14T22:13:20Z");
}
END_TEST

/* Each refused, and this is why. NULL: it has the form of none. */
static const struct {
    const char *text;
    const char *why;
} faults[] = {
    {"0s", "at least 1"},
    {"0000000000000w", "at least 1"},
    {"36501d", "more than 100 years"},
    {"99999999999h", "more than 100 years"},
    {"2031-02-30", "no such day"},
    {"1969-12-31", "no such day"},
    {"2031-00-01T12:00:00Z", "no such day"},
    {"2031-01-31T24:00:00Z", "no such time"},
    {"2031-01-31t12:60:00", "no such time"},
    {"2031-01-31 12:00:61", "no such time"},
    {"2031-01-31T12:00:00", "neither Z nor an offset"},
    {"2031-01-31T23:59:60.25", "neither Z nor an offset"},
    {"", NULL},
    {"d", NULL},
    {"5\0", NULL},
    {"0", NULL},
    {"5y", NULL},
    {"0dd", NULL},
    {"Never", NULL},
    {"2031-1-31", NULL},
    {"2031-01-3", NULL},
    {"2031/01/31", NULL},
    {"a031-01-31", NULL},
    {"2031-01-3:", NULL},
    {"2031-01-31T", NULL},
    {"2031-01-31T12:00", NULL},
    {"2031-01-31x12:00:00", NULL},
    {"2031-01-31T12:00:00+1", NULL},
    {"2031-01-31T12:00:00.", NULL},
};

START_TEST(what_is_wrong_with_a_time_is_told_where_it_has_the_form_of_one)
{
    time_t when;

    for (size_t i = 0; i < UNIT_COUNT(faults); i++) {
        const char *text = faults[i].text;
        const char *why = asp_when_fault(text);
        bool has_form = faults[i].why != NULL;

        ck_assert_msg(!asp_when_read(text, now, &when), "%s", text);
        ck_assert_msg((why != NULL) == has_form, "%s: %s", text, why != NULL ? why : "-");
        ck_assert_msg(!has_form || strstr(why, faults[i].why) != NULL, "%s: %s", text,
                      why != NULL ? why : "-");
        /* A date is no duration, whatever is wrong with it. */
        ck_assert_msg((asp_duration_fault(text) != NULL) == (has_form && strchr(text, '-') == NULL),
                      "%s", text);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, every_day_from_1970_to_9999_is_the_calendars);
    unit_add(suite, years_turn_at_midnight);
    unit_add(suite, a_time_out_of_range_is_written_as_the_nearest_that_can_be);
    unit_add(suite, a_stored_time_has_one_form);
    unit_add(suite, times_that_are_none_are_refused);
    unit_add(suite, a_duration_is_a_number_with_its_unit_or_never);
    unit_add(suite, anything_else_is_no_duration);
    unit_add(suite, since_is_a_duration_ago_the_begin_of_a_date_or_rfc_3339);
    unit_add(suite, when_is_a_duration_from_now_a_date_or_rfc_3339);
    unit_add(suite, anything_else_is_no_when);
    unit_add(suite, what_is_wrong_with_a_time_is_told_where_it_has_the_form_of_one);
    unit_add(suite, the_time_zone_of_the_process_is_nobodys_business);
}

int main(void)
{
    return unit_run("time_text", fill);
}
