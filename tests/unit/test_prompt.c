/* The questions of a PAM conversation, put to a program, to a person without a terminal, and at
 * one. */
#include "unit.h"

#include "asp-admin/self/prompt.h"
#include "asp/broker_message.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char reply[PROMPT_REPLY_MAX];
static size_t length;
static int said; /* standard error of this process, from the other end */

/* Standard input is `typed` and then at its end; there is no terminal. */
static void without_terminal(const char *typed, size_t size)
{
    int in[2];
    int err[2];

    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe2(err, O_NONBLOCK), 0);
    ck_assert(asp_write_all(in[1], typed, size));
    ck_assert_int_eq(close(in[1]), 0);
    ck_assert_int_eq(dup2(in[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(dup2(err[1], STDERR_FILENO), STDERR_FILENO);
    said = err[0];
    (void)setsid(); /* it leads one already where it fails, and then has none either */
}

static const char *was_said(void)
{
    static char text[4096];
    ssize_t got = read(said, text, sizeof text - 1);

    text[got > 0 ? got : 0] = '\0';
    return text;
}

static bool ask(const char *style, const char *text, bool json)
{
    memset(reply, 'x', sizeof reply);
    return prompt_ask(style, text, json, reply, &length);
}

static void answered(const char *expected)
{
    ck_assert_uint_eq(length, strlen(expected));
    ck_assert_mem_eq(reply, expected, length);
}

START_TEST(a_program_gets_each_question_as_a_line_and_answers_with_one)
{
    without_terminal("first\nsecond\n\nlast", 18);
    ck_assert(ask(ASP_ASK_HIDDEN, "Password: ", true));
    answered("first");
    ck_assert_str_eq(was_said(), "{\"prompt\":\"Password: \",\"echo\":false}\n");
    ck_assert(ask(ASP_ASK_SHOWN, "\"\xc3\xa4\"\n\x1b[1m", true));
    answered("second");
    ck_assert_str_eq(was_said(), "{\"prompt\":\"\\\"\\u00E4\\\"\\n\\u001B[1m\",\"echo\":true}\n");
    ck_assert(ask(ASP_ASK_SHOWN, "", true));
    answered("");
    ck_assert_str_eq(was_said(), "{\"prompt\":\"\",\"echo\":true}\n");
    ck_assert(ask(ASP_ASK_HIDDEN, "x", true));
    answered("last");
    (void)was_said();
    ck_assert(!ask(ASP_ASK_HIDDEN, "x", true));
}
END_TEST

START_TEST(a_message_is_no_question_and_reads_nothing)
{
    without_terminal("kept\n", 5);
    ck_assert(ask(ASP_ASK_INFO, "Touch the key", true));
    ck_assert_uint_eq(length, 0);
    ck_assert_str_eq(was_said(), "{\"message\":\"Touch the key\",\"error\":false}\n");
    ck_assert(ask(ASP_ASK_ERROR, "No key", true));
    ck_assert_str_eq(was_said(), "{\"message\":\"No key\",\"error\":true}\n");
    ck_assert(ask(ASP_ASK_INFO, "one\ntwo", false));
    ck_assert_str_eq(was_said(), "one\ntwo\n");
    ck_assert(ask(ASP_ASK_ERROR, "one\n", false));
    ck_assert_str_eq(was_said(), "one\n");
    ck_assert(ask(ASP_ASK_INFO, "", false));
    ck_assert_str_eq(was_said(), "");
    ck_assert(ask(ASP_ASK_SHOWN, "Code: ", false));
    answered("kept");
}
END_TEST

/* What a module says may hold anything: here it is for a screen. */
START_TEST(a_question_on_standard_error_disturbs_no_terminal)
{
    without_terminal("a\nb\n", 4);
    ck_assert(ask(ASP_ASK_HIDDEN, "Your \x1b]0;x\a\nPassword:\r ", false));
    answered("a");
    ck_assert_str_eq(was_said(), "Your \\x1b]0;x\\x07\nPassword:\\x0d ");
    ck_assert(ask(ASP_ASK_SHOWN, "", false));
    answered("b");
    ck_assert_str_eq(was_said(), "");
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_none)
{
    char typed[2 * PROMPT_REPLY_MAX + 3];

    memset(typed, 'x', sizeof typed);
    typed[PROMPT_REPLY_MAX] = '\n';
    typed[sizeof typed - 1] = '\n';
    without_terminal(typed, sizeof typed);
    ck_assert(ask(ASP_ASK_HIDDEN, "x", true));
    ck_assert_uint_eq(length, PROMPT_REPLY_MAX);
    ck_assert(!ask(ASP_ASK_HIDDEN, "x", true));
}
END_TEST

START_TEST(a_question_that_has_no_memory_is_not_asked)
{
    for (unsigned at = 1, failed = 1; failed; at++) {
        const struct unit_plan plan = {.call = "malloc", .first = at, .times = 1, .number = ENOMEM};
        bool asked;

        without_terminal("typed\n", 6);
        unit_calls_begin(&plan);
        asked = ask(ASP_ASK_HIDDEN, "one\ntwo ", _i == 1);
        failed = unit_calls_end();
        ck_assert(asked == !failed);
        ck_assert_str_eq(was_said(), failed    ? ""
                                     : _i == 1 ? "{\"prompt\":\"one\\ntwo \",\"echo\":false}\n"
                                               : "one\ntwo ");
    }
}
END_TEST

/* How it is asked, and what is on the screen then; who is asked there types "open sesame". */
static const struct way {
    const char *style;
    bool json;
    bool types; /* standard input is the terminal too; else it has the line "not this" */
    const char *answer;
    const char *text;
    const char *screen;
} ways[] = {
    {ASP_ASK_HIDDEN, false, false, "open sesame", "Say: ", "Say: \r\n"},
    {ASP_ASK_SHOWN, false, false, "open sesame", "Say: ", "Say: open sesame\r\n"},
    {ASP_ASK_SHOWN, true, true, "open sesame", "Say: ", "Say: open sesame\r\n"},
    {ASP_ASK_HIDDEN, true, false, "not this", "Say: ", ""},
    {ASP_ASK_HIDDEN, false, false, "open sesame",
     "What opens that cave?\nSay: ", "What opens that\r\ncave?\r\nSay: \r\n"},
};

enum { COLUMNS = 20 };

/* In a process that has the terminal. Ends with 0 when it was answered, and not before the other
 * end of `seen` is closed: what a terminal shows may be lost with the last who has it open. */
static void ask_at(const char *terminal, const struct way *way, int seen)
{
    const struct winsize size = {.ws_row = 24, .ws_col = COLUMNS};
    bool asked;
    char byte;
    int fd;

    without_terminal("not this\n", 9);
    fd = open(terminal, O_RDWR);
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0 || ioctl(fd, TIOCSWINSZ, &size) != 0 ||
        (way->types && dup2(fd, STDIN_FILENO) < 0))
        _exit(2);
    asked = ask(way->style, way->text, way->json) && length == strlen(way->answer) &&
            memcmp(reply, way->answer, length) == 0;
    _exit(asked && read(seen, &byte, 1) == 0 ? 0 : 1);
}

START_TEST(who_has_a_terminal_is_asked_there_and_what_is_hidden_is_not_shown)
{
    const size_t expected = strlen(ways[_i].screen);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    int ends[2];
    char screen[256] = "";
    size_t seen = 0;
    pid_t child;
    int status;

    ck_assert_int_ge(terminal, 0);
    ck_assert(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)close(ends[1]);
        ask_at(ptsname(terminal), &ways[_i], ends[0]);
    }
    ck_assert_int_eq(close(ends[0]), 0);
    for (ssize_t got = 1; got > 0 && expected > seen;) {
        bool before = strstr(screen, "Say: ") != NULL;

        got = read(terminal, screen + seen, sizeof screen - 1 - seen);
        seen += got > 0 ? (size_t)got : 0;
        screen[seen] = '\0';
        if (!before && strstr(screen, "Say: ") != NULL)
            ck_assert(asp_write_all(terminal, "open sesame\n", 12));
    }
    ck_assert_str_eq(screen, ways[_i].screen);
    ck_assert_int_eq(close(ends[1]), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    (void)close(terminal);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_program_gets_each_question_as_a_line_and_answers_with_one);
    unit_add(suite, a_message_is_no_question_and_reads_nothing);
    unit_add(suite, a_question_on_standard_error_disturbs_no_terminal);
    unit_add(suite, an_answer_that_is_too_long_is_none);
    unit_loop(suite, a_question_that_has_no_memory_is_not_asked, 2);
    unit_loop(suite, who_has_a_terminal_is_asked_there_and_what_is_hidden_is_not_shown,
              UNIT_COUNT(ways));
}

int main(void)
{
    return unit_run("prompt", fill);
}
