/* What libconfig must never be given, however it is written. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lesson: libconfig 1.5. */
START_TEST(a_number_outside_32_bits_is_refused_before_it_wraps)
{
    static const char *const bad[] = {
        "4294967321", /* 25 in 32 bits */
        "2147483648",
        "-2147483649",
        "+2147483648",
        "4294967295",
        "18446744073709551641", /* 25 in 64 bits */
        "99999999999999999999999999999999999999",
        "00000000000000000004294967321",
        "0x100000019",
        "0X100000019",
        "0x80000000",
        "0xffffffff",
        "-0x80000001",
        "0x10000000000000019",
        "4294967321L",
        "4294967321LL",
        "0x100000019L",
    };
    char text[128];

    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        (void)snprintf(text, sizeof text, "\nlimit = %s;", bad[i]);
        unit_conf_is_bad(text, 2, "32 bits");
        (void)snprintf(text, sizeof text, "limit=\n%s", bad[i]);
        unit_conf_is_bad(text, 2, "32 bits");
        (void)snprintf(text, sizeof text, "hash:{passes=%s;}", bad[i]);
        unit_conf_is_bad(text, 1, "32 bits");
        (void)snprintf(text, sizeof text, "guarded = (1,%s)", bad[i]);
        unit_conf_is_bad(text, 1, "32 bits");
        (void)snprintf(text, sizeof text, "limit = /* x */%s;", bad[i]);
        unit_conf_is_bad(text, 1, "32 bits");
    }
}
END_TEST

/* Within 32 bits it is for the key to say. */
START_TEST(a_number_within_32_bits_is_the_keys_to_refuse)
{
    unit_conf_is_bad("limit = 2147483647;", 1, "from 1 to 500");
    unit_conf_is_bad("limit = -2147483648;", 1, "from 1 to 500");
    unit_conf_is_bad("limit = 0x7fffffff;", 1, "from 1 to 500");
    unit_conf_is_bad("limit = -25;", 1, "from 1 to 500");
    unit_conf_is_good("limit = 0x19;");
    unit_conf_is_good("limit = 0X19;");
    unit_conf_is_good("limit = +25;");
    unit_conf_is_good("limit = 25");
}
END_TEST

/* libconfig 1.8 reads the first, in 64 bits where that is what they need; 1.5 does not. With a zero
 * before it a number is decimal for 1.5 and octal for 1.7. */
START_TEST(a_number_that_versions_of_libconfig_read_in_two_ways_is_refused)
{
    static const char *const bad[] = {
        "0b11001", "0B1",  "0o31", "0O31", "0q31",  "0Q31", "-0b1",
        "010",     "-010", "08",   "00",   "0_100", "1_00", "0b100000000000000000000000000011001"};
    char text[128];

    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        (void)snprintf(text, sizeof text, "\nlimit = %s;", bad[i]);
        unit_conf_is_bad(text, 2, "decimal");
    }
}
END_TEST

START_TEST(a_number_in_a_comment_or_a_text_is_nobodys_loss)
{
    unit_conf_is_good("# 4294967321\nlimit = 25;");
    unit_conf_is_good("// 4294967321\nlimit = 25;");
    unit_conf_is_good("/* 4294967321\n 4294967321 */ limit = 25;");
    unit_conf_is_good("limit = 25; # 4294967321");
    unit_conf_is_good("limit = 25; // \" 4294967321");
    unit_conf_is_good("/**/limit/* 4294967321 */ = 25;");
    unit_conf_is_good("/***/limit = 25;/* ** / 4294967321 */");
    unit_conf_is_good("store = \"/x/4294967321\";");
    unit_conf_is_good("store = \"/x/ \\\" 4294967321\";");
    unit_conf_is_good("store = \"/x/\\\\\"; # \" 4294967321");
    unit_conf_is_good("store = \"/x/# 4294967321\";");
    unit_conf_is_good("store = \"/x//* 4294967321\";");
    unit_conf_is_good("store = \"/x\n4294967321\";");
}
END_TEST

