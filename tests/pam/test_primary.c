/* The primary password as auth sees it, in an /etc of our own: changed, locked, gone, not to be
 * read. */
#include "devlog.h"
#include "stored.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HASH "$6$salt$abcdefghijklmnopqrstuvwxyz"
#define OTHER "$6$salt$zyxwvutsrqponmlkjihgfedcba"
#define BOB "bob:$6$salt$bobbobbob:19000:0:99999:7:::\n"

static struct world world;
static char phone[PASSWORD_MAX], laptop[PASSWORD_MAX], bobs[PASSWORD_MAX];

/* How far the clock that the module reads is ahead. */
static time_t ahead;

time_t time(time_t *now)
{
    struct timespec real;

    (void)clock_gettime(CLOCK_REALTIME, &real);
    if (now != NULL)
        *now = real.tv_sec + ahead;
    return real.tv_sec + ahead;
}

/* Replaces /etc/shadow as passwd does, by rename. */
static void shadow(const char *text)
{
    file_write("/etc/shadow.new", text, strlen(text));
    ck_assert(rename("/etc/shadow.new", "/etc/shadow") == 0);
}

/* Alice's line with HASH as its second field. */
static void alice_has(const char *hash)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "root:*:19000:0:99999:7:::\nalice:%s:19000:0:99999:7:::\n" BOB, hash);
    shadow(text);
}

/* An /etc that only this process has, and a /dev/log. */
static void make_world(void)
{
    const char *refused = devlog_open();

    ck_assert_msg(refused == NULL, "%s", refused);
    world_make(&world, "primary: { source = \"shadow\"; };");
    world_own_etc(&world);
    alice_has(HASH);
    create(&world, phone, "alice", "--label", "Phone", "--app", "mail", NULL);
    create(&world, laptop, "alice", "--label", "Laptop", NULL);
    create(&world, bobs, "bob", "--label", "Phone", "--app", "mail", NULL);
    (void)devlog_take();
}

static int log_in(const char *user, const char *password)
{
    return login(&world, "imap", user, "192.0.2.7", password);
}

static void expect_states(const char *state)
{
    ck_returned_str_eq(stored_entry(&world, "alice", phone).state, state);
    ck_returned_str_eq(stored_entry(&world, "alice", laptop).state, state);
    ck_returned_str_eq(stored_entry(&world, "bob", bobs).state, "active");
}

/* One of the lines since the last look is of a login of alice with this verdict. */
static void expect_line(const char *verdict)
{
    char start[64];
    struct logged *logged = devlog_take();

    (void)snprintf(start, sizeof start, "verdict=%s rhost=192.0.2.7 user=\"alice\"", verdict);
    for (int i = 0; i < logged->count; i++) {
        if (strncmp(logged->line[i].text, start, strlen(start)) == 0)
            return;
    }
    ck_abort_msg("no line says %s; of %d, the last is \"%s\"", verdict, logged->count,
                 logged->count == 0 ? "" : logged->line[logged->count - 1].raw);
}

START_TEST(while_it_is_the_same_logins_are_accepted)
{
    ck_code(log_in("alice", phone), PAM_SUCCESS);
    alice_has(HASH); /* another file with the same hash */
    ck_code(log_in("alice", phone), PAM_SUCCESS);
    ck_code(log_in("alice", laptop), PAM_SUCCESS);
    expect_states("active");
}
END_TEST

START_TEST(a_change_revokes_all_of_the_users_and_nobody_elses)
{
    alice_has(OTHER);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_line("primary-changed");
    expect_states("revoked");
    ck_code(log_in("alice", laptop), PAM_AUTH_ERR);
    expect_line("revoked");
    ck_code(log_in("bob", bobs), PAM_SUCCESS);
    alice_has(HASH);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_states("revoked");
}
END_TEST

