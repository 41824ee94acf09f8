/* Commands that are printed: what a shell makes of them. */
#include "unit.h"

#include "asp-admin/ui/command_line.h"
#include "asp/label.h"

#include <stdlib.h>
#include <string.h>

static char shown[1024];

static const char *show(const char *config, const char *const words[])
{
    struct asp_buffer out = {0};

    command_line_add(&out, config, words);
    unit_need(!out.failed && out.length < sizeof shown, "%zu bytes", out.length);
    strcpy(shown, out.text);
    asp_buffer_free(&out);
    return shown;
}

START_TEST(a_command_of_plain_words_stands_as_it_is)
{
    ck_assert_str_eq(show(NULL, (const char *[]){"revoke", "alice", "7k", NULL}),
                     "asp-admin revoke alice 7k");
    ck_assert_str_eq(show("/srv/a-b/asp.conf", (const char *[]){"remove", "a.b+c_d@e-1", NULL}),
                     "asp-admin remove a.b+c_d@e-1 --config /srv/a-b/asp.conf");
}
END_TEST

START_TEST(what_a_shell_would_read_otherwise_is_quoted)
{
    ck_assert_str_eq(show("my conf", (const char *[]){"remove", "EX\\bob", NULL}),
                     "asp-admin remove 'EX\\bob' --config 'my conf'");
    ck_assert_str_eq(show(NULL, (const char *[]){"remove", "", "o'hara", "\303\274", NULL}),
                     "asp-admin remove '' 'o'\\''hara' '\303\274'");
    ck_assert_str_eq(show(NULL, (const char *[]){"a\342\200\256%\\'b", NULL}),
                     "asp-admin \"$(printf 'a\\342\\200\\256%%\\\\'\\''b')\"");
}
END_TEST

/* Each byte at the beginning, in the middle and at the end of a word, but NUL and a line end, as
 * which the last byte of a word is none that a user's name can have. */
START_TEST(a_shell_reads_every_word_as_it_was)
{
    static const char *const before[] = {"", "wo", "word", ""};
    static const char *const after[] = {"word", "rd", "", ""};
    char command[1200];
    char word[16];
    char back[16];

    for (int byte = 1; byte < 256; byte++) {
        struct asp_buffer out = {0};
        FILE *shell;
        size_t length;

        if (byte == '\n')
            continue;
        (void)snprintf(word, sizeof word, "%s%c%s", before[_i], byte, after[_i]);
        command_line_add_word(&out, word);
        ck_assert(!out.failed);
        for (const char *p = out.text; *p != '\0';) {
            unsigned long value = 0;
            size_t step = asp_utf8_next(p, &value);

            ck_assert_msg(step > 0 && !asp_is_control(value), "byte %d disturbs a terminal", byte);
            p += step;
        }
        (void)snprintf(command, sizeof command, "printf %%s %s", out.text);
        asp_buffer_free(&out);
        shell = popen(command, "r");
        ck_assert_ptr_nonnull(shell);
        length = fread(back, 1, sizeof back - 1, shell);
        back[length] = '\0';
        ck_assert_int_eq(pclose(shell), 0);
        ck_assert_msg(strcmp(back, word) == 0, "byte %d: %s", byte, command);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_command_of_plain_words_stands_as_it_is);
    unit_add(suite, what_a_shell_would_read_otherwise_is_quoted);
    unit_loop(suite, a_shell_reads_every_word_as_it_was, 4);
}

int main(void)
{
    return unit_run("command_line", fill);
}
