/* Texts as wide as the terminal: nothing is broken inside a word, and nothing is lost. */
#include "unit.h"

#include "asp-admin/ui/wrap.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static char shown[2048];

static const char *show(struct wrap wrap, const char *text)
{
    struct asp_buffer out = {0};

    wrap_add(&out, &wrap, text);
    unit_need(!out.failed && out.length < sizeof shown, "%zu bytes", out.length);
    strcpy(shown, out.text != NULL ? out.text : "");
    asp_buffer_free(&out);
    return shown;
}

#define WRAP(...) ((struct wrap){__VA_ARGS__})

START_TEST(what_goes_onto_a_line_stands_on_one)
{
    ck_assert_str_eq(show(WRAP(.width = 7), "one two"), "one two");
    ck_assert_str_eq(show(WRAP(.width = 0), "one  two three"), "one  two three");
    ck_assert_str_eq(show(WRAP(.width = 7), ""), "");
}
END_TEST

START_TEST(what_does_not_goes_on_below_at_the_indent)
{
    ck_assert_str_eq(show(WRAP(.width = 6), "one two"), "one\ntwo");
    ck_assert_str_eq(show(WRAP(.width = 10, .at = 4, .indent = 2), "one two three"),
                     "one\n  two\n  three");
    ck_assert_str_eq(show(WRAP(.width = 11, .at = 4, .indent = 4), "one two three"),
                     "one two\n    three");
}
END_TEST

START_TEST(a_longer_word_is_whole_as_far_to_the_right_as_it_goes)
{
    ck_assert_str_eq(show(WRAP(.width = 8, .at = 4, .indent = 4), "one seven77 two"),
                     "one\n seven77\n    two");
    ck_assert_str_eq(show(WRAP(.width = 5, .at = 4, .indent = 4), "seven77 two"),
                     "\nseven77\n  two");
}
END_TEST

START_TEST(the_ends_of_lines_and_what_they_begin_with_are_kept)
{
    ck_assert_str_eq(show(WRAP(.width = 9), "one\n  two three\n\nfour"),
                     "one\n  two\nthree\n\nfour");
    ck_assert_str_eq(show(WRAP(.width = 8, .indent = 2), "one two three\n"), "one two\n  three\n");
    ck_assert_str_eq(show(WRAP(.width = 8), "login password: "), "login\npassword: ");
}
END_TEST

START_TEST(wide_characters_and_marks_count_by_their_columns)
{
    ck_assert_uint_eq(wrap_columns("携帯電話"), 8);
    ck_assert_uint_eq(wrap_columns("cafe\xcc\x81"), 4);
    ck_assert_uint_eq(wrap_longest_word("a 携帯 abc"), 4);
    ck_assert_str_eq(show(WRAP(.width = 9), "携帯 電話"), "携帯 電話");
    ck_assert_str_eq(show(WRAP(.width = 8), "携帯 電話"), "携帯\n電話");
    ck_assert_str_eq(show(WRAP(.width = 4), "cafe\xcc\x81 x"), "cafe\xcc\x81\nx");
}
END_TEST

START_TEST(a_line_to_copy_is_whole_and_by_itself)
{
    static const char text[] = "in /etc/pam.d/imap write `auth required pam_a.so`, then "
                               "`auth sufficient pam_asp.so debug` above line 3, `auth x y`";

    ck_assert_str_eq(show(WRAP(.width = 200, .lines = true), text), text);
    ck_assert_str_eq(show(WRAP(.width = 40, .at = 6, .indent = 2, .lines = true), text),
                     "in /etc/pam.d/imap write\n"
                     "    auth required pam_a.so\n"
                     "  then\n"
                     "    auth sufficient pam_asp.so debug\n"
                     "  above line 3,\n"
                     "    auth x y");
    ck_assert_str_eq(
        show(WRAP(.width = 30, .lines = true), "write `auth sufficient pam_asp.so a=b`"),
        "write\nauth sufficient pam_asp.so a=b");
    ck_assert_str_eq(show(WRAP(.width = 12, .lines = true), "under `apps` or `a b c d e f g` or"),
                     "under `apps`\nor\na b c d e f g\nor");
    ck_assert_str_eq(show(WRAP(.width = 12, .lines = true), "one `two three four"),
                     "one `two\nthree four");
    ck_assert_str_eq(show(WRAP(.width = 12), "one `two three four`"), "one `two\nthree four`");
}
END_TEST