START_TEST(each_kind_of_change_counts)
{
    static const char *const changes[] = {OTHER, "", "*", "!", "!!", "!" OTHER, "!*", HASH "x"};

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char password[PASSWORD_MAX], label[32];
        alice_has(HASH);
        admin_do(&world, "remove", "alice", NULL);
        (void)snprintf(label, sizeof label, "%zu", i);
        create(&world, password, "alice", "--label", label, "--app", "mail", NULL);
        ck_code_msg(log_in("alice", password), PAM_SUCCESS, "before \"%s\"", changes[i]);
        alice_has(changes[i]);
        ck_code_msg(log_in("alice", password), PAM_AUTH_ERR, "\"%s\"", changes[i]);
        ck_assert_msg(strcmp(stored_entry(&world, "alice", password).state, "revoked") == 0,
                      "\"%s\" revoked nothing", changes[i]);
        (void)devlog_take();
    }
}
END_TEST

START_TEST(a_change_is_not_acted_on_for_a_secret_that_was_not_proven)
{
    char wrong[PASSWORD_MAX];

    with_other_secret(wrong, phone);
    alice_has(OTHER);
    ck_code(log_in("alice", wrong), PAM_AUTH_ERR);
    expect_line("wrong-secret");
    ck_code(log_in("alice", "correct horse"), PAM_CRED_INSUFFICIENT);
    expect_states("active");
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_states("revoked");
}
END_TEST

/* Lesson: mailcow #6584, #5673. */
START_TEST(a_locked_primary_refuses_and_destroys_nothing)
{
    static const char *const locked[] = {"!" HASH, "!!" HASH};

    for (size_t i = 0; i < 2; i++) {
        alice_has(locked[i]);
        ck_code(log_in("alice", phone), PAM_AUTH_ERR);
        expect_line("primary-locked");
        expect_states("active");
        alice_has(HASH);
        ck_code(log_in("alice", phone), PAM_SUCCESS);
        (void)devlog_take();
    }
    shadow("alice:" HASH ":19000:0:99999:7::1:\n" BOB);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_line("primary-locked");
    alice_has(HASH);
    ck_code(log_in("alice", phone), PAM_SUCCESS);
    expect_states("active");
}
END_TEST

START_TEST(a_lock_is_remembered_as_long_as_the_file_is_the_same)
{
    char events[4096];
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    alice_has("!" HASH);
    ahead = 5; /* the file is not of this very moment */
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    ck_assert(inotify_add_watch(watch, "/etc/shadow", IN_OPEN) >= 0);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    ck_assert_msg(read(watch, events, sizeof events) < 0, "shadow was read again");
    (void)close(watch);
    alice_has(HASH);
    ck_code(log_in("alice", phone), PAM_SUCCESS);
    alice_has("!" HASH);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_states("active");
}
END_TEST

/* What the record of use remembers is of the account that was there, and not of the one that is
 * brought back. */
/* Lesson: a backup of one user's file. */
START_TEST(a_backup_of_one_users_file_hides_no_change)
{
    char tablet[PASSWORD_MAX], backup[8192], events[4096];
    size_t length = file_read(store_path(&world, "users/alice"), backup, sizeof backup);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    alice_has(OTHER);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_states("revoked");
    create(&world, tablet, "alice", "--label", "Tablet", "--app", "mail", NULL);
    ahead = 5; /* the file is not of this very moment */
    ck_code(log_in("alice", tablet), PAM_SUCCESS);
    ck_assert(inotify_add_watch(watch, "/etc/shadow", IN_OPEN) >= 0);
    ck_code(log_in("alice", tablet), PAM_SUCCESS);
    ck_assert_msg(read(watch, events, sizeof events) < 0, "it is not remembered");
    (void)close(watch);
    file_write(store_path(&world, "users/alice"), backup, length);
    (void)devlog_take();
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_line("primary-changed");
    expect_states("revoked");
}
END_TEST

START_TEST(an_account_that_has_expired_by_a_wrong_clock_hides_no_change)
{
    char text[512];

    (void)snprintf(text, sizeof text, "alice:" OTHER ":19000:0:99999:7::%ld:\n" BOB,
                   (long)(time(NULL) / 86400 + 2));
    shadow(text);
    ahead = (time_t)3 * 86400;
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_line("primary-locked");
    ahead = 0;
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_line("primary-changed");
    expect_states("revoked");
}
END_TEST

