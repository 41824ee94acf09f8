/* Words of commands that are printed: what a shell makes of them. */
#include "unit.h"

#include "asp/label.h"
#include "asp/shell_word.h"

#include <stdlib.h>
#include <string.h>

START_TEST(what_a_shell_would_read_otherwise_is_quoted)
{
    static const char *const words[][2] = {
        {"a.b+c_d@e-1/F", "a.b+c_d@e-1/F"},
        {"root:root", "root:root"},
        {"", "''"},
        {"EX\\bob", "'EX\\bob'"},
        {"o'hara", "'o'\\''hara'"},
        {"\303\274", "'\303\274'"},
        {"a\342\200\256%\\'b", "\"$(printf 'a\\342\\200\\256%%\\\\'\\''b')\""},
        {"-\342\200\256 ~-\177", "\"$(printf '\\055\\342\\200\\256 ~-\\177')\""},
    };

    for (size_t i = 0; i < UNIT_COUNT(words); i++) {
        struct asp_buffer out = {0};

        asp_shell_word_add(&out, words[i][0]);
        ck_assert_str_eq(out.text, words[i][1]);
        asp_buffer_free(&out);
    }
}
END_TEST

/* Each byte at the beginning, in the middle and at the end of a word, but NUL and a line end, as
 * which the last byte of a word is none that a user's name can have. */
START_TEST(a_shell_reads_every_word_as_it_was)
{
    static const char *const before[] = {"", "wo", "word", "", "-"};
    static const char *const after[] = {"word", "rd", "", "", "\177"};
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
        asp_shell_word_add(&out, word);
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
    unit_add(suite, what_a_shell_would_read_otherwise_is_quoted);
    unit_loop(suite, a_shell_reads_every_word_as_it_was, 5);
}

int main(void)
{
    return unit_run("shell_word", fill);
}
