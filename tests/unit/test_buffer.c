/* The text that grows, and what is written into it: numbers, times, values in quotes. */
#include "unit.h"

#include "asp/buffer.h"
#include "asp/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_host_is_what_looks_like_an_address_or_a_name)
{
    static const char *const good[] = {
        "192.0.2.7",        "::1",       "::", "2001:db8::7",       "fe80::1%eth0",
        "::ffff:192.0.2.7", "localhost", "a",  "MAIL.example.org.", "a-b_c.example",
        "127.0.0.1",
    };
    static const char *const bad[] = {
        "",         ".example",
        "-a",       "_a",
        "%eth0",    " a",
        "a ",       "a b",
        "a\n",      "a\"",
        "a\\",      "a\x1b[m",
        "a=b",      "a/b",
        "a,b",      "a;b",
        "\xc3\xa9", "a\x80",
        "a'",       "a@b",
        "a[b]",     "verdict=accepted x",
        "a\x7f",
    };
    char host[ASP_HOST_MAX + 2];

    for (size_t i = 0; i < UNIT_COUNT(good); i++)
        unit_need(asp_host_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        unit_need(!asp_host_valid(bad[i]), "%s", bad[i]);
    memset(host, 'a', sizeof host);
    host[ASP_HOST_MAX] = '\0';
    ck_assert(asp_host_valid(host));
    host[ASP_HOST_MAX] = 'a';
    host[ASP_HOST_MAX + 1] = '\0';
    ck_assert(!asp_host_valid(host));
}
END_TEST

START_TEST(every_byte_of_a_host_is_of_a_few)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        const char first[] = {(char)byte, '\0'};
        const char inner[] = {'a', (char)byte, '\0'};
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || byte == ':';

        unit_need(asp_host_valid(first) == plain, "%u", byte);
        unit_need(asp_host_valid(inner) == (plain || strchr("-._%", (int)byte) != NULL), "%u",
                  byte);
    }
}
END_TEST

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

static void fill(Suite *suite)
{
    unit_add(suite, a_host_is_what_looks_like_an_address_or_a_name);
    unit_add(suite, every_byte_of_a_host_is_of_a_few);
    unit_add(suite, text_grows_to_any_length);
    unit_add(suite, numbers_times_and_quotes_are_written);
    unit_add(suite, a_logged_value_shows_every_byte_that_is_no_printable_ascii_as_hex);
    unit_add(suite, a_missing_value_is_logged_as_a_dash_and_an_empty_one_as_quotes);
    unit_add(suite, without_memory_it_fails_once_and_for_all);
}

int main(void)
{
    return unit_run("text", fill);
}
