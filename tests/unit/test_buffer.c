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

    /* The first that is there is one byte. */
    asp_buffer_add(&out, "b");
    asp_buffer_add(&out, expected);
    ck_assert_int_eq(out.text[0], 'b');
    ck_assert_str_eq(out.text + 1, expected);
    asp_buffer_free(&out);
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
        const char value[] = {(char)byte, (char)byte, 'z', '\0'};
        struct asp_buffer out = {0};
        char expected[16];

        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
            (void)snprintf(expected, sizeof expected, "\"\\x%02x\\x%02xz\"", byte, byte);
        else
            (void)snprintf(expected, sizeof expected, "\"%c%cz\"", (char)byte, (char)byte);
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
                                 "d\xff\xc3\xa9\xf0\x9f\x98 \xe2\x80");
    ck_assert_str_eq(out.text, "a\\x09b\\xc2\\x85c\\xe2\\x80\\xaed\\xff\xc3\xa9"
                               "\\xf0\\x9f\\x98 \\xe2\\x80");
    asp_buffer_free(&out);
}
END_TEST

/* RFC 3986, section 2.3. */
START_TEST(in_an_address_every_byte_is_itself_or_percent_and_two_digits)
{
    static const char itself[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789-._~";

    for (unsigned byte = 1; byte < 256; byte++) {
        const char value[] = {(char)byte, 'x', 'y', 'z', '\0'};
        struct asp_buffer out = {0};
        char expected[16];

        if (strchr(itself, (int)byte) != NULL)
            (void)snprintf(expected, sizeof expected, "%cxyz", (char)byte);
        else
            (void)snprintf(expected, sizeof expected, "%%%02Xxyz", byte);
        asp_buffer_add_percent(&out, value);
        ck_assert_str_eq(out.text, expected);
        asp_buffer_free(&out);
    }
}
END_TEST

START_TEST(a_value_that_is_missing_or_not_to_be_seen_is_logged_as_a_dash)
{
    struct asp_buffer out = {0};

    asp_buffer_add_logged(&out, NULL);
    asp_buffer_add_logged(&out, "");
    asp_buffer_add_logged(&out, "7kabc-defgh-jkmnp-qrstv-wxyz0");
    ck_assert_str_eq(out.text, "-\"\"-");
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

static bool holds(const char *room, size_t size, const char *text)
{
    return memmem(room, size, text, strlen(text)) != NULL;
}

START_TEST(nothing_is_left_of_it_where_it_stood)
{
    static const char held[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char room[64];
    struct asp_buffer lent = asp_buffer_on(room, sizeof room);
    struct asp_buffer out = {0};
    char *volatile given_back;
    size_t size;

    asp_buffer_add(&lent, held);
    ck_assert(holds(room, sizeof room, held + 24));
    asp_buffer_free(&lent);
    ck_assert(!holds(room, sizeof room, held + 24));
    if (unit_is_watched()) /* nobody gets what was given back */
        return;
    asp_buffer_add(&out, held);
    size = out.room;
    while (out.room == size)
        asp_buffer_add(&out, "more");
    given_back = malloc(size);
    ck_assert_ptr_nonnull(given_back);
    ck_assert(!holds(given_back, size, held + 24));
    free(given_back);
    asp_buffer_free(&out);
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
    unit_add(suite, in_an_address_every_byte_is_itself_or_percent_and_two_digits);
    unit_add(suite, a_value_that_is_missing_or_not_to_be_seen_is_logged_as_a_dash);
    unit_add(suite, without_memory_it_fails_once_and_for_all);
    unit_add(suite, nothing_is_left_of_it_where_it_stood);
    unit_add(suite, a_text_on_lent_room_needs_no_memory_and_ends_with_the_room);
}

int main(void)
{
    return unit_run("buffer", fill);
}
