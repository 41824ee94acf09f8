/* Files that must be trusted: opened in a folder that is held or by a path. _i: see old_kernel. */
#include "folder_chain.h"

#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static enum asp_status open_file(int folder, const char *path, const char *name, int flags,
                                 struct stat *st, int way)
{
    int fd = -1;
    enum asp_status status;

    chain_error = (struct asp_error){0};
    old_kernel(way);
    status = asp_file_open(folder, path, name, flags, &fd, st, &chain_error);
    (void)unit_calls_end();
    unit_need((status == ASP_OK) == (fd >= 0), "%s: status %d and descriptor %d", name, status, fd);
    if (fd >= 0)
        unit_need((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "%s stays open after exec", name);
    asp_close(fd);
    return status;
}

/* Lesson: linux-pam CVE-2024-22365. */
START_TEST(what_is_no_plain_file_is_refused_at_once)
{
    static const int flags[] = {O_RDONLY, O_RDWR | O_CREAT};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    long long begin;
    struct stat st;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    int fd;

    make_chain();
    fd = held(chain[3]);
    ck_assert_int_eq(mkfifo(unit_path(chain[3], "fifo"), 0600), 0);
    make_folder(unit_path(chain[3], "folder"));
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket", chain[3]);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(chmod(address.sun_path, 0600), 0);
    begin = now_ms();
    for (size_t i = 0; i < UNIT_COUNT(flags); i++) {
        ck_assert_int_eq(open_file(fd, chain[3], "fifo", flags[i], &st, _i), ASP_UNSAFE);
        says("not a plain file");
        ck_assert_int_eq(open_file(fd, chain[3], "folder", flags[i], &st, _i), ASP_UNSAFE);
        says("not a plain file");
        ck_assert_int_eq(open_file(fd, chain[3], "socket", flags[i], &st, _i), ASP_UNSAFE);
        says("not a plain file");
    }
    /* For writing alone, a FIFO that nobody reads. */
    ck_assert_int_eq(open_file(fd, chain[3], "fifo", O_WRONLY, &st, _i), ASP_UNSAFE);
    asp_close(fd);
    fd = held("/dev");
    ck_assert_int_eq(open_file(fd, "/dev", "null", O_RDONLY, &st, _i), ASP_UNSAFE);
    says("not a plain file");
    ck_assert_int_lt(now_ms() - begin, 2000);
    asp_close(fd);
    asp_close(listener);
}
END_TEST

START_TEST(a_file_or_its_folder_that_is_a_link_is_refused)
{
    static const int flags[] = {O_RDONLY, O_RDWR | O_CREAT};
    struct stat st;
    int fd;

    make_chain();
    fd = held(chain[2]);
    file_write(unit_path(chain[3], "file"), "x", 1);
    ck_assert_int_eq(symlink("file", unit_path(chain[3], "link")), 0);
    ck_assert_int_eq(symlink("c", unit_path(chain[2], "to_c")), 0);
    ck_assert_int_eq(symlink("nothing", unit_path(chain[3], "dangling")), 0);
    for (size_t i = 0; i < UNIT_COUNT(flags); i++) {
        ck_assert_int_eq(open_file(fd, chain[2], "c/file", flags[i], &st, _i), ASP_OK);
        ck_assert_int_eq(open_file(fd, chain[2], "c/link", flags[i], &st, _i), ASP_UNSAFE);
        says("link");
        ck_assert_int_eq(open_file(fd, chain[2], "to_c/file", flags[i], &st, _i), ASP_UNSAFE);
        says(chain[3]);
        ck_assert_int_eq(open_file(fd, chain[2], "c/dangling", flags[i], &st, _i), ASP_UNSAFE);
        ck_assert(!unit_exists(unit_path(chain[3], "nothing")));
    }
    asp_close(fd);
}
END_TEST

START_TEST(a_file_that_others_own_or_can_write_is_refused)
{
    static const mode_t bad[] = {0660, 0602, 0666, 01622, 0620};
    static const mode_t good[] = {0600, 0400, 0644, 0755};
    const char *path;
    struct stat st;
    int fd;

    make_chain();
    fd = held(chain[3]);
    path = unit_path(chain[3], "file");
    file_write(path, "x", 1);
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        ck_assert_int_eq(chmod(path, bad[i]), 0);
        ck_assert_int_eq(open_file(fd, chain[3], "file", O_RDONLY, &st, _i), ASP_UNSAFE);
        says("chmod");
        ck_assert_int_eq(open_file(fd, chain[3], "file", O_RDWR | O_CREAT, &st, _i), ASP_UNSAFE);
    }
    for (size_t i = 0; i < UNIT_COUNT(good); i++) {
        ck_assert_int_eq(chmod(path, good[i]), 0);
        ck_assert_int_eq(open_file(fd, chain[3], "file", O_RDONLY, &st, _i), ASP_OK);
        ck_assert_int_eq(st.st_size, 1);
    }
    if (unit_is_root()) {
        ck_assert_int_eq(chown(path, STRANGER, 0), 0);
        ck_assert_int_eq(open_file(fd, chain[3], "file", O_RDONLY, &st, _i), ASP_UNSAFE);
        says("54321");
        ck_assert_int_eq(chown(path, 0, STRANGER), 0);
        ck_assert_int_eq(open_file(fd, chain[3], "file", O_RDONLY, &st, _i), ASP_OK);
    }
    ck_assert_int_eq(open_file(fd, chain[3], "none", O_RDONLY, &st, _i), ASP_NOT_FOUND);
    ck_assert_int_eq(open_file(fd, chain[3], "none/file", O_RDONLY, &st, _i), ASP_NOT_FOUND);
    ck_assert_int_eq(open_file(fd, chain[3], "file/file", O_RDONLY, &st, _i), ASP_IO);
    asp_close(fd);
}
END_TEST

