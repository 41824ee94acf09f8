/* The answer of a command that has rows: nothing is said to be none for lack of memory. */
#include "unit.h"

#include "asp-admin/ui/answer.h"

#include <string.h>

static char out[256];
static char err[256];

static bool note(void *context, enum console_stream stream, const char *text, size_t length)
{
    char *to = stream == CONSOLE_OUT ? out : err;

    (void)context;
    ck_assert_uint_lt(strlen(to) + length, sizeof out);
    strncat(to, text, length);
    return true;
}

static const struct console console = {.program = "asp-admin", .write = note};

static bool answer(bool json, json_t *document, struct table *table)
{
    out[0] = err[0] = '\0';
    return answer_write(&console, json, document, table, "nothing\n");
}

static struct table heading(void)
{
    struct table table = {0};

    table_add(&table, 2, (const char *[]){"ID", "LABEL"});
    return table;
}

START_TEST(a_table_without_rows_is_the_line_for_none)
{
    struct table table = heading();

    ck_assert(answer(false, NULL, &table));
    ck_assert_str_eq(out, "nothing\n");
    ck_assert_str_eq(err, "");
}
END_TEST

START_TEST(a_row_that_had_no_memory_is_not_none)
{
    struct table table = heading();

    table.failed = true;
    ck_assert(!answer(false, NULL, &table));
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(err, "asp-admin: out of memory\n");
}
END_TEST

START_TEST(a_document_that_had_no_memory_is_no_table)
{
    struct table table = heading();

    ck_assert(!answer(true, NULL, &table));
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(err, "asp-admin: out of memory\n");
}
END_TEST

START_TEST(an_element_that_had_no_memory_takes_the_document_with_it)
{
    json_t *array = json_array();

    json_add(&array, json_string("one"));
    ck_assert_uint_eq(json_array_size(array), 1);
    json_add(&array, NULL);
    ck_assert_ptr_null(array);
    json_add(&array, json_string("two"));
    ck_assert_ptr_null(array);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_table_without_rows_is_the_line_for_none);
    unit_add(suite, a_row_that_had_no_memory_is_not_none);
    unit_add(suite, a_document_that_had_no_memory_is_no_table);
    unit_add(suite, an_element_that_had_no_memory_takes_the_document_with_it);
}

int main(void)
{
    return unit_run("answer", fill);
}
