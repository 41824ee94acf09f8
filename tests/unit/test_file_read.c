/* Reading and writing whole files, and their identity. */
#include "unit.h"

#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct asp_error error;

static int open_new(const char **path, struct stat *st, const char *text)
{
    static char name[UNIT_PATH];
    int fd;

    (void)snprintf(name, sizeof name, "%.400s/file", unit_folder());
    file_write(name, text, strlen(text));
    fd = open(name, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, st), 0);
    *path = name;
    return fd;
}

START_TEST(a_file_is_read_whole_over_short_reads_and_interruptions)
{
    static const struct unit_plan plans[] = {
        {.call = "read", .shortest = 1},
        {.call = "read", .first = 1, .times = 3, .number = EINTR, .shortest = 2},
    };
    const char *path;
    struct stat st;

    for (size_t i = 0; i < UNIT_COUNT(plans); i++) {
        int fd = open_new(&path, &st, "0123456789");
        uint8_t *bytes = NULL;
        size_t length = 0;
        enum asp_status status;

        unit_calls_begin(&plans[i]);
        status = asp_file_read(fd, NULL, path, &st, 10, &bytes, &length, &error);
        (void)unit_calls_end();
        ck_assert_int_eq(status, ASP_OK);
        ck_assert_uint_eq(length, 10);
        ck_assert_str_eq((char *)bytes, "0123456789");
        free(bytes);
        asp_close(fd);
    }
}
END_TEST

START_TEST(a_file_longer_than_it_may_be_is_not_read)
{
    const char *path;
    struct stat st;
    int fd = open_new(&path, &st, "0123456789");
    uint8_t *bytes = NULL;
    size_t length = 0;

    unit_calls_begin(NULL);
    ck_assert_int_eq(asp_file_read(fd, NULL, path, &st, 9, &bytes, &length, &error), ASP_CORRUPT);
    ck_assert_int_eq(ftruncate(fd, 1LL << 40), 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(asp_file_read(fd, NULL, path, &st, 8 << 20, &bytes, &length, &error),
                     ASP_CORRUPT);
    st.st_size = -1;
    ck_assert_int_eq(asp_file_read(fd, NULL, path, &st, 8 << 20, &bytes, &length, &error),
                     ASP_CORRUPT);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("read"), 0);
    ck_assert_ptr_null(bytes);
    asp_close(fd);
}
END_TEST

START_TEST(a_file_that_shrinks_or_grows_meanwhile_is_read_as_far_as_it_was)
{
    const char *path;
    struct stat st;
    int fd = open_new(&path, &st, "0123456789");
    uint8_t *bytes = NULL;
    size_t length = 0;

    ck_assert_int_eq(ftruncate(fd, 4), 0);
    ck_assert_int_eq(asp_file_read(fd, NULL, path, &st, 100, &bytes, &length, &error), ASP_OK);
    ck_assert_uint_eq(length, 4);
    ck_assert_str_eq((char *)bytes, "0123");
    free(bytes);
    asp_close(fd);

    fd = open_new(&path, &st, "0123");
    file_write(path, "0123456789", 10);
    ck_assert_int_eq(asp_file_read(fd, NULL, path, &st, 100, &bytes, &length, &error), ASP_OK);
    ck_assert_str_eq((char *)bytes, "0123");
    free(bytes);
    asp_close(fd);

    fd = open_new(&path, &st, "");
    ck_assert_int_eq(asp_file_read(fd, NULL, path, &st, 0, &bytes, &length, &error), ASP_OK);
    ck_assert_uint_eq(length, 0);
    ck_assert_str_eq((char *)bytes, "");
    free(bytes);
    asp_close(fd);
}
END_TEST

