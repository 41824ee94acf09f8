/*
 * Files that must be trusted. What opens a path is tried with openat2(2) and, as on a kernel that
 * has none, without it: _i is 1 then.
 */
#include "unit.h"

#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STRANGER = 54321, WAYS = 2 };

static struct asp_error error;

/* As on an old kernel, or behind a filter of system calls. */
static void old_kernel(int way)
{
    static const struct unit_plan no_openat2 = {.call = "openat2", .first = 1, .number = ENOSYS};

    if (way == 1)
        unit_calls_begin(&no_openat2);
}

static enum asp_status open_known(const char *path, struct asp_folder *known, int *fd, int way)
{
    enum asp_status status;

    error = (struct asp_error){0};
    old_kernel(way);
    status = asp_folder_open(path, known, fd, &error);
    (void)unit_calls_end();
    unit_need((status == ASP_OK) == (*fd >= 0), "%s: status %d and descriptor %d", path, status,
              *fd);
    unit_need(status == ASP_OK || (error.status == status && error.text[0] != '\0'),
              "%s: no line says what is wrong", path);
    return status;
}

static enum asp_status open_folder(const char *path, int way)
{
    int fd = -1;
    enum asp_status status = open_known(path, NULL, &fd, way);

    asp_close(fd);
    return status;
}

static enum asp_status open_file(int folder, const char *path, const char *name, int flags,
                                 struct stat *st, int way)
{
    int fd = -1;
    enum asp_status status;