/* Lesson: google-authenticator-libpam #115 #166. */
START_TEST(a_new_file_is_0600_whatever_the_umask)
{
    static const mode_t masks[] = {0, 022, 0177, 0377, 0777};
    struct stat st;
    char name[16];
    int fd;

    make_chain();
    fd = held(chain[3]);
    for (size_t i = 0; i < UNIT_COUNT(masks); i++) {
        mode_t before = umask(masks[i]);

        (void)snprintf(name, sizeof name, "new%zu", i);
        ck_assert_int_eq(open_file(fd, chain[3], name, O_RDWR | O_CREAT, &st, _i), ASP_OK);
        ck_assert_uint_eq(unit_mode(unit_path(chain[3], name)), 0600);
        ck_assert_int_eq(open_file(fd, chain[3], name, O_RDWR | O_CREAT, &st, _i), ASP_OK);
        (void)umask(before);
    }
    asp_close(fd);
}
END_TEST

/* The path is for the error line alone: what counts is the folder that is held. */
/* Lesson: linux-pam CVE-2025-6020. */
START_TEST(a_file_is_opened_in_the_folder_that_is_held)
{
    char aside[UNIT_PATH];
    struct stat st;
    int fd;

    make_chain();
    (void)snprintf(aside, sizeof aside, "%.400s/aside", chain_top);
    file_write(unit_path(chain[3], "file"), "right", 5);
    fd = held(chain[3]);
    ck_assert_int_eq(rename(chain[3], aside), 0);
    make_folder(chain[3]);
    file_write(unit_path(chain[3], "file"), "wrong one", 9);
    ck_assert_int_eq(open_file(fd, chain[3], "file", O_RDONLY, &st, _i), ASP_OK);
    ck_assert_int_eq(st.st_size, 5);
    asp_close(fd);
}
END_TEST

/* A folder is swapped for a link to another one, over and over: what is opened is never over there.
 */
static void swap_for_ever(const char *folder, const char *aside, const char *link)
{
    for (;;) {
        if (rename(folder, aside) != 0 || rename(link, folder) != 0 || rename(folder, link) != 0 ||
            rename(aside, folder) != 0)
            _exit(1);
    }
}

/* Lesson: linux-pam CVE-2025-6020. */
START_TEST(who_swaps_folders_for_links_gets_nobody_out)
{
    char aside[UNIT_PATH];
    char link[UNIT_PATH];
    long long end = now_ms() + 400;
    size_t opened = 0;
    size_t refused = 0;
    pid_t child;
    int status;
    int fd;

    make_chain();
    (void)snprintf(aside, sizeof aside, "%.400s/aside", chain[2]);
    (void)snprintf(link, sizeof link, "%.400s/link", chain[2]);
    make_folder(unit_path(chain_top, "outside"));
    file_write(unit_path(unit_path(chain_top, "outside"), "file"), "outside", 7);
    file_write(unit_path(chain[3], "file"), "in", 2);
    ck_assert_int_eq(symlink("../../outside", link), 0);
    fd = held(chain[2]);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        swap_for_ever(chain[3], aside, link);
    /* On a slow machine, until both were seen. */
    while (now_ms() < end || ((opened == 0 || refused == 0) && now_ms() < end + 20000)) {
        struct stat st;

        if (open_file(fd, chain[2], "c/file", O_RDONLY, &st, _i) == ASP_OK) {
            unit_need(st.st_size == 2, "it got out");
            opened++;
        } else {
            refused++;
        }
    }
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_uint_gt(opened, 0);
    ck_assert_uint_gt(refused, 0);
    asp_close(fd);
}
END_TEST