START_TEST(what_is_wrong_is_said_of_the_file)
{
    static const struct unit_plan broken = {.call = "read", .first = 1, .number = EIO};
    static const struct {
        const char *path;
        const char *name;
        const char *called;
    } names[] = {
        {NULL, "/a/file", "/a/file"}, {"/a", "b/file", "/a/b/file"}, {"/", "file", "/file"}};
    char expected[ASP_ERROR_TEXT];
    const char *path;
    struct stat st;
    int fd = open_new(&path, &st, "0123456789");
    uint8_t *bytes;
    size_t length;

    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        ck_assert_int_eq(
            asp_file_read(fd, names[i].path, names[i].name, &st, 9, &bytes, &length, &error),
            ASP_CORRUPT);
        (void)snprintf(expected, sizeof expected, "%s has 10 bytes, and may have 9",
                       names[i].called);
        ck_assert_str_eq(error.text, expected);
        unit_calls_begin(&broken);
        (void)asp_file_read(fd, names[i].path, names[i].name, &st, 10, &bytes, &length, &error);
        ck_assert(unit_calls_end());
        (void)snprintf(expected, sizeof expected, "%s cannot be read: %s", names[i].called,
                       strerror(EIO));
        ck_assert_str_eq(error.text, expected);
    }
    asp_close(fd);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_leaves_nothing_to_free)
{
    static const struct unit_plan plans[] = {
        {.call = "read", .first = 1, .number = EIO},
        {.call = "read", .first = 3, .number = EIO, .shortest = 1},
        {.call = "malloc", .first = 1, .number = ENOMEM},
    };
    static const enum asp_status expected[] = {ASP_IO, ASP_IO, ASP_NO_MEMORY};
    const char *path;
    struct stat st;

    for (size_t i = 0; i < UNIT_COUNT(plans); i++) {
        int fd = open_new(&path, &st, "0123456789");
        uint8_t *bytes = NULL;
        size_t length = 0;
        enum asp_status status;

        unit_calls_begin(&plans[i]);
        status = asp_file_read(fd, NULL, path, &st, 10, &bytes, &length, &error);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(status, expected[i]);
        ck_assert_ptr_null(bytes);
        asp_close(fd);
    }
}
END_TEST

/* Where the file is, or at a place, which is its beginning. */
static bool put_first(int fd, const void *bytes, size_t length)
{
    return asp_file_put(fd, bytes, length, 0);
}

static const struct {
    const char *call;
    bool (*writes)(int fd, const void *bytes, size_t length);
} ways[] = {{"write", asp_write_all}, {"pwrite", put_first}};

START_TEST(all_is_written_over_short_writes_and_interruptions)
{
    const struct unit_plan plans[] = {
        {.call = ways[_i].call, .shortest = 3},
        {.call = ways[_i].call, .first = 2, .times = 2, .number = EINTR, .shortest = 1},
    };
    const char *path;
    struct stat st;

    for (size_t i = 0; i < UNIT_COUNT(plans); i++) {
        int fd = open_new(&path, &st, "");
        size_t length;
        bool written;
        char *text;

        unit_calls_begin(&plans[i]);
        written = ways[_i].writes(fd, "0123456789", 10);
        (void)unit_calls_end();
        ck_assert(written);
        text = unit_read(path, &length);
        ck_assert_str_eq(text, "0123456789");
        free(text);
        asp_close(fd);
    }
}
END_TEST

START_TEST(what_cannot_be_written_says_why)
{
    const struct unit_plan full = {
        .call = ways[_i].call, .first = 2, .number = ENOSPC, .shortest = 4};
    const struct unit_plan nothing = {
        .call = ways[_i].call, .first = 1, .returns = true, .result = 0};
    const char *path;
    struct stat st;
    int fd = open_new(&path, &st, "");
    bool written;
    int number;

    unit_calls_begin(&full);
    written = ways[_i].writes(fd, "0123456789", 10);
    number = errno;
    ck_assert(unit_calls_end());
    ck_assert(!written);
    ck_assert_int_eq(number, ENOSPC);

    unit_calls_begin(&nothing);
    written = ways[_i].writes(fd, "0123456789", 10);
    number = errno;
    ck_assert(unit_calls_end());
    ck_assert(!written);
    ck_assert_int_eq(number, ENOSPC);
    ck_assert(ways[_i].writes(fd, "", 0));
    asp_close(fd);
}
END_TEST