START_TEST(a_user_who_is_gone_from_shadow_is_refused_and_loses_nothing)
{
    shadow(BOB);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    ck_code(log_in("bob", bobs), PAM_SUCCESS);
    expect_states("active");
    alice_has(HASH);
    ck_code(log_in("alice", phone), PAM_SUCCESS);
}
END_TEST

/* Lesson: Nextcloud #7142 #8958 #12703. */
START_TEST(a_shadow_that_can_not_be_told_is_unavailable_and_never_a_change)
{
    static const char *const broken[] = {"alice:" OTHER ":19000:0:99999:7:\n" BOB,
                                         "alice:" OTHER "\n" BOB,
                                         BOB "alice:" OTHER ":19000:0:99999:7:::"};

    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        shadow(broken[i]);
        ck_code_msg(log_in("alice", phone), PAM_AUTHINFO_UNAVAIL, "shadow %zu", i);
        expect_line("unavailable");
        expect_states("active");
    }
    ck_assert(unlink("/etc/shadow") == 0);
    ck_code(log_in("alice", phone), PAM_AUTHINFO_UNAVAIL);
    ck_assert(mkfifo("/etc/shadow", 0600) == 0);
    long long begun = now_ms();
    ck_code(log_in("alice", phone), PAM_AUTHINFO_UNAVAIL);
    at_once_since(begun, "a FIFO");
    ck_assert(unlink("/etc/shadow") == 0 && mkdir("/etc/shadow", 0700) == 0);
    ck_code(log_in("alice", phone), PAM_AUTHINFO_UNAVAIL);
    ck_assert(rmdir("/etc/shadow") == 0);
    alice_has(HASH);
    ck_code(log_in("alice", phone), PAM_SUCCESS);
    expect_states("active");
}
END_TEST

