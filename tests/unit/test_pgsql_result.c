/* What the database has answered. */
#include "unit.h"

#include "asp/pgsql/result.h"
#include "asp/time_text.h"

#include <libpq-fe.h>
#include <limits.h>
#include <string.h>

/* One row of these bytes, each a column. */
static PGresult *row(const char *const *bytes, const int *lengths, int count)
{
    PGresAttDesc columns[8] = {{.name = NULL}};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char name[] = "a";

    ck_assert_ptr_nonnull(result);
    for (int i = 0; i < count; i++)
        columns[i].name = name;
    ck_assert_int_eq(PQsetResultAttrs(result, count, columns), 1);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(PQsetvalue(result, 0, i, (char *)(uintptr_t)bytes[i], lengths[i]), 1);
    return result;
}

START_TEST(numbers_of_each_width_are_read)
{
    static const struct {
        const char *bytes;
        int length;
        int64_t number;
    } cases[] = {
        {"\0", 1, 0},
        {"\1", 1, 1},
        {"\xff", 1, 255}, /* a byte has no sign */
        {"\0\7", 2, 7},
        {"\x7f\xff", 2, INT16_MAX},
        {"\x80\0", 2, INT16_MIN},
        {"\xff\xff", 2, -1},
        {"\x7f\xff\xff\xff", 4, INT32_MAX},
        {"\x80\0\0\0", 4, INT32_MIN},
        {"\xff\xff\xff\xfe", 4, -2},
        {"\0\0\0\1\0\0\0\2", 8, 4294967298},
        {"\x7f\xff\xff\xff\xff\xff\xff\xff", 8, INT64_MAX},
        {"\x80\0\0\0\0\0\0\0", 8, INT64_MIN},
        {"\xff\xff\xff\xff\xff\xff\xff\xff", 8, -1},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        PGresult *result = row(&cases[i].bytes, &cases[i].length, 1);
        int64_t number = 42;

        ck_assert(pgsql_number(result, 0, 0, &number));
        ck_assert_int_eq(number, cases[i].number);
        pgsql_result_free(result);
    }
}
END_TEST

/* A server that lies must not be able to have its number cut to another. */
START_TEST(a_number_that_no_int_holds_is_none)
{
    static const char *const bytes[] = {"\x7f\xff\xff\xff", "\x80\0\0\0", "\0\0\0\0\x80\0\0\0",
                                        "\xff\xff\xff\xff\x7f\xff\xff\xff", "\0\0\0\1\0\0\0\1"};
    static const int lengths[] = {4, 4, 8, 8, 8};
    PGresult *result = row(bytes, lengths, 5);
    int number = 42;

    for (size_t i = 2; i < UNIT_COUNT(bytes); i++)
        ck_assert(!pgsql_int(result, 0, i, &number));
    ck_assert_int_eq(number, 42);
    ck_assert(pgsql_int(result, 0, 0, &number));
    ck_assert_int_eq(number, INT_MAX);
    ck_assert(pgsql_int(result, 0, 1, &number));
    ck_assert_int_eq(number, INT_MIN);
    pgsql_result_free(result);
}
END_TEST

/* Nor must one of its times be more than a sum of times holds. */
START_TEST(a_time_that_could_be_none_is_none)
{
    static const struct {
        const char *bytes;
        int64_t seconds; /* -1: it is none */
        int64_t us;
    } cases[] = {
        {"\0\0\0\0\0\0\0\0", 0, 0},
        {"\0\0\0\0\0\0\7\xd0", 2000, 2000},
        {"\xff\xff\xff\xff\xff\xff\xff\xff", -1, -1},
        {"\0\0\0\x3a\xff\xf4\x41\x7f", ASP_TIME_MAX, ASP_TIME_MAX},
        {"\0\0\0\x3a\xff\xf4\x41\x80", -1, ASP_TIME_MAX + 1},
        {"\x03\x84\x44\x0c\xcc\x64\x1d\xc0", -1, ASP_TIME_MAX * 1000000},
        {"\x03\x84\x44\x0c\xcc\x64\x1d\xc1", -1, -1},
        {"\x80\0\0\0\0\0\0\0", -1, -1},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        const int length = 8;
        PGresult *result = row(&cases[i].bytes, &length, 1);
        time_t seconds = -1;
        int64_t us = -1;

        ck_assert_int_eq(pgsql_time(result, 0, 0, &seconds), cases[i].seconds >= 0);
        ck_assert_int_eq(seconds, cases[i].seconds);
        ck_assert_int_eq(pgsql_time_us(result, 0, 0, &us), cases[i].us >= 0);
        ck_assert_int_eq(us, cases[i].us);
        pgsql_result_free(result);
    }
}
END_TEST

