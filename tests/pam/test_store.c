/* Stores that are missing, damaged or tampered with: unavailable, at once, for whom it touches and
 * nobody else. */
#include "stored.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static struct world world;
static char alices[PASSWORD_MAX], bobs[PASSWORD_MAX];

static void make_world(void)
{
    world_make(&world, "usage_interval = 0;");
    create(&world, alices, "alice", "--label", "x", "--app", "mail", NULL);
    create(&world, bobs, "bob", "--label", "x", "--app", "mail", NULL);
}

static int at_once(const char *what, const char *user, const char *password)
{
    long long begun = now_ms();
    int code = login(&world, "imap", user, "192.0.2.7", password);
    at_once_since(begun, what);
    return code;
}

/* Alice gets unavailable, whatever she says; Bob is as before. */
static void expect_alice_unavailable(const char *what)
{
    ck_code_msg(at_once(what, "alice", alices), PAM_AUTHINFO_UNAVAIL, "%s", what);
    ck_code_msg(at_once(what, "alice", "correct horse"), PAM_AUTHINFO_UNAVAIL, "%s, wrong password",
                what);
    ck_code_msg(at_once(what, "alice", bobs), PAM_AUTHINFO_UNAVAIL, "%s, another's password", what);
    ck_code_msg(at_once(what, "bob", bobs), PAM_SUCCESS, "%s, the other user", what);
    ck_code_msg(at_once(what, "carol", bobs), PAM_USER_UNKNOWN, "%s, no user", what);
}

/* Nobody's account can be told, not even that there is none. */
static void expect_all_unavailable(const char *what)
{
    ck_code_msg(at_once(what, "alice", alices), PAM_AUTHINFO_UNAVAIL, "%s", what);
    ck_code_msg(at_once(what, "carol", alices), PAM_AUTHINFO_UNAVAIL, "%s, no user", what);
    ck_code_msg(at_once(what, "carol", "correct horse"), PAM_AUTHINFO_UNAVAIL,
                "%s, no user, no shape", what);
}

static void expect_all_well(const char *what)
{
    ck_code_msg(login(&world, "imap", "alice", NULL, alices), PAM_SUCCESS, "after %s", what);
    ck_code_msg(login(&world, "imap", "bob", NULL, bobs), PAM_SUCCESS, "after %s", what);
    ck_code_msg(login(&world, "imap", "carol", NULL, bobs), PAM_USER_UNKNOWN, "after %s", what);
}

/* --- a user's file ---------------------------------------------------------------------------- */

static char file[2 * WORLD_PATH_MAX], aside[2 * WORLD_PATH_MAX + 8];

static void put_aside(const char *name)
{
    (void)snprintf(file, sizeof file, "%s", store_path(&world, name));
    (void)snprintf(aside, sizeof aside, "%s/aside", world.dir);
    ck_assert_msg(rename(file, aside) == 0, "%s: %s", file, strerror(errno));
}

static void put_back(void)
{
    ck_assert(remove(file) == 0 || errno == ENOENT);
    ck_assert(rename(aside, file) == 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert(fd >= 0 && strlen(path) < sizeof name.sun_path);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    ck_assert(bind(fd, (struct sockaddr *)&name, sizeof name) == 0);
    (void)close(fd);
}

/* Lesson: pam-u2f CVE-2019-12209. */
/* Lesson: linux-pam CVE-2024-22365. */
START_TEST(a_users_file_that_is_no_plain_file_is_unavailable)
{
    put_aside("users/alice");
    ck_assert(mkfifo(file, 0600) == 0);
    expect_alice_unavailable("a FIFO");
    ck_assert(unlink(file) == 0 && mkdir(file, 0700) == 0);
    expect_alice_unavailable("a folder");
    ck_assert(rmdir(file) == 0 && symlink(aside, file) == 0);
    expect_alice_unavailable("a link to the good file");
    ck_assert(unlink(file) == 0 && symlink("bob", file) == 0);
    expect_alice_unavailable("a link to the file beside it");
    ck_assert(unlink(file) == 0 && symlink("not-there", file) == 0);
    expect_alice_unavailable("a link to nothing");
    ck_assert(unlink(file) == 0);
    make_socket(file);
    expect_alice_unavailable("a socket");
    ck_assert(unlink(file) == 0);
    if (mknod(file, S_IFCHR | 0600, makedev(1, 3)) == 0) {
        expect_alice_unavailable("a device");
        ck_assert(unlink(file) == 0 && mknod(file, S_IFCHR | 0600, makedev(1, 5)) == 0);
        expect_alice_unavailable("a device without end");
    } else {
        harness_skip("a device as a user's file", strerror(errno));
    }
    put_back();
    expect_all_well("plain files");
}
END_TEST

START_TEST(a_users_file_that_others_own_or_can_write_is_unavailable)
{
    static const mode_t modes[] = {0620, 0602, 0660, 0666, 0622};

    (void)snprintf(file, sizeof file, "%s", store_path(&world, "users/alice"));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        ck_assert(chmod(file, modes[i]) == 0);
        expect_alice_unavailable("writable by others");
    }
    ck_assert(chmod(file, 0600) == 0 && chown(file, 12345, 0) == 0);
    expect_alice_unavailable("another's");
    ck_assert(chown(file, 0, 0) == 0);
    expect_all_well("own files");
}
END_TEST

