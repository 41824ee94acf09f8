/* Labels that others wrote, and the characters that they are made of. */
#include "unit.h"

#include "asp/label.h"

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
    unsigned long got = 0;

    ck_assert_uint_eq(asp_utf8_next("", &got), 0);
    for (unsigned long value = 1; value < 0x120000; value++) {
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
        "\xbf\xbf",
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
        "\xf5\x80",
        "\xf5\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x90\x80\x80",
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
        unit_need(strstr(asp_label_fault(exact), "UTF-8") != NULL, "%zu", i);
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

START_TEST(of_a_text_that_is_no_label_the_first_rule_that_it_breaks_is_named)
{
    static const struct {
        const char *text;
        const char *word;
    } faults[] = {
        {"", "empty"},
        {"a\tb", "control character"},
        {"a\x7f", "control character"},
        {"\xc2\x85", "control character"},
        {"a\xe2\x80\xa8", "separator"},
        {"a\xe2\x80\xa9", "separator"},
        {"\xd8\x9c", "direction"},
        {"\xe2\x81\xa6\t", "direction"},
        {"\xff\t", "UTF-8"},
    };
    char longer[ASP_LABEL_CHARS + 3];

    for (size_t i = 0; i < UNIT_COUNT(faults); i++)
        ck_assert_msg(strstr(asp_label_fault(faults[i].text), faults[i].word) != NULL, "%zu", i);
    memset(longer, 'a', sizeof longer);
    strcpy(longer + ASP_LABEL_CHARS + 1, "\t");
    ck_assert_ptr_nonnull(strstr(asp_label_fault(longer), "64"));
    ck_assert_ptr_null(asp_label_fault("Phone"));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, every_character_of_unicode_is_read_and_the_right_ones_are_refused);
    unit_add(suite, a_character_written_longer_than_need_be_is_broken);
    unit_add(suite, broken_utf8_is_refused_and_never_read_past_its_end);
    unit_add(suite, a_label_has_1_to_64_characters_of_any_length);
    unit_add(suite, of_a_text_that_is_no_label_the_first_rule_that_it_breaks_is_named);
}

int main(void)
{
    return unit_run("label", fill);
}
