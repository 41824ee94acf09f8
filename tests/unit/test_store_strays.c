/* What updates leave in the store in files that were never finished: killed, or by a power cut. */
#include "store_fixture.h"

#include "asp/store.h"
#include "asp/store_files_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE "0123456789abcdef"

static enum asp_status count_alice(const char *user, void *context)
{
    ck_assert_str_eq(user, "alice");
    ++*(size_t *)context;
    return ASP_OK;
}

/* The works that are cut short. */
enum work { FIRST, SECOND, REMOVAL, WORKS };

static void do_work(void *context)
{
    if (*(enum work *)context == REMOVAL)
        (void)asp_store_remove(&store, "alice", NULL);
    else
        (void)add_id("alice", "zz");
}

/* How many entries alice has; -1: she has no account. */
static int entries_now(void)
{
    return loads("alice") == ASP_NOT_FOUND ? -1 : (int)entries_of("alice");
}

/* The work killed at the n-th call and, as by a power cut, the note of it lost. False when it was
 * done. */
static bool leave_strays(enum work work, unsigned nth)
{
    bool killed;

    (void)asp_store_remove(&store, "alice", NULL);
    if (work != FIRST)
        ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    killed = unit_killed_at(do_work, &work, nth);
    if (unit_exists(in_store("locks/alice")))
        file_write(in_store("locks/alice"), "", 0);
    return killed;
}

START_TEST(what_a_power_cut_leaves_is_found_by_its_name)
{
    enum work work = (enum work)_i;
    unsigned nth = 0;
    size_t found = 0;

    unit_store(&store);
    while (leave_strays(work, ++nth)) {
        struct asp_error error = {0};
        size_t names = unit_names(in_store("users"));
        size_t told = 0;
        int now = entries_now();

        unit_need(asp_store_clear_strays(&store, count_alice, &told, &error) == ASP_OK, "%s",
                  error.text);
        unit_need(entries_now() == now, "%d entries at call %u", entries_now(), nth);
        unit_need(unit_names(in_store("users")) == (now >= 0), "call %u", nth);
        unit_need(told == names - (now >= 0), "call %u: %zu were told of %zu", nth, told, names);
        unit_need(now >= 0 || !unit_exists(in_store("locks/alice")), "call %u", nth);
        unit_need(now >= 0 || !unit_exists(in_store("used/alice")), "call %u", nth);
        found += told;
    }
    ck_assert_uint_gt(found, 1);
    asp_store_close(&store);
}
END_TEST

START_TEST(after_a_removal_nothing_of_the_account_is_anywhere)
{
    unsigned nth = 0;

    unit_store(&store);
    asp_store_begin_usage(&store, "alice", 1000);
    while (leave_strays((enum work)_i, ++nth)) {
        struct asp_error error = {0};
        enum asp_status expected = entries_now() < 0 ? ASP_NOT_FOUND : ASP_OK;

        unit_need(asp_store_remove(&store, "alice", &error) == expected, "%s", error.text);
        unit_need(unit_names(in_store("users")) + unit_names(in_store("used")) +
                          unit_names(in_store("locks")) ==
                      0,
                  "something is left after call %u", nth);
    }
    ck_assert_uint_gt(nth, 5);
    asp_store_close(&store);
}
END_TEST

static enum asp_status strays(void)
{
    enum asp_status status = ASP_OK;

    seen[0] = '\0';
    store_error = (struct asp_error){0};
    return asp_store_clear_strays(&store, note_user, &status, &store_error);
}