START_TEST(a_path_is_opened_with_all_that_is_above_it)
{
    char path[UNIT_PATH + 16];
    struct stat st;
    int fd = -1;

    make_chain();
    (void)snprintf(path, sizeof path, "%s/file", chain[3]);
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &chain_error), ASP_NOT_FOUND);
    file_write(path, "x", 1);
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &chain_error), ASP_OK);
    ck_assert_int_eq(st.st_size, 1);
    asp_close(fd);
    ck_assert_int_eq(chmod(chain[1], 0777), 0);
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &chain_error), ASP_UNSAFE);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(chmod(chain[1], 0700), 0);
    ck_assert_int_eq(chmod(path, 0660), 0);
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &chain_error), ASP_UNSAFE);
    ck_assert_int_eq(asp_path_open("file", &fd, &st, &chain_error), ASP_INVALID);
    ck_assert_int_eq(asp_path_open("", &fd, &st, &chain_error), ASP_INVALID);
    ck_assert_int_eq(asp_path_open("/", &fd, &st, &chain_error), ASP_INVALID);
    ck_assert_int_eq(asp_path_open("/tmp/", &fd, &st, &chain_error), ASP_INVALID);
}
END_TEST

/* Each call that opening makes, failing in turn: an error, and no descriptor left open. */
START_TEST(a_failed_call_is_an_error_and_leaves_nothing_open)
{
    static const char *const calls[] = {"openat2", "openat", "fstat", "fstatat"};
    static const int numbers[] = {EIO, EACCES, ENOMEM, EMFILE, ENOENT};
    size_t before;
    int fd;

    make_chain();
    file_write(unit_path(chain[3], "file"), "x", 1);
    fd = held(chain[2]);
    before = unit_names("/proc/self/fd");
    for (size_t i = 0; i < UNIT_COUNT(calls) * UNIT_COUNT(numbers); i++) {
        struct unit_plan plan = {.call = calls[i % UNIT_COUNT(calls)],
                                 .first = 1,
                                 .times = 1,
                                 .number = numbers[i / UNIT_COUNT(calls)]};
        bool reached = true;

        for (; reached; plan.first++) {
            struct stat st;
            int got = -1;
            enum asp_status status;

            unit_calls_begin(&plan);
            status = asp_folder_open(chain[3], NULL, &got, &chain_error);
            reached = unit_calls_end();
            unit_need((status == ASP_OK) == !reached, "%s %u: %d", plan.call, plan.first, status);
            unit_need((got >= 0) == !reached, "%s %u: %d", plan.call, plan.first, got);
            asp_close(got);

            unit_calls_begin(&plan);
            status = asp_file_open(fd, chain[2], "c/file", O_RDONLY, &got, &st, &chain_error);
            if (unit_calls_end())
                unit_need(status != ASP_OK && got == -1, "%s %u: %d", plan.call, plan.first,
                          status);
            else
                asp_close(got);
        }
    }
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    asp_close(fd);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, what_is_no_plain_file_is_refused_at_once, WAYS);
    unit_loop(suite, a_file_or_its_folder_that_is_a_link_is_refused, WAYS);
    unit_loop(suite, a_file_that_others_own_or_can_write_is_refused, WAYS);
    unit_loop(suite, a_new_file_is_0600_whatever_the_umask, WAYS);
    unit_loop(suite, a_file_is_opened_in_the_folder_that_is_held, WAYS);
    unit_loop(suite, who_swaps_folders_for_links_gets_nobody_out, WAYS);
    unit_add(suite, a_path_is_opened_with_all_that_is_above_it);
    unit_add(suite, a_failed_call_is_an_error_and_leaves_nothing_open);
}

int main(void)
{
    return unit_run("safeio", fill);
}