START_TEST(a_users_file_cut_at_any_byte_is_unavailable)
{
    char good[8192];
    size_t length;

    (void)snprintf(file, sizeof file, "%s", store_path(&world, "users/alice"));
    length = file_read(file, good, sizeof good);
    for (size_t cut = 0; cut < length; cut++) {
        file_write(file, good, cut);
        ck_code_msg(at_once("cut", "alice", alices), PAM_AUTHINFO_UNAVAIL, "%zu of %zu bytes", cut,
                    length);
    }
    file_write(file, good, 0);
    expect_alice_unavailable("empty");
    file_write(file, good, length);
    expect_all_well("whole files");
}
END_TEST

START_TEST(a_users_file_with_any_byte_flipped_is_unavailable)
{
    static const unsigned char flips[] = {0x01, 0x20, 0x80, 0xff};
    char good[8192], bad[8192];
    size_t length;

    (void)snprintf(file, sizeof file, "%s", store_path(&world, "users/alice"));
    length = file_read(file, good, sizeof good);
    for (size_t i = 0; i < length; i++) {
        for (size_t flip = 0; flip < sizeof flips; flip++) {
            memcpy(bad, good, length);
            bad[i] = (char)((unsigned char)bad[i] ^ flips[flip]);
            file_write(file, bad, length);
            ck_code_msg(at_once("flipped", "alice", alices), PAM_AUTHINFO_UNAVAIL,
                        "byte %zu of %zu ^ 0x%02x", i, length, flips[flip]);
        }
    }
    file_write(file, good, length);
    memcpy(bad, good, length);
    bad[length] = '\n';
    file_write(file, bad, length + 1);
    expect_alice_unavailable("a line too many");
    bad[length] = '\0';
    file_write(file, bad, length + 1);
    expect_alice_unavailable("a NUL too many");
    file_write(file, good, length);
    expect_all_well("whole files");
}
END_TEST

START_TEST(a_users_file_without_bounds_is_unavailable)
{
    (void)snprintf(file, sizeof file, "%s", store_path(&world, "users/alice"));
    put_aside("users/alice");
    file_write(file, "x", 1);
    ck_assert(truncate(file, (off_t)1 << 30) == 0);
    expect_alice_unavailable("a gigabyte");
    put_back();
    expect_all_well("bounded files");
}
END_TEST

START_TEST(a_users_file_copied_to_another_name_opens_nothing)
{
    char bytes[8192];
    size_t length = file_read(store_path(&world, "users/alice"), bytes, sizeof bytes);

    file_write(store_path(&world, "users/bob"), bytes, length);
    ck_assert(login(&world, "imap", "bob", NULL, alices) != PAM_SUCCESS);
    ck_assert(login(&world, "imap", "bob", NULL, bobs) != PAM_SUCCESS);
    ck_code(login(&world, "imap", "alice", NULL, alices), PAM_SUCCESS);
}
END_TEST

/* --- the folders ------------------------------------------------------------------------------ */