/* What ends a comment or a text, and what only looks like it. */
START_TEST(a_number_after_a_comment_or_a_text_counts)
{
    unit_conf_is_bad("# x\nlimit = 4294967321;", 2, "32 bits");
    unit_conf_is_bad("// /*\nlimit = 4294967321;", 2, "32 bits");
    unit_conf_is_bad("# \"\nlimit = 4294967321;", 2, "32 bits");
    unit_conf_is_bad("/* # */ limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("/* // */ limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("/* \" */ limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("/*/*/ limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("/**/ limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("store = \"/*\"; limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("store = \"/#\"; limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("store = \"/\\\\\"; limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("store = \"/\\\"\"; limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("store = \"/\\\n\"; limit = 4294967321;", 2, "32 bits");
    unit_conf_is_bad("store = \"/\\\"a\"; limit = 4294967321;", 1, "32 bits");
    unit_conf_is_bad("limit = 1; history =4294967321", 1, "32 bits");
    unit_conf_is_bad("a-1 = 4294967321;", 1, "32 bits");
}
END_TEST

START_TEST(a_number_within_a_name_is_none)
{
    unit_conf_is_bad("limit4294967321 = 1;", 1, "limit4294967321");
    unit_conf_is_bad("a-4294967321 = 1;", 1, "a-4294967321");
    unit_conf_is_bad("*4294967321 = 1;", 1, "*4294967321");
}
END_TEST

/* Lesson: libconfig. */
START_TEST(an_include_is_refused_in_every_form)
{
    static const char *const forms[] = {
        "@include \"/etc/passwd\"",
        "@include \".\"",
        " @include \"x\"",
        "\t @include \"x\"",
        "@include\t\"x\"",
        "@include \"\"",
        "@include",
        "@includes \"x\"",
        "limit = 1; @include \"x\"",
        "hash: { @include \"x\" };",
        "hash:\n{\n@include \"x\"\n};",
        "/* */ @include \"x\"",
        "/*\n*/@include \"x\"",
        "# x\n@include \"x\"",
        "limit = 1; # x\n  @include \"x\"",
        "limit = 1;\r\n@include \"x\"\r\n",
        "@INCLUDE \"x\"",
        "limit = @include \"x\"",
        "@",
    };
    /* libconfig looks for it at the start of each line, whatever it is in. */
    static const char *const hidden[] = {
        "store = \"/a\n@include \\\"x\\\"\";",
        "/*\n@include \"x\"\n*/",
    };

    for (size_t i = 0; i < UNIT_COUNT(forms); i++) {
        struct asp_error error;

        unit_need(unit_conf_read(forms[i], strlen(forms[i]), &error) == ASP_INVALID, "%s",
                  forms[i]);
        unit_need(strstr(error.text, "@include is not allowed") != NULL, "%s: %s", forms[i],
                  error.text);
    }
    for (size_t i = 0; i < UNIT_COUNT(hidden); i++)
        unit_conf_is_bad(hidden[i], 2, "@include");
    unit_conf_is_bad("limit = 1;\n\n  @include \"x\"", 3, "@include");
}
END_TEST

START_TEST(an_include_that_is_only_spoken_of_is_none)
{
    unit_conf_is_good("# @include \"x\"\nlimit = 25;");
    unit_conf_is_good("limit = 25; // no @include here");
    unit_conf_is_good("/* no @include here */ limit = 25;");
    unit_conf_is_good("store = \"/@include\";");
}
END_TEST

START_TEST(a_nul_byte_is_refused_wherever_it_is)
{
    unit_conf_is_bad_bytes("\0", 1, 1, "NUL");
    unit_conf_is_bad_bytes("limit = 25;\n\0", 13, 2, "NUL");
    unit_conf_is_bad_bytes("limit = 25;\0limit = bad", 23, 1, "NUL");
    unit_conf_is_bad_bytes("# \0\n", 4, 1, "NUL");
    unit_conf_is_bad_bytes("/* \0 */", 7, 1, "NUL");
    unit_conf_is_bad_bytes("store = \"/a\0b\";", 15, 1, "NUL");
    unit_conf_is_bad("store = \"/a\\x00b\";", 1, "NUL");
    unit_conf_is_bad("\nstore = \"/a\\X00b\";", 2, "NUL");
    unit_conf_is_bad("store = \"\\x00\";", 1, "NUL");
    unit_conf_is_bad("store = \"/a\\\\\\x00\";", 1, "NUL");
    unit_conf_is_good("store = \"/a\\\\x00\";"); /* a backslash, and then x00 */
    unit_conf_is_good("store = \"/a\\x01\";");
    unit_conf_is_good("# \\x00\nlimit = 25;");
}
END_TEST

START_TEST(brackets_are_nested_to_a_depth_and_no_deeper)
{
    char text[4096];
    size_t at;

    for (size_t depth = 1; depth <= 1000; depth += depth < 12 ? 1 : 200) {
        struct asp_error error;

        at = (size_t)sprintf(text, "guarded = ");
        memset(text + at, '(', depth);
        memset(text + at + depth, ')', depth);
        strcpy(text + at + 2 * depth, ";");
        unit_need(unit_conf_read(text, strlen(text), &error) == (depth == 1 ? ASP_OK : ASP_INVALID),
                  "%zu", depth);
        unit_need((strstr(error.text, "brackets") != NULL) == (depth > 8), "%zu: %s", depth,
                  error.text);
    }
    unit_conf_is_good("store = \"/((((((((((((\"; # {{{{{{{{{{{{\n/* [[[[[[[[[[[[ */");
    unit_conf_is_bad("hash:\n{\n", 2, "bracket is not closed");
    unit_conf_is_bad("guarded =\n(\n[\n] \n", 2, "bracket is not closed");
    unit_conf_is_bad("hash: };", 1, "syntax");
}
END_TEST

/* libconfig makes one of them: `"asp-admin" "sshd"` guards neither. */
START_TEST(a_text_behind_another_is_refused)
{
    static const char *const between[] = {"", " ", "\n", "\t\r\n", "/* , */", " # ,\n", "// \"\n"};
    char text[128];

    for (size_t i = 0; i < UNIT_COUNT(between); i++) {
        (void)snprintf(text, sizeof text, "guarded = [ \"a\"%s\"b\" ];", between[i]);
        unit_conf_is_bad(text, strchr(between[i], '\n') != NULL ? 2 : 1, "a comma");
        (void)snprintf(text, sizeof text, "guarded = [ \"a\"%s,%s\"b\" ];", between[i], between[i]);
        unit_conf_is_good(text);
        (void)snprintf(text, sizeof text, "store = \"/a\"%s; web = 1;", between[i]);
        unit_conf_is_bad(text, strchr(between[i], '\n') != NULL ? 2 : 1, "web");
    }
}
END_TEST

/* 1.5 reads two characters, 1.8 one. */
START_TEST(what_versions_of_libconfig_read_in_two_ways_in_a_text_is_refused)
{
    unit_conf_is_bad("self_service: { group = \"CORP\\admins\"; };", 1, "backslash");
    unit_conf_is_bad("\nguarded = [ \"\\\\\\b\" ];", 2, "backslash");
    unit_conf_is_bad("guarded = [ \"x\\v\" ];", 1, "backslash");
    unit_conf_is_good("self_service: { group = \"CORP\\\\admins\"; };");
    unit_conf_is_good("# \\a \\b \\v");
}
END_TEST

START_TEST(other_text_is_refused_with_its_line)
{
    unit_conf_is_bad("limit\n= x;", 2, "whole number");
    unit_conf_is_bad("\n\n\nlimit 25;", 4, "syntax");
    unit_conf_is_bad("store = \"/a\n\n", 1, "text is not closed");
    unit_conf_is_bad("\nstore = \"/a\\\"", 2, "text is not closed");
    unit_conf_is_bad("limit = 25; /* a comment\n", 1, "comment is not closed");
    unit_conf_is_bad("\n/*/", 2, "comment is not closed");
    unit_conf_is_bad("/*\n*/\n!", 3, "syntax");
    unit_conf_is_bad("\xef\xbb\xbflimit = 25;", 1, "byte order mark");
    unit_conf_is_good("");
    unit_conf_is_good("\n\r\n\t \f");
    unit_conf_is_good("# a comment without a line end");
    unit_conf_is_good("limit = 25; // a comment without a line end");
    unit_conf_is_good("limit = 25 history = 5");
    unit_conf_is_good("limit : 25, history = 5;");
    unit_conf_is_good("limit = 25;\r\nhistory = 5;\r\n");
}
END_TEST

/* As large as a file may be: bounded in time too. */
START_TEST(a_huge_text_is_read_in_its_time)
{
    size_t size = 256 * 1024;
    char *text = malloc(size + 1);
    struct asp_error error;
    long long begin = now_ms();
    size_t at;

    ck_assert_ptr_nonnull(text);
    memset(text, ' ', size);
    text[size] = '\0';
    ck_assert_int_eq(unit_conf_read(text, size, &error), ASP_OK);
    memset(text, '"', size);
    text[size - 1] = ' ';
    ck_assert_int_eq(unit_conf_read(text, size, &error), ASP_INVALID);
    memset(text, '/', size);
    ck_assert_int_eq(unit_conf_read(text, size, &error), ASP_OK);
    memset(text, '9', size);
    ck_assert_int_eq(unit_conf_read(text, size, &error), ASP_INVALID);
    memset(text, 'a', size);
    ck_assert_int_eq(unit_conf_read(text, size, &error), ASP_INVALID);
    at = (size_t)sprintf(text, "guarded = [ \"a\"");
    while (at + 32 < size)
        at += (size_t)sprintf(text + at, ",\"a\"");
    strcpy(text + at, "];");
    ck_assert_int_eq(unit_conf_read(text, strlen(text), &error), ASP_OK);
    if (!unit_is_watched())
        ck_assert_int_lt(now_ms() - begin, 20000);
    free(text);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_text_behind_another_is_refused);
    unit_add(suite, what_versions_of_libconfig_read_in_two_ways_in_a_text_is_refused);
    unit_add(suite, a_number_outside_32_bits_is_refused_before_it_wraps);
    unit_add(suite, a_number_within_32_bits_is_the_keys_to_refuse);
    unit_add(suite, a_number_that_versions_of_libconfig_read_in_two_ways_is_refused);
    unit_add(suite, a_number_in_a_comment_or_a_text_is_nobodys_loss);
    unit_add(suite, a_number_after_a_comment_or_a_text_counts);
    unit_add(suite, a_number_within_a_name_is_none);
    unit_add(suite, an_include_is_refused_in_every_form);
    unit_add(suite, an_include_that_is_only_spoken_of_is_none);
    unit_add(suite, a_nul_byte_is_refused_wherever_it_is);
    unit_add(suite, brackets_are_nested_to_a_depth_and_no_deeper);
    unit_add(suite, other_text_is_refused_with_its_line);
    unit_add(suite, a_huge_text_is_read_in_its_time);
}

int main(void)
{
    return unit_run("conf_text", fill);
}
