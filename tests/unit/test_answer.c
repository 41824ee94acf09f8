/* The answer of a command that has rows: nothing is said to be none for lack of memory. */
#include "unit.h"

#include "asp-admin/ui/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char out[256];
static char err[256];

static bool note(void *context, enum console_stream stream, const char *text, size_t length)
{
    char *to = stream == CONSOLE_OUT ? out : err;

    (void)context;
    unit_need(strlen(to) + length < sizeof out, "%s%s", to, text);
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

START_TEST(a_cell_that_had_no_memory_is_no_empty_one)
{
    struct asp_buffer empty = {0};
    struct asp_buffer none = {.failed = true};
    struct table table = heading();

    ck_assert_str_eq(table_cell(&empty), "");
    table_add(&table, 2, (const char *[]){"7k", table_cell(&none)});
    ck_assert(!answer(false, NULL, &table));
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(err, "asp-admin: out of memory\n");
}
END_TEST

/* Also of what makes the text of a document, at each of its allocations. */
START_TEST(a_document_is_whole_or_it_is_none)
{
    unsigned at = 1;

    for (bool failed = true; failed; at++) {
        json_t *document = json_pack("[{s:s, s:s}]", "id", "7k", "label", "Old phone");
        struct asp_buffer line = {0};

        ck_assert_ptr_nonnull(document);
        unit_calls_begin(
            &(const struct unit_plan){.call = "malloc", .first = at, .times = 1, .number = ENOMEM});
        json_add_line(&line, document);
        failed = unit_calls_end();
        ck_assert(line.failed == failed);
        if (!failed)
            ck_assert_str_eq(line.text, "[{\"id\":\"7k\",\"label\":\"Old phone\"}]\n");
        asp_buffer_free(&line);
    }
    ck_assert_uint_gt(at, 3);
}
END_TEST

static const struct shape {
    size_t width;
    const char *text;
} shapes[] = {
    {80, "ID  LABEL\n7k  Old phone of the office upstairs\n    only from here\n"},
    {24, "ID  LABEL\n7k  Old phone of the\n    office upstairs\n    only from here\n"},
    {19, "ID      7k\nLABEL   Old phone\n        of the\n        office\n        upstairs\n"
         "LIMITS  only from\n        here\n"},
};

/* On a terminal, at each of its allocations: as a table, broken in a column, and as blocks. */
START_TEST(a_screen_is_whole_or_it_is_none)
{
    const struct console screen = {
        .program = "asp-admin", .write = note, .terminal = true, .width = shapes[_i].width};
    unsigned at = 1;

    for (bool failed = true; failed; at++) {
        struct table table = heading();
        bool written;

        out[0] = err[0] = '\0';
        table_add_below(&table, "LIMITS");
        unit_calls_begin(
            &(const struct unit_plan){.call = "malloc", .first = at, .times = 1, .number = ENOMEM});
        table_add(&table, 2, (const char *[]){"7k", "Old phone of the office upstairs"});
        table_add_below(&table, "only from here");
        written = answer_write(&screen, false, NULL, &table, "nothing\n");
        failed = unit_calls_end();
        ck_assert(written == !failed);
        ck_assert_str_eq(out, failed ? "" : shapes[_i].text);
        ck_assert_str_eq(err, failed ? "asp-admin: out of memory\n" : "");
    }
    ck_assert_uint_gt(at, 4);
}
END_TEST

START_TEST(a_line_of_error_needs_no_memory)
{
    out[0] = err[0] = '\0';
    unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = 1, .number = ENOMEM});
    (void)fail_with(&console, EXIT_STORE, "out of %s\n", "memory");
    ck_assert(!unit_calls_end());
    ck_assert_str_eq(err, "asp-admin: out of memory\\x0a\n");
}
END_TEST