/* Lesson: a store that is not mounted. */
START_TEST(a_store_that_is_not_there_is_unavailable_and_never_no_account)
{
    put_aside("users");
    expect_all_unavailable("no users folder");
    ck_assert(symlink(aside, file) == 0);
    expect_all_unavailable("a link to the users folder");
    ck_assert(unlink(file) == 0);
    file_write(file, "", 0);
    expect_all_unavailable("a file for a users folder");
    ck_assert(unlink(file) == 0 && mkfifo(file, 0700) == 0);
    expect_all_unavailable("a FIFO for a users folder");
    put_back();
    expect_all_well("the users folder in its place");
}
END_TEST

/* Lesson: pam-u2f CVE-2019-12209. */
/* Lesson: a store that is not mounted. */
START_TEST(a_store_that_is_elsewhere_or_a_link_is_unavailable)
{
    (void)snprintf(file, sizeof file, "%s", world.store);
    (void)snprintf(aside, sizeof aside, "%s/aside", world.dir);
    ck_assert(rename(file, aside) == 0);
    expect_all_unavailable("no store");
    ck_assert(symlink(aside, file) == 0);
    expect_all_unavailable("a link to the store");
    put_back();
    expect_all_well("the store in its place");
}
END_TEST

/* Lesson: pam-u2f CVE-2019-12209. */
START_TEST(a_link_above_the_store_is_unavailable)
{
    char real[2 * WORLD_PATH_MAX], through[2 * WORLD_PATH_MAX];

    (void)snprintf(real, sizeof real, "%s/real", world.dir);
    (void)snprintf(through, sizeof through, "%s/real/store", world.dir);
    ck_assert(mkdir(real, 0755) == 0 && rename(world.store, through) == 0);
    (void)snprintf(through, sizeof through, "%s/through", world.dir);
    ck_assert(symlink("real", through) == 0);
    (void)snprintf(world.store, sizeof world.store, "%.200s/through/store", world.dir);
    world_configure(&world, NULL);
    expect_all_unavailable("a link above the store");
    (void)snprintf(world.store, sizeof world.store, "%.200s/real/store", world.dir);
    world_configure(&world, NULL);
    expect_all_well("its real path");
}
END_TEST

static void expect_folder_checked(const char *folder)
{
    static const mode_t modes[] = {0720, 0702, 0777};
    struct stat status;

    ck_assert(stat(folder, &status) == 0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        ck_assert(chmod(folder, modes[i]) == 0);
        expect_all_unavailable(folder);
    }
    ck_assert(chmod(folder, status.st_mode & 07777) == 0);
    ck_assert(chown(folder, 12345, 0) == 0);
    expect_all_unavailable(folder);
    ck_assert(chown(folder, 0, 0) == 0);
    expect_all_well(folder);
}

/* Lesson: pam_oath CVE-2024-47191. */
/* Lesson: pam_tally2, pam_faillock. */
START_TEST(folders_that_others_own_or_can_write_are_unavailable)
{
    expect_folder_checked(store_path(&world, "users"));
    expect_folder_checked(world.store);
}
END_TEST

START_TEST(a_folder_above_that_others_can_write_is_unavailable_unless_sticky)
{
    char above[2 * WORLD_PATH_MAX], moved[2 * WORLD_PATH_MAX];

    (void)snprintf(above, sizeof above, "%s/above", world.dir);
    (void)snprintf(moved, sizeof moved, "%s/above/store", world.dir);
    ck_assert(mkdir(above, 0755) == 0 && rename(world.store, moved) == 0);
    (void)snprintf(world.store, sizeof world.store, "%.200s/above/store", world.dir);
    world_configure(&world, NULL);
    expect_folder_checked(above);
    ck_assert(chmod(above, 01777) == 0);
    expect_all_well("a sticky folder above");
}
END_TEST

/* --- what is beside the accounts -------------------------------------------------------------- */

/* Lesson: Zimbra ZCS-8181. */
START_TEST(the_record_of_use_never_decides_a_login)
{
    static const char junk[] = "junk";

    ck_code(login(&world, "imap", "alice", NULL, alices), PAM_SUCCESS);
    put_aside("used/alice");
    expect_all_well("no record of use");
    file_write(file, junk, sizeof junk);
    expect_all_well("a corrupt record of use");
    ck_assert(truncate(file, 0) == 0);
    expect_all_well("an empty record of use");
    ck_assert(unlink(file) == 0 && mkfifo(file, 0600) == 0);
    ck_code(at_once("a FIFO", "alice", alices), PAM_SUCCESS);
    ck_assert(unlink(file) == 0 && mkdir(file, 0700) == 0);
    ck_code(at_once("a folder", "alice", alices), PAM_SUCCESS);
    put_back();
    expect_all_well("its own record of use");
}
END_TEST

