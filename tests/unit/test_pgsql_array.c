/* Arrays as the database reads them. */
#include "unit.h"

#include "asp/pgsql/array.h"

START_TEST(an_array_of_none_is_empty)
{
    struct pgsql_array array = {0};

    ck_assert_str_eq(pgsql_array_text(&array), "{}");
    pgsql_array_free(&array);
}
END_TEST

START_TEST(whatever_a_text_has_in_it_stays_within_it)
{
    static const struct {
        const char *text;
        const char *written;
    } texts[] = {
        {"", "{\"\"}"},
        {"a", "{\"a\"}"},
        {"a,b", "{\"a,b\"}"},
        {"}{", "{\"}{\"}"},
        {"\"", "{\"\\\"\"}"},
        {"\\", "{\"\\\\\"}"},
        {"a\\\"", "{\"a\\\\\\\"\"}"},
        {"NULL", "{\"NULL\"}"},
        {"\n\t ", "{\"\n\t \"}"},
    };

    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        struct pgsql_array array = {0};

        pgsql_array_add(&array, texts[i].text);
        ck_assert_str_eq(pgsql_array_text(&array), texts[i].written);
        pgsql_array_free(&array);
    }
}
END_TEST

START_TEST(texts_stand_in_their_order)
{
    struct pgsql_array array = {0};

    pgsql_array_add(&array, "7k");
    pgsql_array_add(&array, "a\"b");
    pgsql_array_add(&array, "");
    ck_assert_str_eq(pgsql_array_text(&array), "{\"7k\",\"a\\\"b\",\"\"}");
    pgsql_array_free(&array);
}
END_TEST

START_TEST(a_number_is_its_decimals)
{
    struct pgsql_array array = {0};

    pgsql_array_add_number(&array, 0);
    pgsql_array_add_number(&array, INT64_MAX);
    pgsql_array_add_number(&array, INT64_MIN);
    ck_assert_str_eq(pgsql_array_text(&array),
                     "{\"0\",\"9223372036854775807\",\"-9223372036854775808\"}");
    pgsql_array_free(&array);
}
END_TEST

START_TEST(without_memory_there_is_none_and_not_a_part_of_it)
{
    static char text[5000];
    unsigned at = 0;
    bool whole = false;

    memset(text, 'a', sizeof text - 1);
    while (!whole) {
        struct pgsql_array array = {0};

        unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = ++at});
        pgsql_array_add(&array, "x");
        pgsql_array_add(&array, text);
        pgsql_array_add_number(&array, 7);
        whole = pgsql_array_text(&array) != NULL;
        (void)unit_calls_end();
        if (whole)
            ck_assert_uint_eq(array.text.length, sizeof "{\"x\",\"\",\"7\"}" - 1 + sizeof text - 1);
        pgsql_array_free(&array);
        ck_assert(array.text.text == NULL && array.text.length == 0 && !array.text.failed);
    }
    ck_assert_uint_gt(at, 2);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, an_array_of_none_is_empty);
    unit_add(suite, whatever_a_text_has_in_it_stays_within_it);
    unit_add(suite, texts_stand_in_their_order);
    unit_add(suite, a_number_is_its_decimals);
    unit_add(suite, without_memory_there_is_none_and_not_a_part_of_it);
}

int main(void)
{
    return unit_run("pgsql-array", fill);
}