START_TEST(closing_keeps_errno)
{
    const char *path;
    struct stat st;
    int fd = open_new(&path, &st, "");

    errno = ENOSPC;
    asp_close(fd);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    errno = ENOSPC;
    asp_close(-1);
    ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

/* With close_range, and as on a kernel that has none. */
static const struct unit_plan *const with_and_without[] = {
    NULL,
    &(const struct unit_plan){.call = "syscall", .first = 1, .number = ENOSYS},
};

static void close_two_of_three(void *plan)
{
    int kept = open("/dev/null", O_RDONLY);
    int first = open("/dev/null", O_RDONLY);
    int other = fcntl(first, F_DUPFD, first + 50);

    unit_calls_begin(plan);
    asp_close_from(first);
    (void)unit_calls_end();
    ck_assert_int_ge(fcntl(kept, F_GETFD), 0);
    ck_assert_int_eq(fcntl(first, F_GETFD), -1);
    ck_assert_int_eq(fcntl(other, F_GETFD), -1);
}

START_TEST(all_descriptors_from_one_on_are_closed)
{
    unit_forked(close_two_of_three, (void *)with_and_without[_i]);
}
END_TEST

START_TEST(all_descriptors_from_one_on_are_a_programs_no_more)
{
    int kept = open("/dev/null", O_RDONLY);
    int first = open("/dev/null", O_RDONLY);
    int other = fcntl(first, F_DUPFD, first + 50);

    unit_calls_begin(with_and_without[_i]);
    asp_close_at_exec_from(first);
    (void)unit_calls_end();
    ck_assert_int_eq(fcntl(kept, F_GETFD), 0);
    ck_assert_int_eq(fcntl(first, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fcntl(other, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(close(kept), 0);
    ck_assert_int_eq(close(first), 0);
    ck_assert_int_eq(close(other), 0);
}
END_TEST

START_TEST(an_identity_is_the_same_while_nothing_was_changed)
{
    const struct timespec long_ago[2] = {{1000, 1}, {1000, 1}};
    struct asp_identity before;
    struct asp_identity after;
    const char *path;
    struct stat st;
    int fd = open_new(&path, &st, "x");

    ck_assert_int_eq(asp_identity_at(path, &before, &error), ASP_OK);
    asp_identity_of(&st, &after);
    ck_assert(before.present && asp_identity_same(&before, &after));
    ck_assert_int_eq(futimens(fd, long_ago), 0);
    ck_assert_int_eq(asp_identity_at(path, &after, &error), ASP_OK);
    ck_assert(!asp_identity_same(&before, &after));
    asp_close(fd);
}
END_TEST

START_TEST(every_field_of_an_identity_counts)
{
    const struct asp_identity one = {true, 1, 2, 3, 4, 5, 6, 7};
    struct asp_identity other[] = {one, one, one, one, one, one, one, one};

    other[0].present = false;
    other[1].device++;
    other[2].inode++;
    other[3].size++;
    other[4].mtime_s++;
    other[5].mtime_ns++;
    other[6].ctime_s++;
    other[7].ctime_ns++;
    ck_assert(asp_identity_same(&one, &one));
    for (size_t i = 0; i < UNIT_COUNT(other); i++) {
        unit_need(!asp_identity_same(&one, &other[i]), "field %zu", i);
        unit_need(!asp_identity_same(&other[i], &one), "field %zu", i);
    }
    ck_assert(asp_identity_same(&other[0], &other[0]));
}
END_TEST

START_TEST(a_file_that_is_absent_has_that_for_its_identity_and_a_link_is_not_followed)
{
    struct asp_identity identity;
    struct asp_identity of_link;
    const char *folder = unit_folder();
    const char *link = unit_path(folder, "link");
    const char *file = unit_path(folder, "file");

    ck_assert_int_eq(asp_identity_at(file, &identity, &error), ASP_OK);
    ck_assert(!identity.present);
    file_write(file, "x", 1);
    ck_assert_int_eq(symlink("file", link), 0);
    ck_assert_int_eq(asp_identity_at(file, &identity, &error), ASP_OK);
    ck_assert_int_eq(asp_identity_at(link, &of_link, &error), ASP_OK);
    ck_assert(!asp_identity_same(&identity, &of_link));
    ck_assert_int_eq(asp_identity_at(unit_path(file, "x"), &identity, &error), ASP_IO);
    ck_assert(!identity.present);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_file_is_read_whole_over_short_reads_and_interruptions);
    unit_add(suite, a_file_longer_than_it_may_be_is_not_read);
    unit_add(suite, a_file_that_shrinks_or_grows_meanwhile_is_read_as_far_as_it_was);
    unit_add(suite, what_is_wrong_is_said_of_the_file);
    unit_add(suite, a_file_that_cannot_be_read_leaves_nothing_to_free);
    unit_loop(suite, all_is_written_over_short_writes_and_interruptions, UNIT_COUNT(ways));
    unit_loop(suite, what_cannot_be_written_says_why, UNIT_COUNT(ways));
    unit_add(suite, closing_keeps_errno);
    unit_loop(suite, all_descriptors_from_one_on_are_closed, UNIT_COUNT(with_and_without));
    unit_loop(suite, all_descriptors_from_one_on_are_a_programs_no_more,
              UNIT_COUNT(with_and_without));
    unit_add(suite, an_identity_is_the_same_while_nothing_was_changed);
    unit_add(suite, every_field_of_an_identity_counts);
    unit_add(suite, a_file_that_is_absent_has_that_for_its_identity_and_a_link_is_not_followed);
}

int main(void)
{
    return unit_run("file_read", fill);
}
