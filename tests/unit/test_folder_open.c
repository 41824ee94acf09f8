/* Folders that must be trusted, with those above them. _i: see old_kernel. */
#include "folder_chain.h"

#include "asp/safeio.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum asp_status open_known(const char *path, struct asp_folder *known, int *fd, int way)
{
    enum asp_status status;

    chain_error = (struct asp_error){0};
    old_kernel(way);
    status = asp_folder_open(path, known, fd, &chain_error);
    (void)unit_calls_end();
    unit_need((status == ASP_OK) == (*fd >= 0), "%s: status %d and descriptor %d", path, status,
              *fd);
    unit_need(status == ASP_OK || (chain_error.status == status && chain_error.text[0] != '\0'),
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

/* Lesson: pam-u2f CVE-2019-12209. */
START_TEST(a_link_at_any_component_is_refused_and_the_real_path_named)
{
    char real[UNIT_PATH];

    make_chain();
    (void)snprintf(real, sizeof real, "%.400s/real", chain_top);
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
    file_write(unit_path(chain[3], "file"), "x", 1);
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
    (void)snprintf(aside, sizeof aside, "%.400s/aside", chain_top);
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
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &chain_error), ASP_OK);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "d", &chain_error), ASP_NOT_FOUND);
    says(chain[2]);
    ck_assert_int_eq(chmod(chain[3], 01770), 0);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &chain_error), ASP_UNSAFE);
    ck_assert_int_eq(chmod(chain[3], 0700), 0);
    if (unit_is_root()) {
        ck_assert_int_eq(chown(chain[3], STRANGER, STRANGER), 0);
        ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &chain_error), ASP_UNSAFE);
        says("54321");
    }
    ck_assert_int_eq(rename(chain[3], unit_path(chain[2], "real")), 0);
    ck_assert_int_eq(symlink("real", chain[3]), 0);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &chain_error), ASP_UNSAFE);
    says("real");
    ck_assert_int_eq(unlink(chain[3]), 0);
    ck_assert_int_eq(symlink("nowhere", chain[3]), 0);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &chain_error), ASP_UNSAFE);
    ck_assert_int_eq(unlink(chain[3]), 0);
    file_write(chain[3], "x", 1);
    ck_assert_int_eq(asp_folder_check(fd, chain[2], "c", &chain_error), ASP_UNSAFE);
    says("folder");
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
}

int main(void)
{
    return unit_run("folder_open", fill);
}