START_TEST(what_was_never_finished_is_known_by_its_exact_name_alone)
{
    static const char *const others[] = {
        ".alice.0123456789abcde",    ".alice.0123456789abcdef0",
        ".alice.0123456789abcdeF",   ".alice.0123456789abcdef~",
        ".alice.~~0123456789abcdef", ".alice~0123456789abcdef",
        "alice.0123456789abcdef",    ".0123456789abcdef",
        "..0123456789abcdef",        ".al ice.0123456789abcdef",
        ".alice.0123456789abcdeg",   ".%61.0123456789abcdef",
        ".alice.0123456789abcdef.",  ".alice",
    };
    static const char *const left[] = {".alice.0123456789abcdef", ".al%20ice.~00000000000000ff",
                                       ".a.used.0000000000000000"};
    char users[UNIT_PATH];

    unit_store(&store);
    (void)snprintf(users, sizeof users, "%s/users", store.path);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        file_write(unit_path(users, others[i]), "x", 1);
    ck_assert_int_eq(strays(), ASP_OK);
    ck_assert_str_eq(seen, "");
    for (size_t i = 0; i < UNIT_COUNT(left); i++)
        file_write(unit_path(users, left[i]), "x", 1);
    ck_assert_int_eq(strays(), ASP_OK);
    ck_assert_uint_eq(strlen(seen), strlen("alice al ice a.used "));
    ck_assert(strstr(seen, "alice ") && strstr(seen, "al ice ") && strstr(seen, "a.used "));
    ck_assert_uint_eq(unit_names(users), 1 + UNIT_COUNT(others));
    ck_assert_uint_eq(unit_names(in_store("locks")), 1);
    ck_assert_uint_eq(entries_of("alice"), 1);
    asp_store_close(&store);
}
END_TEST

static bool hold_alice(void *context)
{
    const char *file = context;
    int fd = open(file, O_RDWR);

    return fd >= 0 && flock(fd, LOCK_EX) == 0;
}

START_TEST(what_is_just_written_is_no_stray)
{
    static const struct unit_plan hasty = {.hasty = true};
    const char *file;
    enum asp_status status;
    pid_t holder;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    file = in_store("users/.alice.0123456789abcdef");
    file_write(file, "x", 1);
    holder = unit_holder(hold_alice, (void *)(uintptr_t)in_store("locks/alice"));
    unit_calls_begin(&hasty);
    status = strays();
    (void)unit_calls_end();
    ck_assert_int_eq(status, ASP_OK);
    ck_assert_str_eq(seen, "");
    ck_assert(unit_exists(file));
    unit_kill(holder);
    ck_assert_int_eq(strays(), ASP_OK);
    ck_assert_str_eq(seen, "alice ");
    ck_assert(!unit_exists(file));
    asp_store_close(&store);
}
END_TEST

/* What cannot be removed is told, and does not keep the others. */
START_TEST(a_stray_that_stays_is_an_error_that_names_it)
{
    const char *folder;

    unit_store(&store);
    folder = in_store("users/.alice.0123456789abcdef");
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    file_write(unit_path(folder, "x"), "x", 1);
    file_write(in_store("users/.bob.0123456789abcdef"), "x", 1);
    ck_assert_int_eq(mkdir(in_store("users/.carol.0123456789abcdef"), 0700), 0);
    ck_assert_int_eq(strays(), ASP_IO);
    store_says("users/.alice.0123456789abcdef cannot be removed");
    ck_assert(strcmp(seen, "bob carol ") == 0 || strcmp(seen, "carol bob ") == 0);
    ck_assert_int_eq(rmdir(in_store("locks")), 0);
    ck_assert_int_eq(strays(), ASP_IO);
    asp_store_close(&store);
}
END_TEST

/* Otherwise a power cut would bring back what was reported to be gone. */
START_TEST(a_removal_is_on_the_disk_as_a_whole)
{
    enum asp_status status;
    const char *made;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    asp_store_begin_usage(&store, "alice", 1000);
    unit_calls_begin(NULL);
    status = asp_store_remove(&store, "alice", &store_error);
    (void)unit_calls_end();
    ck_assert_int_eq(status, ASP_OK);
    made = strstr(unit_calls_made(), " renameat fsync unlinkat fsync");
    ck_assert_msg(made != NULL, "%s", unit_calls_made());
    made = strstr(made, " openat unlinkat fsync close openat unlinkat fsync close");
    ck_assert_msg(made != NULL, "%s", unit_calls_made());
    asp_store_close(&store);
}
END_TEST

/* ".NAME.NONCE", or with another end. */
static const char *temp_of(const char *name, const char *end)
{
    static char file[ASP_USER_ENCODED + 32];

    (void)snprintf(file, sizeof file, ".%s.%s", name, end);
    return file;
}