START_TEST(a_text_that_is_no_utf8_is_shown_as_the_log_has_it_and_one_that_is_never)
{
    json_t *text = json_from_text("l\xc3\xb6st");

    ck_assert_str_eq(json_string_value(text), "l\xc3\xb6st");
    json_decref(text);
    text = json_from_text("l\xf6st");
    ck_assert_str_eq(json_string_value(text), "l\\xf6st");
    json_decref(text);
    unit_calls_begin(
        &(const struct unit_plan){.call = "malloc", .first = 1, .times = 1, .number = ENOMEM});
    text = json_from_text("l\xc3\xb6st");
    ck_assert(unit_calls_end());
    ck_assert_ptr_null(text);
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

enum { MANY = 600 };

static struct asp_buffer kept;

static bool keep(void *context, enum console_stream stream, const char *text, size_t length)
{
    (void)context;
    ck_assert_int_eq(stream, CONSOLE_OUT);
    asp_buffer_add_bytes(&kept, text, length);
    return !kept.failed;
}

/* The last one is the widest. */
static json_t *document_of(const void *context, size_t row)
{
    (void)context;
    return json_pack("{s:I, s:s, s:n}", "id", (json_int_t)row, "label",
                     row + 1 < MANY ? "Old\nphone" : "Phone of the office upstairs", "used");
}

static void add_row(const void *context, size_t row, struct table *table)
{
    struct asp_buffer id = {0};

    (void)context;
    asp_buffer_add_number(&id, row);
    table_add(table, 2,
              (const char *[]){table_cell(&id), row + 1 < MANY ? "Old phone"
                                                               : "Phone of the office "
                                                                 "upstairs"});
    asp_buffer_free(&id);
}

static const struct {
    bool json;
    bool terminal;
    size_t width;
} looks[] = {
    {true, false, 80}, {false, false, 80}, {false, true, 80}, {false, true, 24}, {false, true, 12}};

/* On a terminal: as a table, broken in a column, and as blocks. */
START_TEST(rows_that_are_not_kept_look_as_if_they_were)
{
    const struct console at = {.program = "asp-admin",
                               .write = keep,
                               .terminal = looks[_i].terminal,
                               .width = looks[_i].width};
    const bool json = looks[_i].json;

    for (size_t count = 0; count <= MANY; count += MANY / 2) {
        const struct answer_rows rows = {count, NULL, document_of, add_row};
        json_t *array = json ? json_array() : NULL;
        struct table table = heading();
        struct table again = heading();
        char *expected;

        for (size_t i = 0; i < count; i++) {
            if (json)
                json_add(&array, document_of(NULL, i));
            else
                add_row(NULL, i, &table);
        }
        ck_assert(answer_write(&at, json, array, &table, "nothing\n"));
        expected = strdup(kept.text);
        ck_assert_ptr_nonnull(expected);
        kept.length = 0;
        ck_assert(answer_write_rows(&at, json, &rows, &again, "nothing\n"));
        ck_assert_str_eq(kept.text, expected);
        kept.length = 0;
        free(expected);
    }
    asp_buffer_free(&kept);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, rows_that_are_not_kept_look_as_if_they_were, UNIT_COUNT(looks));
    unit_add(suite, a_table_without_rows_is_the_line_for_none);
    unit_add(suite, a_row_that_had_no_memory_is_not_none);
    unit_add(suite, a_cell_that_had_no_memory_is_no_empty_one);
    unit_add(suite, a_document_is_whole_or_it_is_none);
    unit_loop(suite, a_screen_is_whole_or_it_is_none, UNIT_COUNT(shapes));
    unit_add(suite, a_line_of_error_needs_no_memory);
    unit_add(suite, a_text_that_is_no_utf8_is_shown_as_the_log_has_it_and_one_that_is_never);
    unit_add(suite, a_document_that_had_no_memory_is_no_table);
    unit_add(suite, an_element_that_had_no_memory_takes_the_document_with_it);
}

int main(void)
{
    return unit_run("answer", fill);
}