START_TEST(a_link_as_record_of_use_is_not_followed)
{
    char outside[2 * WORLD_PATH_MAX];
    struct stat status;

    (void)snprintf(outside, sizeof outside, "%s/outside", world.dir);
    (void)unlink(store_path(&world, "used/alice"));
    ck_assert(symlink(outside, store_path(&world, "used/alice")) == 0);
    ck_code(login(&world, "imap", "alice", NULL, alices), PAM_SUCCESS);
    ck_assert_msg(stat(outside, &status) != 0, "a file was made through the link");
    file_write(outside, "", 0);
    ck_code(login(&world, "imap", "alice", NULL, alices), PAM_SUCCESS);
    ck_assert(stat(outside, &status) == 0 && status.st_size == 0);
}
END_TEST

START_TEST(a_first_use_that_can_not_be_locked_is_unavailable_and_binds_nothing)
{
    char unbound[PASSWORD_MAX];

    create(&world, unbound, "alice", "--label", "first", NULL);
    put_aside("locks");
    ck_code(at_once("no locks folder", "alice", unbound), PAM_AUTHINFO_UNAVAIL);
    expect_all_well("the locks folder went");
    put_back();
    ck_returned_str_eq(stored_entry(&world, "alice", unbound).app, "first-use");
    ck_code(login(&world, "imap", "alice", NULL, unbound), PAM_SUCCESS);
}
END_TEST

static bool make_read_only(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    return mount(world.store, world.store, "none", MS_BIND, NULL) == 0 &&
           mount("none", world.store, "none", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0;
}

START_TEST(a_read_only_store_lets_bound_entries_in_and_binds_none)
{
    char unbound[PASSWORD_MAX];

    create(&world, unbound, "alice", "--label", "first", NULL);
    if (!make_read_only()) {
        harness_skip("a read-only store", strerror(errno));
        return;
    }
    expect_all_well("the store became read-only");
    ck_code(at_once("read-only", "alice", unbound), PAM_AUTHINFO_UNAVAIL);
    ck_code(at_once("read-only", "alice", "correct horse"), PAM_CRED_INSUFFICIENT);
    ck_assert(umount2(world.store, MNT_DETACH) == 0);
    ck_returned_str_eq(stored_entry(&world, "alice", unbound).app, "first-use");
    ck_code(login(&world, "imap", "alice", NULL, unbound), PAM_SUCCESS);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("store");

    tcase_add_checked_fixture(tests, make_world, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_users_file_that_is_no_plain_file_is_unavailable);
    tcase_add_test(tests, a_users_file_that_others_own_or_can_write_is_unavailable);
    tcase_add_test(tests, a_users_file_cut_at_any_byte_is_unavailable);
    tcase_add_test(tests, a_users_file_with_any_byte_flipped_is_unavailable);
    tcase_add_test(tests, a_users_file_without_bounds_is_unavailable);
    tcase_add_test(tests, a_users_file_copied_to_another_name_opens_nothing);
    tcase_add_test(tests, a_store_that_is_not_there_is_unavailable_and_never_no_account);
    tcase_add_test(tests, a_store_that_is_elsewhere_or_a_link_is_unavailable);
    tcase_add_test(tests, a_link_above_the_store_is_unavailable);
    tcase_add_test(tests, folders_that_others_own_or_can_write_are_unavailable);
    tcase_add_test(tests, a_folder_above_that_others_can_write_is_unavailable_unless_sticky);
    tcase_add_test(tests, the_record_of_use_never_decides_a_login);
    tcase_add_test(tests, a_link_as_record_of_use_is_not_followed);
    tcase_add_test(tests, a_first_use_that_can_not_be_locked_is_unavailable_and_binds_nothing);
    tcase_add_test(tests, a_read_only_store_lets_bound_entries_in_and_binds_none);
    return harness_run();
}