    error = (struct asp_error){0};
    old_kernel(way);
    status = asp_file_open(folder, path, name, flags, &fd, st, &error);
    (void)unit_calls_end();
    unit_need((status == ASP_OK) == (fd >= 0), "%s: status %d and descriptor %d", name, status, fd);
    if (fd >= 0)
        unit_need((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "%s stays open after exec", name);
    asp_close(fd);
    return status;
}

static int held(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    return fd;
}

static void make_folder(const char *path)
{
    ck_assert_msg(mkdir(path, 0700) == 0, "%s: %s", path, strerror(errno));
}

static void says(const char *word)
{
    ck_assert_msg(strstr(error.text, word) != NULL, "%s: not in: %s", word, error.text);
}

/* A folder with others in it, TOP/a/b/c. */
static char top[UNIT_PATH];
static char chain[4][UNIT_PATH];

static void make_chain(void)
{
    static const char *const names[] = {"", "/a", "/a/b", "/a/b/c"};

    (void)snprintf(top, sizeof top, "%.400s", unit_folder());
    for (size_t i = 0; i < UNIT_COUNT(chain); i++) {
        (void)snprintf(chain[i], sizeof chain[i], "%.400s%s", top, names[i]);
        if (i > 0)
            make_folder(chain[i]);
    }
}

/* Folders */

START_TEST(a_sound_folder_is_opened)
{
    char path[UNIT_PATH + 16];
    int fd = -1;

    make_chain();
    ck_assert_int_eq(open_known(chain[3], NULL, &fd, _i), ASP_OK);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_eq(close(fd), 0);
    (void)snprintf(path, sizeof path, "%s//", chain[3]);
    ck_assert_int_eq(open_folder(path, _i), ASP_OK);
    (void)snprintf(path, sizeof path, "//%s", chain[3] + 1);
    ck_assert_int_eq(open_folder(path, _i), ASP_OK);
    ck_assert_int_eq(open_folder("/", _i), ASP_OK);
}
END_TEST

START_TEST(a_link_at_any_component_is_refused_and_the_real_path_named)
{
    char real[UNIT_PATH];

    make_chain();
    (void)snprintf(real, sizeof real, "%.400s/real", top);
    for (size_t i = UNIT_COUNT(chain) - 1; i > 0; i--) {
        ck_assert_int_eq(rename(chain[i], real), 0);
        ck_assert_int_eq(symlink(real, chain[i]), 0);
        ck_assert_int_eq(open_folder(chain[3], _i), ASP_UNSAFE);
        says(chain[i]);
        says(real);
        says("link");
        ck_assert_int_eq(unlink(chain[i]), 0);
        ck_assert_int_eq(symlink("nowhere", chain[i]), 0);
        ck_assert_int_eq(open_folder(chain[3], _i), ASP_UNSAFE);
        says("link");
        ck_assert_int_eq(unlink(chain[i]), 0);
        ck_assert_int_eq(rename(real, chain[i]), 0);
    }
    ck_assert_int_eq(open_folder(chain[3], _i), ASP_OK);
}
END_TEST

START_TEST(a_folder_that_others_can_write_is_refused_at_any_height)
{
    static const mode_t modes[] = {0770, 0702, 0777, 0720};

    make_chain();
    for (size_t i = 0; i < UNIT_COUNT(chain); i++) {
        for (size_t k = 0; k < UNIT_COUNT(modes); k++) {
            ck_assert_int_eq(chmod(chain[i], modes[k]), 0);
            ck_assert_int_eq(open_folder(chain[3], _i), ASP_UNSAFE);
            says(chain[i]);
            says("chmod");
        }
        ck_assert_int_eq(chmod(chain[i], 0755), 0);
        ck_assert_int_eq(open_folder(chain[3], _i), ASP_OK);
    }
}
END_TEST

START_TEST(a_sticky_folder_is_allowed_above_and_not_as_the_last)
{
    make_chain();
    for (size_t i = 0; i < UNIT_COUNT(chain); i++) {
        ck_assert_int_eq(chmod(chain[i], 01777), 0);
        ck_assert_int_eq(open_folder(chain[3], _i), i < 3 ? ASP_OK : ASP_UNSAFE);
        ck_assert_int_eq(chmod(chain[i], 0700), 0);
    }
}
END_TEST

START_TEST(a_folder_of_somebody_else_is_refused_at_any_height)
{
    make_chain();
    for (size_t i = 0; i < UNIT_COUNT(chain); i++) {
        ck_assert_int_eq(chown(chain[i], STRANGER, (gid_t)-1), 0);
        ck_assert_int_eq(open_folder(chain[3], _i), ASP_UNSAFE);
        says(chain[i]);
        says("54321");
        ck_assert_int_eq(chown(chain[i], 0, STRANGER), 0); /* whose group it is does not matter */
        ck_assert_int_eq(open_folder(chain[3], _i), ASP_OK);
    }
}
END_TEST

/* Not root: its own folders are as good as root's, and a third one's are not. */
static void as_stranger(void *context)
{
    const int *way = context;

    if (setresgid(STRANGER, STRANGER, STRANGER) != 0 ||
        setresuid(STRANGER, STRANGER, STRANGER) != 0 || open_folder(chain[3], *way) != ASP_OK ||
        open_folder(chain[2], *way) != ASP_UNSAFE)
        abort();
}

START_TEST(what_is_of_the_processs_own_user_is_trusted_too)
{
    make_chain();
    for (size_t i = 0; i < UNIT_COUNT(chain); i++)
        ck_assert_int_eq(chmod(chain[i], 0755), 0);
    ck_assert_int_eq(chown(chain[3], STRANGER, STRANGER), 0);
    ck_assert_int_eq(chmod(chain[2], 01777), 0);
    unit_forked(as_stranger, &_i);
    ck_assert_int_eq(open_folder(chain[3], _i), ASP_UNSAFE);
}
END_TEST

START_TEST(a_path_is_absolute_and_without_dots)
{
    static const char *const bad[] = {"",       ".",      "..",   "a",       "tmp",
                                      "./tmp",  "/.",     "/..",  "/../",    "/tmp/..",
                                      "/tmp/.", "/./tmp", "//..", "/tmp//.", "/tmp/../tmp"};
    static const char *const good[] = {"/",   "//",   "/tmp", "/tmp/", "/...",
                                       "/.a", "/..a", "/a..", "/a.",   "/a/.b/..c/d.."};
    char longest[PATH_MAX + 1];

    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        unit_need(!asp_path_valid(bad[i]), "%s", bad[i]);
        ck_assert_int_eq(open_folder(bad[i], _i), ASP_INVALID);
    }
    for (size_t i = 0; i < UNIT_COUNT(good); i++)
        unit_need(asp_path_valid(good[i]), "%s", good[i]);
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[PATH_MAX - 1] = '\0';
    ck_assert(asp_path_valid(longest));
    ck_assert_int_lt(open_folder(longest, _i), ASP_OK);
    longest[PATH_MAX - 1] = 'a';
    longest[PATH_MAX] = '\0';
    ck_assert(!asp_path_valid(longest));
    ck_assert_int_eq(open_folder(longest, _i), ASP_INVALID);
}
END_TEST

