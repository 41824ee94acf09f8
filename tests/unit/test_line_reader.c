/* The lines of a text, as they come. */
#include "unit.h"

#include "asp-admin/ui/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX = 10, FIRST_ROOM = 4096 };

static size_t most; /* of what a read moves; 0: any number */

static enum line_read next(struct line_reader *reader, char **line, size_t *length)
{
    const struct unit_plan plan = {.call = "read", .shortest = (unsigned)most};
    enum line_read read;

    unit_calls_begin(most > 0 ? &plan : NULL);
    errno = EINTR; /* of a call before */
    read = line_reader_next(reader, line, length);
    (void)unit_calls_end();
    return read;
}

/* What has been read of `bytes`, in words. */
static const char *read_all(const char *bytes, size_t length, size_t max)
{
    static char seen[1024];
    struct line_reader reader = {.max = max};
    enum line_read read;
    char *line;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], bytes, length), (ssize_t)length);
    (void)close(ends[1]);
    reader.from = ends[0];
    seen[0] = '\0';
    while ((read = next(&reader, &line, &length)) < LINES_END) {
        size_t at = strlen(seen);

        unit_need(read != LINE_WHOLE || strlen(line) == length, "%zu", length);
        (void)snprintf(seen + at, sizeof seen - at, "%lu:%s;", reader.number,
                       read == LINE_WHOLE ? line : (read == LINE_HAS_NUL ? "(nul)" : "(long)"));
    }
    ck_assert_int_eq(read, LINES_END);
    ck_assert_int_eq(next(&reader, &line, &length), LINES_END);
    ck_assert_uint_le(reader.size, max + 3);
    line_reader_close(&reader);
    ck_assert_int_eq(reader.from, -1);
    (void)close(ends[0]);
    return seen;
}

START_TEST(lines_end_with_lf_or_cr_lf_and_the_last_one_with_the_text)
{
    static const struct {
        const char *text;
        const char *seen;
    } texts[] = {
        {"", ""},
        {"\n", "1:;"},
        {"a", "1:a;"},
        {"a\n", "1:a;"},
        {"a\r\nb\r", "1:a;2:b;"},
        {"a\r\r\n", "1:a\r;"},
        {"\r\n\n\r", "1:;2:;3:;"},
        {"a\n\nb\n", "1:a;2:;3:b;"},
    };

    for (most = 0; most < 4; most++) {
        for (size_t i = 0; i < UNIT_COUNT(texts); i++)
            ck_assert_str_eq(read_all(texts[i].text, strlen(texts[i].text), MAX), texts[i].seen);
    }
}
END_TEST

START_TEST(a_line_of_the_greatest_length_is_whole_and_one_byte_more_is_too_long)
{
    static const char twice[] = "0123456789ab0123456789ab";

    for (most = 0; most < 13; most++) {
        ck_assert_str_eq(read_all("0123456789\r\nb\n", 14, MAX), "1:0123456789;2:b;");
        ck_assert_str_eq(read_all("\n0123456789\r\nb\n", 15, MAX), "1:;2:0123456789;3:b;");
        ck_assert_str_eq(read_all("0123456789", 10, MAX), "1:0123456789;");
        ck_assert_str_eq(read_all("01234567890\nb\n", 14, MAX), "1:(long);2:b;");
        ck_assert_str_eq(read_all("01234567890\r\nb", 14, MAX), "1:(long);2:b;");
        ck_assert_str_eq(read_all("01234567890", 11, MAX), "1:(long);");
        ck_assert_str_eq(read_all("0123456789\r\r\nb", 14, MAX), "1:(long);2:b;");
        ck_assert_str_eq(read_all(twice, strlen(twice), MAX), "1:(long);");
    }
}
END_TEST

START_TEST(what_is_far_too_long_takes_no_room)
{
    enum { LONG = 60000 };
    static char text[LONG];

    memset(text, 'x', sizeof text);
    memcpy(text + LONG - 3, "\nb\n", 3);
    ck_assert_str_eq(read_all(text, LONG, MAX), "1:(long);2:b;");
    text[5] = '\n';
    ck_assert_str_eq(read_all(text, LONG, MAX), "1:xxxxx;2:(long);3:b;");
    memcpy(text + LONG - 3, "xxx", 3);
    ck_assert_str_eq(read_all(text, LONG, 9000), "1:xxxxx;2:(long);");
}
END_TEST

START_TEST(a_line_with_a_nul_is_told_and_passed_over)
{
    ck_assert_str_eq(read_all("a\0b\nc\n", 6, MAX), "1:(nul);2:c;");
    ck_assert_str_eq(read_all("\0", 1, MAX), "1:(nul);");
}
END_TEST