START_TEST(the_name_of_what_is_written_is_one_of_a_user_as_files_have_it)
{
    char name[400];
    char user[ASP_USER_ENCODED + 1];

    memset(user, 'a', sizeof user);
    user[ASP_USER_FILE] = '\0';
    ck_assert(asp_files_is_temp(temp_of(user, NONCE), name));
    ck_assert_str_eq(name, user);
    user[ASP_USER_FILE] = 'a';
    user[ASP_USER_FILE + 1] = '\0';
    ck_assert(!asp_files_is_temp(temp_of(user, NONCE), name));
    asp_user_file(user, name);
    strcpy(user, name);
    ck_assert(asp_files_is_temp(temp_of(user, NONCE), name));
    ck_assert_str_eq(name, user);
}
END_TEST

START_TEST(what_is_removed_is_told_from_what_was_not_there)
{
    static const struct unit_plan refused = {
        .call = "unlinkat", .first = 1, .times = 1, .number = EACCES};
    bool removed = true;
    bool gone;

    unit_store(&store);
    ck_assert(asp_files_remove_temp(store.own.fd, "none", &removed));
    ck_assert(!removed);
    file_write(in_store("file"), "x", 1);
    ck_assert(asp_files_remove_temp(store.own.fd, "file", &removed));
    ck_assert(removed && !unit_exists(in_store("file")));

    /* A folder is tried only where it is said to be one. */
    ck_assert_int_eq(mkdir(in_store("folder"), 0700), 0);
    unit_calls_begin(&refused);
    gone = asp_files_remove_temp(store.own.fd, "folder", &removed);
    ck_assert(unit_calls_end());
    ck_assert(!gone && !removed && unit_exists(in_store("folder")));
    ck_assert(asp_files_remove_temp(store.own.fd, "folder", &removed));
    ck_assert(removed && !unit_exists(in_store("folder")));
    asp_store_close(&store);
}
END_TEST

/* Whether a lock on this name says that something was cleared away, when this was noted. */
static bool clears(const char *name, const char *noted)
{
    struct asp_store_held lock = ASP_FILES_LOCK_FREE;

    strcpy(lock.name, name);
    lock.folder = store.own.fd;
    asp_files_clear_noted(&lock, noted);
    return lock.cleared;
}

START_TEST(each_file_that_a_killed_process_may_have_left_is_cleared_away)
{
    static const char *const ends[] = {NONCE, "~" NONCE, NONCE "~"};
    char longest[ASP_USER_FILE + 1];

    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    unit_store(&store);
    ck_assert(!clears(longest, temp_of(longest, NONCE)));
    for (size_t i = 0; i < UNIT_COUNT(ends); i++) {
        file_write(in_store(temp_of(longest, ends[i])), "x", 1);
        ck_assert(clears(longest, temp_of(longest, NONCE)));
        ck_assert(!unit_exists(in_store(temp_of(longest, ends[i]))));
    }

    /* Nothing else is, whatever was noted. */
    file_write(in_store(temp_of(longest, NONCE)), "x", 1);
    ck_assert(!clears(longest, temp_of("bob", NONCE)));
    ck_assert(!clears(longest, temp_of(longest, NONCE) + 1));
    ck_assert(unit_exists(in_store(temp_of(longest, NONCE))));
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, what_a_power_cut_leaves_is_found_by_its_name, WORKS);
    unit_loop(suite, after_a_removal_nothing_of_the_account_is_anywhere, WORKS);
    unit_add(suite, a_removal_is_on_the_disk_as_a_whole);
    unit_add(suite, what_was_never_finished_is_known_by_its_exact_name_alone);
    unit_add(suite, what_is_just_written_is_no_stray);
    unit_add(suite, a_stray_that_stays_is_an_error_that_names_it);
    unit_add(suite, the_name_of_what_is_written_is_one_of_a_user_as_files_have_it);
    unit_add(suite, what_is_removed_is_told_from_what_was_not_there);
    unit_add(suite, each_file_that_a_killed_process_may_have_left_is_cleared_away);
}

int main(void)
{
    return unit_run("store-strays", fill);
}