START_TEST(a_missing_folder_is_told_from_one_that_is_none)
{
    char path[UNIT_PATH + 16];

    make_chain();
    (void)snprintf(path, sizeof path, "%s/d", chain[3]);
    ck_assert_int_eq(open_folder(path, _i), ASP_NOT_FOUND);
    says(path);
    (void)snprintf(path, sizeof path, "%s/d/e", chain[3]);
    ck_assert_int_eq(open_folder(path, _i), ASP_NOT_FOUND);
    unit_write(unit_path(chain[3], "file"), "x", 1);
    (void)snprintf(path, sizeof path, "%s/file", chain[3]);
    ck_assert_int_eq(open_folder(path, _i), ASP_IO);
    says(path);
    (void)snprintf(path, sizeof path, "%s/file/d", chain[3]);
    ck_assert_int_eq(open_folder(path, _i), ASP_IO);
    ck_assert_int_eq(unlink(unit_path(chain[3], "file")), 0);
    ck_assert_int_eq(mkfifo(unit_path(chain[3], "file"), 0600), 0);
    ck_assert_int_lt(open_folder(path, _i), ASP_OK);
}
END_TEST

START_TEST(a_path_that_is_too_deep_to_check_is_refused)
{
    char path[UNIT_PATH];

    make_chain();
    strcpy(path, chain[3]);
    for (size_t depth = 0; depth < 70; depth++) {
        strcat(path, "/d");
        make_folder(path);
    }
    ck_assert_int_eq(open_folder(path, _i), ASP_UNSAFE);
    says("deep");
}
END_TEST

START_TEST(those_above_a_known_folder_are_checked_once)
{
    struct asp_folder known = {false, 0, 0};
    char aside[UNIT_PATH];
    int fd = -1;

    make_chain();
    ck_assert_int_eq(open_known(chain[3], &known, &fd, _i), ASP_OK);
    asp_close(fd);
    ck_assert(known.checked);
    unit_calls_begin(NULL);
    (void)asp_folder_open(chain[3], &known, &fd, NULL);
    (void)unit_calls_end();
    asp_close(fd);
    ck_assert_uint_eq(unit_calls("fstatat"), 0);
    ck_assert_uint_eq(unit_calls("fstat"), 1);

    /* The folder itself is looked at each time. */
    ck_assert_int_eq(chmod(chain[3], 0770), 0);
    ck_assert_int_eq(open_known(chain[3], &known, &fd, _i), ASP_UNSAFE);
    ck_assert_int_eq(chmod(chain[3], 0700), 0);

    /* Another in its place is not the one that was checked. */
    (void)snprintf(aside, sizeof aside, "%.400s/aside", top);
    ck_assert_int_eq(rename(chain[3], aside), 0);
    make_folder(chain[3]);
    ck_assert_int_eq(chmod(chain[2], 0777), 0);
    ck_assert_int_eq(open_known(chain[3], &known, &fd, _i), ASP_UNSAFE);
    ck_assert_int_eq(chmod(chain[2], 0700), 0);
    ck_assert_int_eq(open_known(chain[3], &known, &fd, _i), ASP_OK);
    asp_close(fd);

    /* A refusal is not remembered as a check. */
    known = (struct asp_folder){false, 0, 0};
    ck_assert_int_eq(chmod(chain[1], 0777), 0);
    ck_assert_int_eq(open_known(chain[3], &known, &fd, _i), ASP_UNSAFE);
    ck_assert(!known.checked);
}
END_TEST

START_TEST(a_folder_in_a_folder_is_checked)
{
    int fd;

    make_chain();
    fd = held(chain[2]);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &error), ASP_OK);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "d", &error), ASP_NOT_FOUND);
    says(chain[2]);
    ck_assert_int_eq(chmod(chain[3], 01770), 0);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &error), ASP_UNSAFE);
    ck_assert_int_eq(chmod(chain[3], 0700), 0);
    if (unit_is_root()) {
        ck_assert_int_eq(chown(chain[3], STRANGER, STRANGER), 0);
        ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &error), ASP_UNSAFE);
        says("54321");
    }
    ck_assert_int_eq(rename(chain[3], unit_path(chain[2], "real")), 0);
    ck_assert_int_eq(symlink("real", chain[3]), 0);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &error), ASP_UNSAFE);
    says("real");
    ck_assert_int_eq(unlink(chain[3]), 0);
    ck_assert_int_eq(symlink("nowhere", chain[3]), 0);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &error), ASP_UNSAFE);
    ck_assert_int_eq(unlink(chain[3]), 0);
    unit_write(chain[3], "x", 1);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &error), ASP_UNSAFE);
    says("folder");
    asp_close(fd);
}
END_TEST