START_TEST(a_change_that_can_not_be_written_is_refused_all_the_same)
{
    alice_has(OTHER);
    ck_assert(mount(world.store, world.store, "none", MS_BIND, NULL) == 0);
    ck_assert(mount("none", world.store, "none", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_line("primary-changed");
    ck_code(log_in("alice", laptop), PAM_AUTH_ERR);
    ck_assert(umount2(world.store, MNT_DETACH) == 0);
    expect_states("active");
    ck_code(log_in("alice", phone), PAM_AUTH_ERR);
    expect_states("revoked");
}
END_TEST

START_TEST(a_user_without_a_primary_password_has_nothing_to_change_until_there_is_one)
{
    char carols[PASSWORD_MAX], daves[PASSWORD_MAX];

    create(&world, carols, "carol", "--label", "Phone", "--app", "mail", NULL);
    ck_code(log_in("carol", carols), PAM_SUCCESS);
    shadow("dave:*:19000:0:99999:7:::\n" BOB);
    create(&world, daves, "dave", "--label", "Phone", "--app", "mail", NULL);
    ck_code(log_in("dave", daves), PAM_SUCCESS);
    shadow("dave:!!:19000:0:99999:7:::\n" BOB);
    ck_code(log_in("dave", daves), PAM_SUCCESS);
    shadow("dave:" HASH ":19000:0:99999:7:::\n" BOB);
    ck_code(log_in("dave", daves), PAM_AUTH_ERR);
    ck_code(log_in("carol", carols), PAM_SUCCESS);
}
END_TEST

/* A file that is old enough for its state to be remembered, and a login that remembers it. */
static void settle_and_log_in(const char *password)
{
    ahead = 10;
    ck_code(log_in("dave", password), PAM_SUCCESS);
    ck_code(log_in("dave", password), PAM_SUCCESS);
    ahead = 0;
}

/* Lesson: two facts told apart by nothing. */
START_TEST(a_user_without_a_hash_who_is_gone_is_refused_and_loses_nothing)
{
    char daves[PASSWORD_MAX];

    shadow("dave:!:19000:0:99999:7:::\n" BOB);
    create(&world, daves, "dave", "--label", "Phone", "--app", "mail", NULL);
    settle_and_log_in(daves);
    shadow(BOB);
    (void)devlog_take();
    ck_code(log_in("dave", daves), PAM_AUTH_ERR);
    ck_returned_str_eq(stored_entry(&world, "dave", daves).state, "active");
    ahead = 10;
    ck_code(log_in("dave", daves), PAM_AUTH_ERR);
    ahead = 0;
    shadow("dave:!:19000:0:99999:7:::\n" BOB);
    ck_code(log_in("dave", daves), PAM_SUCCESS);
}
END_TEST

/* Deleted and made again between two looks: the day of the line tells. */
/* Lesson: two facts told apart by nothing. */
START_TEST(another_user_of_that_name_has_none_of_the_app_passwords)
{
    static const char *const others[] = {"dave:!:19001:0:99999:7:::\n",
                                         "dave:*:19001:0:99999:7:::\n",
                                         "dave:" HASH ":19000:0:99999:7:::\n"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char daves[PASSWORD_MAX];

        shadow("dave:!:19000:0:99999:7:::\n" BOB);
        create(&world, daves, "dave", "--label", "Phone", "--app", "mail", NULL);
        settle_and_log_in(daves);
        shadow(others[i]);
        ck_code_msg(log_in("dave", daves), PAM_AUTH_ERR, "%zu", i);
        ck_returned_str_eq(stored_entry(&world, "dave", daves).state, "revoked");
        admin_do(&world, "remove", "dave", NULL);
        (void)devlog_take();
    }
}
END_TEST

START_TEST(who_had_no_line_and_has_one_is_another)
{
    static const char *const lines[] = {"dave:!:19000:0:99999:7:::\n", "dave::19000:0:99999:7:::\n",
                                        "dave:" HASH ":19000:0:99999:7:::\n"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char daves[PASSWORD_MAX];

        shadow(BOB);
        create(&world, daves, "dave", "--label", "Phone", "--app", "mail", NULL);
        settle_and_log_in(daves);
        shadow(lines[i]);
        ck_code_msg(log_in("dave", daves), PAM_AUTH_ERR, "%zu", i);
        ck_returned_str_eq(stored_entry(&world, "dave", daves).state, "revoked");
        admin_do(&world, "remove", "dave", NULL);
        (void)devlog_take();
    }
}
END_TEST

int main(void)
{
    devlog_require();

    TCase *tests = harness_begin("primary");

    tcase_add_checked_fixture(tests, make_world, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, while_it_is_the_same_logins_are_accepted);
    tcase_add_test(tests, a_change_revokes_all_of_the_users_and_nobody_elses);
    tcase_add_test(tests, each_kind_of_change_counts);
    tcase_add_test(tests, a_change_is_not_acted_on_for_a_secret_that_was_not_proven);
    tcase_add_test(tests, a_locked_primary_refuses_and_destroys_nothing);
    tcase_add_test(tests, a_lock_is_remembered_as_long_as_the_file_is_the_same);
    tcase_add_test(tests, a_backup_of_one_users_file_hides_no_change);
    tcase_add_test(tests, an_account_that_has_expired_by_a_wrong_clock_hides_no_change);
    tcase_add_test(tests, a_user_who_is_gone_from_shadow_is_refused_and_loses_nothing);
    tcase_add_test(tests, a_shadow_that_can_not_be_told_is_unavailable_and_never_a_change);
    tcase_add_test(tests, a_change_that_can_not_be_written_is_refused_all_the_same);
    tcase_add_test(tests,
                   a_user_without_a_primary_password_has_nothing_to_change_until_there_is_one);
    tcase_add_test(tests, a_user_without_a_hash_who_is_gone_is_refused_and_loses_nothing);
    tcase_add_test(tests, another_user_of_that_name_has_none_of_the_app_passwords);
    tcase_add_test(tests, who_had_no_line_and_has_one_is_another);
    return harness_run();
}