START_TEST(what_is_no_store_of_ours_is_not_trusted)
{
    struct asp_error error = {0};

    ck_assert_int_eq(pgsql_not_ours(&error), ASP_UNSAFE);
    ck_assert_int_eq(error.status, ASP_UNSAFE);
}
END_TEST

START_TEST(what_is_no_number_is_none)
{
    static const char *const bytes[] = {"", "\0\0\1", "0123456789abcdef", NULL};
    static const int lengths[] = {0, 3, 16, -1};
    PGresult *result = row(bytes, lengths, 4);
    int64_t number = 42;

    for (size_t i = 0; i < UNIT_COUNT(bytes); i++)
        ck_assert(!pgsql_number(result, 0, i, &number));
    ck_assert_int_eq(number, 42);
    pgsql_result_free(result);
}
END_TEST

START_TEST(a_value_is_there_or_null_or_not_at_all)
{
    static const char *const values[] = {"a\0b", "", NULL};
    static const int lengths[] = {3, 0, -1};
    PGresult *result = row(values, lengths, 3);
    const uint8_t *bytes = NULL;
    size_t length = 42;

    ck_assert_uint_eq(pgsql_row_count(result), 1);
    ck_assert_uint_eq(pgsql_column_count(result), 3);
    ck_assert(pgsql_bytes(result, 0, 0, &bytes, &length));
    ck_assert_uint_eq(length, 3);
    ck_assert_mem_eq(bytes, "a\0b", 4);
    ck_assert(pgsql_bytes(result, 0, 1, &bytes, &length));
    ck_assert_uint_eq(length, 0);
    ck_assert(pgsql_has(result, 0, 2));
    ck_assert(!pgsql_bytes(result, 0, 2, &bytes, &length));
    ck_assert(!pgsql_has(result, 0, 3));
    ck_assert(!pgsql_bytes(result, 0, 3, &bytes, &length));
    ck_assert(!pgsql_has(result, 1, 0));
    ck_assert(!pgsql_bytes(result, 1, 0, &bytes, &length));
    pgsql_result_free(result);
    pgsql_result_free(NULL);
}
END_TEST

START_TEST(a_text_is_copied_where_it_has_room)
{
    static const char *const values[] = {"abcd", "abcde", "", NULL};
    static const int lengths[] = {4, 5, 0, -1};
    PGresult *result = row(values, lengths, 4);
    char to[5] = "none";
    char more[8] = "xxxxxxx";

    ck_assert(!pgsql_text(result, 0, 1, to, sizeof to));
    ck_assert(!pgsql_text(result, 0, 3, to, sizeof to));
    ck_assert(!pgsql_text(result, 0, 4, to, sizeof to));
    ck_assert_str_eq(to, "none");
    ck_assert(pgsql_text(result, 0, 0, to, sizeof to));
    ck_assert_str_eq(to, "abcd");
    ck_assert(pgsql_text(result, 0, 0, more, sizeof more));
    ck_assert_mem_eq(more, "abcd\0xx", sizeof more);
    ck_assert(pgsql_text(result, 0, 2, to, sizeof to));
    ck_assert_str_eq(to, "");
    pgsql_result_free(result);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, numbers_of_each_width_are_read);
    unit_add(suite, a_number_that_no_int_holds_is_none);
    unit_add(suite, a_time_that_could_be_none_is_none);
    unit_add(suite, what_is_no_store_of_ours_is_not_trusted);
    unit_add(suite, what_is_no_number_is_none);
    unit_add(suite, a_value_is_there_or_null_or_not_at_all);
    unit_add(suite, a_text_is_copied_where_it_has_room);
}

int main(void)
{
    return unit_run("pgsql_result", fill);
}
