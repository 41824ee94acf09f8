/* The table of commands: what help shows of each is what its line takes. */
#include "unit.h"

#include "asp-admin/commands/line.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 16 };

static char said[1024];

static bool note(void *context, enum console_stream stream, const char *text, size_t length)
{
    (void)context;
    ck_assert_int_eq(stream, CONSOLE_ERR);
    ck_assert_uint_lt(length, sizeof said);
    memcpy(said, text, length);
    said[length] = '\0';
    return true;
}

static const struct console console = {.program = "asp-admin", .write = note};

/* As a shell does, for words that are bare or in single quotes. */
static int split(char *text, char *words[WORDS_MAX])
{
    int count = 1;

    words[0] = "asp-admin";
    while (*text != '\0') {
        char end = *text == '\'' ? '\'' : ' ';

        text += end == '\'';
        ck_assert_int_lt(count, WORDS_MAX);
        words[count++] = text;
        text += strcspn(text, end == ' ' ? " " : "'");
        if (*text != '\0')
            *text++ = '\0';
        text += strspn(text, " ");
    }
    return count;
}

START_TEST(each_command_has_examples_that_its_line_takes)
{
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        for (size_t j = 0; j < COMMAND_EXAMPLES; j++) {
            char *words[WORDS_MAX];
            char text[128];
            struct options options;

            ck_assert_msg(command->examples[j] != NULL, "%s", command->name);
            (void)snprintf(text, sizeof text, "%s", command->examples[j]);
            ck_assert_msg(
                options_read(split(text, words), words, &console, command_options_of, &options),
                "%s", said);
            ck_assert_str_eq(options.command, command->name);
            ck_assert_msg(line_check(command, &console, &options) == EXIT_DONE, "%s", said);
        }
    }
}
END_TEST

START_TEST(a_command_takes_the_options_that_its_help_shows)
{
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        unsigned shown = 0;

        for (size_t j = 0; j < COMMAND_OPTIONS && command->options[j].help != NULL; j++) {
            unsigned bit = OPTION_BIT(command->options[j].id);
            char option[32];

            (void)snprintf(option, sizeof option, "--%s", option_name(bit));
            ck_assert_msg(strstr(command->arguments, option) != NULL, "%s %s", command->name,
                          option);
            ck_assert_msg((shown & bit) == 0, "%s %s", command->name, option);
            shown |= bit;
        }
        ck_assert_uint_eq(command_allowed(command), shown);
        ck_assert_uint_eq(command->needed & ~shown, 0);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, each_command_has_examples_that_its_line_takes);
    unit_add(suite, a_command_takes_the_options_that_its_help_shows);
}

int main(void)
{
    return unit_run("commands", fill);
}