START_TEST(the_room_grows_with_the_lines)
{
    enum { LONG = 40000 };
    static char text[LONG + 1];
    struct line_reader reader = {.max = LONG};
    size_t length;
    char *line;
    int ends[2];

    memset(text, 'y', LONG);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "first\n", 6), 6);
    ck_assert_int_eq(write(ends[1], text, LONG), LONG);
    (void)close(ends[1]);
    reader.from = ends[0];
    ck_assert_int_eq(line_reader_next(&reader, &line, &length), LINE_WHOLE);
    ck_assert_str_eq(line, "first");
    ck_assert_uint_eq(reader.size, FIRST_ROOM);
    ck_assert_int_eq(line_reader_next(&reader, &line, &length), LINE_WHOLE);
    ck_assert_uint_eq(length, LONG);
    unit_need(strcmp(line, text) == 0, "another line");
    ck_assert_uint_eq(reader.size, LONG + 3);
    line_reader_close(&reader);
    (void)close(ends[0]);
}
END_TEST

START_TEST(a_read_that_fits_takes_no_more_room)
{
    struct line_reader reader = {.max = 9000};
    size_t length;
    char *line;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "one\ntwo\n", 8), 8);
    reader.from = ends[0];
    for (most = 1; reader.number < 2;)
        ck_assert_int_eq(next(&reader, &line, &length), LINE_WHOLE);
    ck_assert_str_eq(line, "two");
    ck_assert_uint_eq(reader.size, FIRST_ROOM);
    line_reader_close(&reader);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

START_TEST(a_signal_ends_no_line)
{
    const struct unit_plan plan = {.call = "read", .first = 1, .times = 2, .number = EINTR};
    struct line_reader reader = {.max = MAX};
    enum line_read read;
    size_t length;
    char *line;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "one\n", 4), 4);
    reader.from = ends[0];
    unit_calls_begin(&plan);
    read = line_reader_next(&reader, &line, &length);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(read, LINE_WHOLE);
    ck_assert_str_eq(line, "one");
    line_reader_close(&reader);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

/* Neither is a line cut where there is no more room for it. */
START_TEST(without_memory_nothing_is_read)
{
    enum { LONG = 6000 };
    static char text[LONG];

    memset(text, 'x', sizeof text);
    for (unsigned nth = 1; nth <= 2; nth++) {
        const struct unit_plan plan = {.call = "malloc", .first = nth, .number = ENOMEM};
        struct line_reader reader = {.max = LONG};
        enum line_read read;
        size_t length;
        char *line;
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], text, LONG), LONG);
        (void)close(ends[1]);
        reader.from = ends[0];
        unit_calls_begin(&plan);
        read = line_reader_next(&reader, &line, &length);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(read, LINES_FAILED);
        ck_assert_int_eq(line_reader_next(&reader, &line, &length), LINE_WHOLE);
        ck_assert_uint_eq(length, LONG);
        line_reader_close(&reader);
        (void)close(ends[0]);
    }
}
END_TEST

/* What was the room is the next memory of that size. */
static void is_wiped(void)
{
    const char *freed = malloc(FIRST_ROOM);

    ck_assert_ptr_nonnull(freed);
    ck_assert_ptr_null(memmem(freed, FIRST_ROOM, "the-secret", 10));
    free((void *)(uintptr_t)freed);
}

START_TEST(what_was_read_is_left_nowhere)
{
    static char text[9000];
    struct line_reader reader = {.max = sizeof text};
    size_t length;
    char *line;
    int ends[2];

    if (unit_is_watched())
        return;
    memset(text, 'x', sizeof text);
    memcpy(text + 1000, "the-secret", 10);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], text, sizeof text), (ssize_t)sizeof text);
    (void)close(ends[1]);
    reader.from = ends[0];
    ck_assert_int_eq(line_reader_next(&reader, &line, &length), LINE_WHOLE);
    is_wiped(); /* it has grown */
    line_reader_close(&reader);
    (void)close(ends[0]);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "a line; the-secret\n", 19), 19);
    reader = (struct line_reader){.from = ends[0], .max = sizeof text};
    ck_assert_int_eq(line_reader_next(&reader, &line, &length), LINE_WHOLE);
    line_reader_close(&reader);
    is_wiped();
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

START_TEST(what_cannot_be_read_is_told)
{
    struct line_reader reader = {.from = open("/", O_RDONLY | O_CLOEXEC), .max = MAX};
    size_t length;
    char *line;

    ck_assert_int_ge(reader.from, 0);
    ck_assert_int_eq(line_reader_next(&reader, &line, &length), LINES_FAILED);
    ck_assert_int_eq(errno, EISDIR);
    (void)close(reader.from);
    line_reader_close(&reader);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, lines_end_with_lf_or_cr_lf_and_the_last_one_with_the_text);
    unit_add(suite, a_line_of_the_greatest_length_is_whole_and_one_byte_more_is_too_long);
    unit_add(suite, what_is_far_too_long_takes_no_room);
    unit_add(suite, a_line_with_a_nul_is_told_and_passed_over);
    unit_add(suite, the_room_grows_with_the_lines);
    unit_add(suite, a_read_that_fits_takes_no_more_room);
    unit_add(suite, a_signal_ends_no_line);
    unit_add(suite, without_memory_nothing_is_read);
    unit_add(suite, what_was_read_is_left_nowhere);
    unit_add(suite, what_cannot_be_read_is_told);
}

int main(void)
{
    return unit_run("line_reader", fill);
}