/* Files */

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
    begin = unit_ms();
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
    ck_assert_int_lt(unit_ms() - begin, 2000);
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
    unit_write(unit_path(chain[3], "file"), "x", 1);
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
    unit_write(path, "x", 1);
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
START_TEST(a_file_is_opened_in_the_folder_that_is_held)
{
    char aside[UNIT_PATH];
    struct stat st;
    int fd;

    make_chain();
    (void)snprintf(aside, sizeof aside, "%.400s/aside", top);
    unit_write(unit_path(chain[3], "file"), "right", 5);
    fd = held(chain[3]);
    ck_assert_int_eq(rename(chain[3], aside), 0);
    make_folder(chain[3]);
    unit_write(unit_path(chain[3], "file"), "wrong one", 9);
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

START_TEST(who_swaps_folders_for_links_gets_nobody_out)
{
    char aside[UNIT_PATH];
    char link[UNIT_PATH];
    long long end = unit_ms() + 400;
    size_t opened = 0;
    size_t refused = 0;
    pid_t child;
    int status;
    int fd;

    make_chain();
    (void)snprintf(aside, sizeof aside, "%.400s/aside", chain[2]);
    (void)snprintf(link, sizeof link, "%.400s/link", chain[2]);
    make_folder(unit_path(top, "outside"));
    unit_write(unit_path(unit_path(top, "outside"), "file"), "outside", 7);
    unit_write(unit_path(chain[3], "file"), "in", 2);
    ck_assert_int_eq(symlink("../../outside", link), 0);
    fd = held(chain[2]);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        swap_for_ever(chain[3], aside, link);
    /* On a slow machine, until both were seen. */
    while (unit_ms() < end || ((opened == 0 || refused == 0) && unit_ms() < end + 20000)) {
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
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &error), ASP_NOT_FOUND);
    unit_write(path, "x", 1);
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &error), ASP_OK);
    ck_assert_int_eq(st.st_size, 1);
    asp_close(fd);
    ck_assert_int_eq(chmod(chain[1], 0777), 0);
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &error), ASP_UNSAFE);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(chmod(chain[1], 0700), 0);
    ck_assert_int_eq(chmod(path, 0660), 0);
    ck_assert_int_eq(asp_path_open(path, &fd, &st, &error), ASP_UNSAFE);
    ck_assert_int_eq(asp_path_open("file", &fd, &st, &error), ASP_INVALID);
    ck_assert_int_eq(asp_path_open("", &fd, &st, &error), ASP_INVALID);
    ck_assert_int_eq(asp_path_open("/", &fd, &st, &error), ASP_INVALID);
    ck_assert_int_eq(asp_path_open("/tmp/", &fd, &st, &error), ASP_INVALID);
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
    unit_write(unit_path(chain[3], "file"), "x", 1);
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
            status = asp_folder_open(chain[3], NULL, &got, &error);
            reached = unit_calls_end();
            unit_need((status == ASP_OK) == !reached, "%s %u: %d", plan.call, plan.first, status);
            unit_need((got >= 0) == !reached, "%s %u: %d", plan.call, plan.first, got);
            asp_close(got);

            unit_calls_begin(&plan);
            status = asp_file_open(fd, chain[2], "c/file", O_RDONLY, &got, &st, &error);
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
    unit_loop(suite, a_sound_folder_is_opened, WAYS);
    unit_loop(suite, a_link_at_any_component_is_refused_and_the_real_path_named, WAYS);
    unit_loop(suite, a_folder_that_others_can_write_is_refused_at_any_height, WAYS);
    unit_loop(suite, a_sticky_folder_is_allowed_above_and_not_as_the_last, WAYS);
    if (unit_is_root()) {
        unit_loop(suite, a_folder_of_somebody_else_is_refused_at_any_height, WAYS);
        unit_loop(suite, what_is_of_the_processs_own_user_is_trusted_too, WAYS);
    }
    unit_loop(suite, a_path_is_absolute_and_without_dots, WAYS);
    unit_loop(suite, a_missing_folder_is_told_from_one_that_is_none, WAYS);
    unit_loop(suite, a_path_that_is_too_deep_to_check_is_refused, WAYS);
    unit_loop(suite, those_above_a_known_folder_are_checked_once, WAYS);
    unit_add(suite, a_folder_in_a_folder_is_checked);
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
