/* The text that grows, and what is written into it: numbers, times, values in quotes. */
#include "unit.h"

#include "asp/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(text_grows_to_any_length)
{
    struct asp_buffer out = {0};
    char *expected = calloc(1, 20001);

    ck_assert_ptr_nonnull(expected);
    for (size_t i = 0; i < 20000; i++) {
        const char byte = (char)('a' + i % 26);

        expected[i] = byte;
        asp_buffer_add_bytes(&out, &byte, 1);
        unit_need(out.length == i + 1, "%zu", i);
    }
    ck_assert_str_eq(out.text, expected);
    asp_buffer_add(&out, expected);
    ck_assert_uint_eq(out.length, 40000);
    ck_assert_str_eq(out.text + 20000, expected);
    ck_assert(!out.failed);
    asp_buffer_free(&out);
    ck_assert_ptr_null(out.text);
    free(expected);
}
END_TEST

START_TEST(numbers_times_and_quotes_are_written)
{
    struct asp_buffer out = {0};

    asp_buffer_add_number(&out, 0);
    asp_buffer_add(&out, " ");
    asp_buffer_add_number(&out, 18446744073709551615ULL);
    asp_buffer_add(&out, " ");
    asp_buffer_add_time(&out, 1700000000);
    asp_buffer_add(&out, " ");
    asp_buffer_add_stored(&out, "a\"b\\c\xc3\xa9 d");
    ck_assert_str_eq(out.text,
                     "0 18446744073709551615 2023-11-14T22:13:20Z \"a\\\"b\\\\c\xc3\xa9 d\"");
    asp_buffer_free(&out);
}
END_TEST

START_TEST(a_logged_value_shows_every_byte_that_is_no_printable_ascii_as_hex)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        const char value[] = {'a', (char)byte, 'z', '\0'};
        struct asp_buffer out = {0};
        char expected[16];

        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
            (void)snprintf(expected, sizeof expected, "\"a\\x%02xz\"", byte);
        else
            (void)snprintf(expected, sizeof expected, "\"a%cz\"", (char)byte);
        asp_buffer_add_logged(&out, value);
        ck_assert_str_eq(out.text, expected);
        asp_buffer_free(&out);
    }
}
END_TEST

START_TEST(of_what_a_screen_is_not_to_show_every_byte_is_written)
{
    struct asp_buffer out = {0};

    asp_buffer_add_visible(&out, "a\tb\xc2\x85"
                                 "c\xe2\x80\xae"
                                 "d\xff\xc3\xa9\xe2\x80");
    ck_assert_str_eq(out.text, "a\\x09b\\xc2\\x85c\\xe2\\x80\\xaed\\xff\xc3\xa9\\xe2\\x80");
    asp_buffer_free(&out);
}
END_TEST

START_TEST(a_missing_value_is_logged_as_a_dash_and_an_empty_one_as_quotes)
{
    struct asp_buffer out = {0};

    asp_buffer_add_logged(&out, NULL);
    asp_buffer_add_logged(&out, "");
    ck_assert_str_eq(out.text, "-\"\"");
    asp_buffer_free(&out);
}
END_TEST

START_TEST(without_memory_it_fails_once_and_for_all)
{
    static const struct unit_plan no_memory = {
        .call = "malloc", .first = 1, .times = 1, .number = ENOMEM};
    struct asp_buffer out = {0};
    char long_text[1000];

    asp_buffer_add(&out, "begin");
    memset(long_text, 'x', sizeof long_text);
    unit_calls_begin(&no_memory);
    asp_buffer_add_bytes(&out, long_text, sizeof long_text);
    ck_assert(unit_calls_end());
    ck_assert(out.failed);
    asp_buffer_add(&out, "more");
    ck_assert(out.failed);
    ck_assert_str_eq(out.text, "begin");
    asp_buffer_free(&out);
    ck_assert(!out.failed);
}
END_TEST

START_TEST(a_text_on_lent_room_needs_no_memory_and_ends_with_the_room)
{
    char room[8];
    struct asp_buffer out = asp_buffer_on(room, sizeof room);

    unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = 1});
    asp_buffer_add(&out, "seven");
    asp_buffer_add(&out, "..");
    unit_need(!out.failed, "seven letters have room");
    asp_buffer_add(&out, ".");
    ck_assert(!unit_calls_end());
    ck_assert(out.failed);
    ck_assert_str_eq(out.text, "seven..");
    asp_buffer_free(&out);
    ck_assert_ptr_null(out.text);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, text_grows_to_any_length);
    unit_add(suite, numbers_times_and_quotes_are_written);
    unit_add(suite, a_logged_value_shows_every_byte_that_is_no_printable_ascii_as_hex);
    unit_add(suite, of_what_a_screen_is_not_to_show_every_byte_is_written);
    unit_add(suite, a_missing_value_is_logged_as_a_dash_and_an_empty_one_as_quotes);
    unit_add(suite, without_memory_it_fails_once_and_for_all);
    unit_add(suite, a_text_on_lent_room_needs_no_memory_and_ends_with_the_room);
}

int main(void)
{
    return unit_run("buffer", fill);
}
