/* Labels and hosts that others wrote, and the text that grows. */
#include "unit.h"

#include "asp/buffer.h"
#include "asp/label.h"
#include "asp/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* UTF-8 of any number, also of those that have none (RFC 3629), in `length` bytes. */
static void utf8(unsigned long value, size_t length, char *text)
{
    static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0, 0xf8};

    for (size_t i = length; i-- > 1; value >>= 6)
        text[i] = (char)(0x80 | (value & 0x3f));
    text[0] = (char)(lead[length] | value);
    text[length] = '\0';
}

static size_t utf8_length(unsigned long value)
{
    return value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
}

static bool is_surrogate(unsigned long value)
{
    return value >= 0xd800 && value <= 0xdfff;
}

/* Characters of the general category Cc, the two separators, and UAX #9's twelve. */
static bool is_refused(unsigned long value)
{
    static const unsigned long others[] = {
        0x2028, 0x2029, 0x061c, 0x200e, 0x200f, 0x202a, 0x202b,
        0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069,
    };

    for (size_t i = 0; i < UNIT_COUNT(others); i++) {
        if (others[i] == value)
            return true;
    }
    return value <= 0x1f || (value >= 0x7f && value <= 0x9f);
}

START_TEST(every_character_of_unicode_is_read_and_the_right_ones_are_refused)
{
    char text[8];

    for (unsigned long value = 1; value < 0x120000; value++) {
        unsigned long got = 0;
        size_t length = utf8_length(value);
        bool exists = value <= 0x10ffff && !is_surrogate(value);

        utf8(value, length, text);
        unit_need(asp_utf8_next(text, &got) == (exists ? length : 0), "U+%lX", value);
        unit_need(!exists || got == value, "U+%lX", value);
        unit_need(asp_is_control(value) == is_refused(value), "U+%lX", value);
        unit_need(asp_label_valid(text) == (exists && !is_refused(value)), "U+%lX", value);
    }
}
END_TEST

START_TEST(a_character_written_longer_than_need_be_is_broken)
{
    char text[8];

    for (unsigned long value = 0; value < 0x10000; value++) {
        for (size_t length = utf8_length(value) + 1; length <= 4; length++) {
            unsigned long got = 0;

            utf8(value, length, text);
            unit_need(asp_utf8_next(text, &got) == 0, "U+%lX in %zu", value, length);
        }
    }
}
END_TEST

/* Each text is of its very size, so that a read behind its end is seen by a sanitizer. */
START_TEST(broken_utf8_is_refused_and_never_read_past_its_end)
{
    static const char *const broken[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xe2\x82",
        "\xe2\x28\xa1",
        "\xe2",
        "\xf0",
        "\xf0\x9f",
        "\xf0\x9f\x98",
        "\xf0\x28\x8c\xbc",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xfe",
        "\xff",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80",
        "ok\xff",
        "\xc3\xa9\xc3",
    };

    for (size_t i = 0; i < UNIT_COUNT(broken); i++) {
        char *exact = strdup(broken[i]);

        ck_assert_ptr_nonnull(exact);
        unit_need(!asp_label_valid(exact), "%zu", i);
        free(exact);
    }
}
END_TEST

START_TEST(a_label_has_1_to_64_characters_of_any_length)
{
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x93\xb1"};

    for (size_t i = 0; i < UNIT_COUNT(characters); i++) {
        char label[ASP_LABEL_SIZE + 4] = "";

        ck_assert(!asp_label_valid(label));
        for (size_t n = 1; n <= 64; n++) {
            strcat(label, characters[i]);
            ck_assert(asp_label_valid(label));
        }
        ck_assert_uint_lt(strlen(label), ASP_LABEL_SIZE);
        strcat(label, characters[i]);
        ck_assert(!asp_label_valid(label));
    }
    ck_assert(asp_label_valid(" "));
    ck_assert(asp_label_valid("Ann's \"old\" phone \\ 100 %"));
    ck_assert(!asp_label_valid("x\x1b[31m"));
    ck_assert(!asp_label_valid("x\n"));
}
END_TEST

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
    unit_add(suite, every_character_of_unicode_is_read_and_the_right_ones_are_refused);
    unit_add(suite, a_character_written_longer_than_need_be_is_broken);
    unit_add(suite, broken_utf8_is_refused_and_never_read_past_its_end);
    unit_add(suite, a_label_has_1_to_64_characters_of_any_length);
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