START_TEST(a_quote_in_quotes_does_not_end_a_command)
{
    ck_assert_str_eq(show(WRAP(.width = 30),
                          "say with --label: asp-admin revoke u --label 'it'\\''s: "
                          "asp-admin x, now'"),
                     "say with --label:\n"
                     "asp-admin revoke u --label 'it'\\''s: asp-admin x, now'");
}
END_TEST

START_TEST(a_command_to_copy_stands_whole_on_its_line)
{
    ck_assert_str_eq(
        show(WRAP(.width = 30, .indent = 2), "restore it, or drop it: asp-admin remove alice"),
        "restore it, or drop it:\n  asp-admin remove alice");
    ck_assert_str_eq(
        show(WRAP(.width = 45), "see: asp-admin list --config '/srv/a b, c/x', or wait a while"),
        "see:\nasp-admin list --config '/srv/a b, c/x',\nor wait a while");
    ck_assert_str_eq(show(WRAP(.width = 22), "do run asp-admin as root, or not"),
                     "do run\nasp-admin as root, or\nnot");
    ck_assert_str_eq(
        show(WRAP(.width = 40, .at = 6, .indent = 6), "chown root:root /var/lib/asp/users/a"),
        "\n    chown root:root /var/lib/asp/users/a");
    ck_assert_str_eq(show(WRAP(.width = 40, .at = 2, .indent = 2),
                          "put a copy there: install -m 644 a 'b c' && mv 'b c' a; or not"),
                     "put a copy there:\n  install -m 644 a 'b c' && mv 'b c' a;\n  or not");
    ck_assert_str_eq(show(WRAP(.width = 22), "there install the later version of it"),
                     "there install the\nlater version of it");
    ck_assert_str_eq(show(WRAP(.width = 12, .others = true), "asp-admin list of mine"),
                     "asp-admin\nlist of mine");
    ck_assert_str_eq(show(WRAP(.width = 30), "say asp-admin list: it helps"),
                     "say asp-admin list: it helps");
}
END_TEST

START_TEST(an_option_keeps_its_value_and_brackets_stay_together)
{
    static const char line[] = "USER (ID... | --label TEXT | --all) [--reason TEXT]";

    ck_assert_str_eq(show(WRAP(.width = 32, .usage = true), line),
                     "USER\n(ID... | --label TEXT | --all)\n[--reason TEXT]");
    ck_assert_str_eq(show(WRAP(.width = 20, .indent = 2, .usage = true), line),
                     "USER (ID... |\n  --label TEXT |\n  --all)\n  [--reason TEXT]");
}
END_TEST

START_TEST(every_word_is_there_at_every_width_and_no_line_is_longer)
{
    static const char text[] = "the primary passwords of 12 of 300 users seem to have changed at "
                               "once: nothing was revoked";

    for (size_t width = 12; width < 100; width++) {
        char *wrapped = strdup(show(WRAP(.width = width, .at = 3, .indent = 1), text));
        size_t used = 3;

        for (char *c = wrapped; *c != '\0'; c++) {
            used = *c == '\n' ? 0 : used + 1;
            unit_need(used <= width, "%zu of %zu: %s", used, width, wrapped);
        }
        for (char *c = wrapped; (c = strstr(c, "\n ")) != NULL;)
            memmove(c, c + 1, strlen(c));
        ck_assert_str_eq(wrapped, text);
        free(wrapped);
    }
}
END_TEST

static void fill(Suite *suite)
{
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    unit_add(suite, what_goes_onto_a_line_stands_on_one);
    unit_add(suite, what_does_not_goes_on_below_at_the_indent);
    unit_add(suite, a_longer_word_is_whole_as_far_to_the_right_as_it_goes);
    unit_add(suite, the_ends_of_lines_and_what_they_begin_with_are_kept);
    unit_add(suite, wide_characters_and_marks_count_by_their_columns);
    unit_add(suite, a_line_to_copy_is_whole_and_by_itself);
    unit_add(suite, a_quote_in_quotes_does_not_end_a_command);
    unit_add(suite, a_command_to_copy_stands_whole_on_its_line);
    unit_add(suite, an_option_keeps_its_value_and_brackets_stay_together);
    unit_add(suite, every_word_is_there_at_every_width_and_no_line_is_longer);
}

int main(void)
{
    return unit_run("wrap", fill);
}
