/* What is said of a pass in which accounts could not be compared. */
#include "unit.h"

#include "asp-admin/watch/report.h"

#include <string.h>

static struct compare_result failed_with(size_t count, const char *text, const char *advice)
{
    struct compare_result result = {.failed = count};

    (void)asp_fail(&result.failure, ASP_IO, "%s", text);
    if (advice != NULL)
        (void)asp_advise(&result.failure, ASP_IO, "%s", advice);
    return result;
}

START_TEST(of_one_it_speaks_as_of_one)
{
    const struct compare_result none = {.accounts = 3};
    const struct compare_result one = failed_with(1, "it is damaged", NULL);
    const struct compare_result two = failed_with(2, "it is damaged", "restore it");
    char line[REPORT_LINE] = "before";

    report_failed(&none, line);
    ck_assert_str_eq(line, "");
    report_failed(&one, line);
    ck_assert_str_eq(line, "1 account could not be compared: it is damaged");
    report_failed(&two, line);
    ck_assert_str_eq(line, "2 accounts could not be compared, first: it is damaged; restore it");
}
END_TEST

START_TEST(the_longest_cause_is_whole)
{
    char text[ASP_ERROR_TEXT];
    char advice[ASP_ERROR_ADVICE];
    char line[REPORT_LINE];
    char expected[2 * REPORT_LINE];
    struct compare_result result;

    memset(text, '.', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memset(advice, '-', sizeof advice - 1);
    advice[sizeof advice - 1] = '\0';
    result = failed_with(SIZE_MAX, text, advice);
    report_failed(&result, line);
    (void)snprintf(expected, sizeof expected, "%zu accounts could not be compared, first: %s; %s",
                   SIZE_MAX, text, advice);
    ck_assert_str_eq(line, expected);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, of_one_it_speaks_as_of_one);
    unit_add(suite, the_longest_cause_is_whole);
}

int main(void)
{
    return unit_run("watch report", fill);
}
