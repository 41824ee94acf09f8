/* A store in files, when nothing goes wrong but what is found there: folders, modes, links. */
#include "store_fixture.h"

#include "asp/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STRANGER = 54321 };

/* A path in the store. */
/* Making and opening */

START_TEST(a_store_is_made_with_its_folders_for_its_owner_alone)
{
    static const mode_t masks[] = {0, 022, 0777};
    static const char *const parts[] = {"", "users", "used", "locks"};

    for (size_t i = 0; i < UNIT_COUNT(masks); i++) {
        mode_t before;

        /* Nobody but root could open what it has made. */
        if (masks[i] == 0777 && !unit_is_root())
            continue;
        before = umask(masks[i]);
        unit_store(&store);
        for (size_t k = 0; k < UNIT_COUNT(parts); k++)
            ck_assert_uint_eq(unit_mode(in_store(parts[k])), 0700);
        ck_assert_int_ne(fcntl(store.own.fd, F_GETFD) & FD_CLOEXEC, 0);
        ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
        ck_assert_uint_eq(unit_mode(in_store("users/alice")), 0600);
        ck_assert_uint_eq(unit_mode(in_store("locks/alice")), 0600);
        asp_store_begin_usage(&store, "alice", 1000);
        ck_assert_uint_eq(unit_mode(in_store("used/alice")), 0600);
        asp_store_close(&store);
        ck_assert(!asp_store_is_open(&store));
        (void)umask(before);
    }
}
END_TEST

START_TEST(making_a_store_that_is_there_makes_what_is_missing_of_it)
{
    char path[UNIT_PATH];
    bool made = true;

    unit_store(&store);
    strcpy(path, store.path);
    asp_store_close(&store);
    ck_assert_int_eq(asp_store_make(&store, UNIT_CONF_OF(path), NULL, &made, &store_error), ASP_OK);
    ck_assert(!made);
    asp_store_close(&store);
    ck_assert_int_eq(rmdir(unit_path(path, "used")), 0);
    ck_assert_int_eq(asp_store_make(&store, UNIT_CONF_OF(path), NULL, &made, &store_error), ASP_OK);
    ck_assert(made);
    ck_assert_uint_eq(unit_mode(unit_path(path, "used")), 0700);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_store_is_made_in_a_folder_that_is_there_and_sound)
{
    char path[UNIT_PATH];
    bool made = true;

    (void)snprintf(path, sizeof path, "%.400s/none/store", unit_folder());
    ck_assert_int_lt(asp_store_make(&store, UNIT_CONF_OF(path), NULL, &made, &store_error), ASP_OK);
    ck_assert(!made);
    asp_store_close(&store);
    ck_assert_int_lt(asp_store_make(&store, UNIT_CONF_OF("store"), NULL, &made, &store_error),
                     ASP_OK);
    asp_store_close(&store);
    ck_assert_int_lt(asp_store_make(&store, UNIT_CONF_OF(""), NULL, &made, &store_error), ASP_OK);
    asp_store_close(&store);
    (void)snprintf(path, sizeof path, "%.400s/store/", unit_folder());
    ck_assert_int_eq(asp_store_make(&store, UNIT_CONF_OF(path), NULL, &made, &store_error),
                     ASP_INVALID);
    asp_store_close(&store);

    (void)snprintf(path, sizeof path, "%.400s/store", unit_folder());
    *strrchr(path, '/') = '\0';
    ck_assert_int_eq(chmod(path, 0777), 0);
    path[strlen(path)] = '/';
    ck_assert_int_eq(asp_store_make(&store, UNIT_CONF_OF(path), NULL, &made, &store_error),
                     ASP_UNSAFE);
    ck_assert(!unit_exists(path));
    asp_store_close(&store);
}
END_TEST

START_TEST(a_store_that_is_not_there_is_an_error_like_any_other)
{
    char path[UNIT_PATH];

    (void)snprintf(path, sizeof path, "%.400s/store", unit_folder());
    ck_assert_int_eq(asp_store_open(&store, UNIT_CONF_OF(path), NULL, &store_error), ASP_IO);
    store_says(path);
    store_says("mount");
    asp_store_close(&store);
    file_write(path, "x", 1);
    ck_assert_int_eq(asp_store_open(&store, UNIT_CONF_OF(path), NULL, &store_error), ASP_IO);
    asp_store_close(&store);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/", path), 0);
    ck_assert_int_eq(asp_store_open(&store, UNIT_CONF_OF(path), NULL, &store_error), ASP_UNSAFE);
    asp_store_close(&store);
}
END_TEST

/* How many looks one opening takes. */
static unsigned looks(struct asp_store_kept *kept, enum asp_status expected)
{
    const char *path = store.path;
    struct asp_store opened;
    enum asp_status status;

    unit_calls_begin(NULL);
    status = asp_store_open(&opened, UNIT_CONF_OF(path), kept, &store_error);
    (void)unit_calls_end();
    ck_assert_int_eq(status, expected);
    asp_store_close(&opened);
    return unit_calls("fstatat");
}

START_TEST(what_is_kept_spares_the_look_at_the_folders_above_the_same_store)
{
    struct asp_store_kept kept = {0};
    struct asp_store_kept before;
    unsigned all;

    unit_store(&store);
    all = looks(NULL, ASP_OK);
    ck_assert_uint_gt(all, 0);
    ck_assert_uint_eq(looks(&kept, ASP_OK), all);
    ck_assert_uint_eq(looks(&kept, ASP_OK), 0);
    before = kept;

    /* What was found is of that folder alone, and a failure changes nothing of it. */
    ck_assert_int_eq(chmod(store.path, 0770), 0);
    (void)looks(&kept, ASP_UNSAFE);
    ck_assert_mem_eq(kept.words, before.words, sizeof kept.words);
    ck_assert_int_eq(rename(store.path, unit_path(unit_folder(), "moved")), 0);
    ck_assert_int_eq(mkdir(store.path, 0700), 0);
    ck_assert_uint_eq(looks(&kept, ASP_OK), all);
    ck_assert_uint_eq(looks(&kept, ASP_OK), 0);
    asp_store_close(&store);
}
END_TEST

/* No account means only this: the folder was looked at, and the file is not in it. */

static void every_door_says(enum asp_status expected)
{
    struct asp_entry entry;

    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(loads("alice"), expected);
    ck_assert_int_eq(update("alice", true, add, &entry), expected);
    ck_assert_int_eq(update("alice", false, add, &entry), expected);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), expected);
}

static enum asp_status count_user(const char *user, void *context)
{
    (void)user;
    ++*(size_t *)context;
    return ASP_OK;
}

START_TEST(a_store_without_its_users_folder_has_not_no_account_but_an_error)
{
    size_t count = 0;

    unit_store(&store);
    ck_assert_int_eq(rmdir(in_store("users")), 0);
    every_door_says(ASP_IO);
    ck_assert_int_eq(loads("alice"), ASP_IO);
    store_says("mounted");
    ck_assert_int_eq(asp_store_each(&store, count_user, &count, &store_error), ASP_IO);
    ck_assert_uint_eq(count, 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_users_folder_that_is_not_to_be_trusted_is_refused)
{
    size_t count = 0;

    unit_store(&store);
    ck_assert_int_eq(chmod(in_store("users"), 0770), 0);
    every_door_says(ASP_UNSAFE);
    ck_assert_int_eq(asp_store_each(&store, count_user, &count, &store_error), ASP_UNSAFE);
    ck_assert_int_eq(chmod(in_store("users"), 0700), 0);
    if (unit_is_root()) {
        ck_assert_int_eq(chown(in_store("users"), STRANGER, 0), 0);
        every_door_says(ASP_UNSAFE);
        ck_assert_int_eq(chown(in_store("users"), 0, 0), 0);
    }
    ck_assert_int_eq(rename(in_store("users"), in_store("real")), 0);
    ck_assert_int_eq(symlink("real", in_store("users")), 0);
    every_door_says(ASP_UNSAFE);
    ck_assert_int_eq(unlink(in_store("users")), 0);
    file_write(in_store("users"), "x", 1);
    every_door_says(ASP_UNSAFE);
    asp_store_close(&store);
}
END_TEST

START_TEST(without_a_sound_locks_folder_nothing_is_changed)
{
    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(chmod(in_store("locks"), 0777), 0);
    ck_assert_int_eq(add_id("alice", "zz"), ASP_UNSAFE);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_UNSAFE);
    ck_assert_int_eq(rename(in_store("locks"), in_store("elsewhere")), 0);
    ck_assert_int_eq(add_id("alice", "zz"), ASP_IO);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_IO);
    ck_assert_uint_eq(entries_of("alice"), 1);
    asp_store_close(&store);
}
END_TEST

/* Unmounted just after it was looked at. */
static void take_users_away(void)
{
    if (rename(in_store("users"), in_store("gone")) != 0)
        abort();
}

START_TEST(a_users_folder_that_vanishes_meanwhile_is_no_missing_account)
{
    static const struct unit_plan vanishes = {
        .call = "openat2", .first = 1, .times = 1, .at = take_users_away};
    struct asp_account account;
    enum asp_status status;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    unit_calls_begin(&vanishes);
    status = asp_store_load(&store, "alice", NULL, &account, &store_error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_IO);
    asp_store_close(&store);
}
END_TEST

START_TEST(nobody_has_no_account_where_one_look_of_those_has_failed)
{
    struct unit_plan fails = {.call = "fstatat", .times = 1, .number = EIO};
    struct asp_account account;
    enum asp_status status = ASP_IO;
    bool failed = true;

    unit_store(&store);
    while (failed) {
        fails.first++;
        unit_calls_begin(&fails);
        status = asp_store_load(&store, "alice", NULL, &account, &store_error);
        failed = unit_calls_end();
        ck_assert_int_eq(status, failed ? ASP_IO : ASP_NOT_FOUND);
    }
    ck_assert_uint_eq(fails.first, 5); /* the folder, twice, where it has gone, and a database */
    asp_store_close(&store);
}
END_TEST

START_TEST(a_name_that_is_not_well_formed_makes_no_file)
{
    static const char *const users[] = {"", ".", "..", "../alice", "a/b", "-a", "a*", "a\n"};

    unit_store(&store);
    for (size_t i = 0; i < UNIT_COUNT(users); i++) {
        struct asp_use use = {.id = "7k", .service = "imap"};

        ck_assert_int_eq(add_id(users[i], "7k"), ASP_INVALID);
        ck_assert_int_ne(asp_store_record(&store, users[i], &use), ASP_OK);
        asp_store_begin_usage(&store, users[i], 1000);
    }
    ck_assert_uint_eq(unit_names(in_store("users")), 0);
    ck_assert_uint_eq(unit_names(in_store("locks")), 0);
    ck_assert_uint_eq(unit_names(in_store("used")), 0);
    asp_store_close(&store);
}
END_TEST

/* What stands in the place of a file */

START_TEST(what_is_no_file_of_ours_is_refused_and_can_be_removed)
{
    const char *victim;
    size_t length;
    char *text;

    unit_store(&store);
    victim = in_store("victim");
    file_write(victim, "kept", 4);
    for (int kind = 0; kind < 5; kind++) {
        enum asp_status expected = kind == 4 ? ASP_CORRUPT : ASP_UNSAFE;
        struct asp_entry entry;
        const char *file = in_store("users/alice");

        if (kind == 0)
            ck_assert_int_eq(mkfifo(file, 0600), 0);
        else if (kind == 1)
            ck_assert_int_eq(mkdir(file, 0700), 0);
        else if (kind == 2)
            ck_assert_int_eq(symlink(victim, file), 0);
        else if (kind == 3)
            ck_assert_int_eq(symlink("nowhere", file), 0);
        else
            file_write(file, "damaged", 7);
        unit_plain_entry(&entry, "7k", "Phone");
        ck_assert_int_eq(loads("alice"), expected);
        store_says("alice");
        ck_assert_int_eq(update("alice", true, add, &entry), expected);
        ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
        ck_assert(!unit_exists(file));
        ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
    }
    text = unit_read(victim, &length);
    ck_assert_str_eq(text, "kept");
    free(text);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_file_of_others_or_writable_by_them_is_refused)
{
    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(chmod(in_store("users/alice"), 0660), 0);
    ck_assert_int_eq(loads("alice"), ASP_UNSAFE);
    ck_assert_int_eq(add_id("alice", "zz"), ASP_UNSAFE);
    ck_assert_int_eq(chmod(in_store("users/alice"), 0640), 0);
    ck_assert_int_eq(loads("alice"), ASP_OK);
    if (unit_is_root()) {
        ck_assert_int_eq(chown(in_store("users/alice"), STRANGER, 0), 0);
        ck_assert_int_eq(loads("alice"), ASP_UNSAFE);
        store_says("54321");
    }
    asp_store_close(&store);
}
END_TEST

START_TEST(damage_is_told_from_a_newer_version_with_what_to_do)
{
    unit_store(&store);
    file_write(in_store("users/alice"), "asp-account 3 user=\"alice\"\n", 26);
    ck_assert_int_eq(loads("alice"), ASP_NEWER);
    store_says("users/alice");
    store_says("newer");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_NEWER);
    file_write(in_store("users/alice"), "", 0);
    ck_assert_int_eq(loads("alice"), ASP_CORRUPT);
    store_says("users/alice");
    store_says("asp-admin remove");
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    ck_assert_int_eq(rename(in_store("users/bob"), in_store("users/alice")), 0);
    ck_assert_int_eq(loads("alice"), ASP_CORRUPT);
    store_says("another user");
    /* Longer than a file of ours may be: refused unread. */
    ck_assert_int_eq(truncate(in_store("users/alice"), 1LL << 40), 0);
    ck_assert_int_eq(loads("alice"), ASP_CORRUPT);
    asp_store_close(&store);
}
END_TEST

/* Updates */

START_TEST(each_user_has_files_of_her_own)
{
    unit_store(&store);
    for (size_t i = 0; i < ODD_NAMES; i++) {
        ck_assert_int_eq(add_id(odd_names[i], "7k"), ASP_OK);
        asp_store_begin_usage(&store, odd_names[i], 1000);
    }
    ck_assert_uint_eq(unit_names(in_store("users")), ODD_NAMES);
    ck_assert_uint_eq(unit_names(in_store("used")), ODD_NAMES);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_change_that_ends_otherwise_leaves_the_file_alone)
{
    static enum asp_status ends[] = {ASP_UNCHANGED, ASP_TAKEN,   ASP_FULL,
                                     ASP_NOT_FOUND, ASP_INVALID, ASP_NO_MEMORY};
    struct stat before;
    struct stat after;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(stat(in_store("users/alice"), &before), 0);
    for (size_t i = 0; i < UNIT_COUNT(ends); i++) {
        ck_assert_int_eq(update("alice", false, end_with, &ends[i]), ends[i]);
        ck_assert_str_eq(store_error.text, ends[i] < ASP_OK ? "as it was told" : "");
        ck_assert_int_eq(update("bob", true, end_with, &ends[i]), ends[i]);
        ck_assert(!unit_exists(in_store("users/bob")));
    }
    ck_assert_int_eq(stat(in_store("users/alice"), &after), 0);
    ck_assert(before.st_ino == after.st_ino);
    ck_assert_uint_eq(unit_names(in_store("users")), 1);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_change_that_drops_the_account_leaves_no_file)
{
    static enum asp_status drop = ASP_DROP;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(update("alice", false, end_with, &drop), ASP_OK);
    ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
    ck_assert_uint_eq(unit_names(in_store("users")), 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(the_new_file_is_on_disk_before_it_takes_the_old_ones_place)
{
    const char *made;
    const char *at;
    struct asp_entry entry;
    enum asp_status status;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    unit_plain_entry(&entry, "zz", "Tablet");
    unit_calls_begin(NULL);
    status = asp_store_update(&store, "alice", false, add, &entry, NULL);
    (void)unit_calls_end();
    ck_assert_int_eq(status, ASP_OK);
    made = unit_calls_made();
    at = strstr(made, " flock");
    ck_assert_msg(at != NULL && (at = strstr(at, " read")) != NULL &&
                      (at = strstr(at, " write fsync close")) != NULL &&
                      (at = strstr(at, " renameat fsync")) != NULL && strstr(at, " flock") != NULL,
                  "%s", made);
    ck_assert_uint_eq(unit_calls("fsync"), 2);
    ck_assert_uint_eq(unit_calls("renameat"), 1);
    asp_store_close(&store);
}
END_TEST

START_TEST(readers_take_no_lock_and_write_nothing)
{
    struct asp_account account;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    unit_calls_begin(NULL);
    ck_assert_int_eq(asp_store_load(&store, "alice", "7k", &account, &store_error), ASP_OK);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("flock") + unit_calls("fsync") + unit_calls("renameat"), 0);
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

/* Removing and walking */

START_TEST(removing_takes_account_usage_and_lock_away)
{
    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("alice.used", "7k"), ASP_OK);
    asp_store_begin_usage(&store, "alice", 1000);
    asp_store_begin_usage(&store, "alice.used", 1000);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
    ck_assert(!unit_exists(in_store("users/alice")));
    ck_assert(!unit_exists(in_store("used/alice")));
    ck_assert(!unit_exists(in_store("locks/alice")));
    ck_assert_uint_eq(unit_names(in_store("users")), 1);
    ck_assert_uint_eq(unit_names(in_store("used")), 1);
    ck_assert_uint_eq(entries_of("alice.used"), 1);

    /* Usage that was left alone goes too. */
    asp_store_begin_usage(&store, "alice", 1000);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_NOT_FOUND);
    ck_assert(!unit_exists(in_store("used/alice")));
    asp_store_close(&store);
}
END_TEST

/* Whoever removes an account takes its lock away, and others may be waiting for that very file. */
static void take_lock_away(void)
{
    if (unlink(in_store("locks/alice")) != 0)
        abort();
}

static enum asp_status see_lock(struct asp_account *account, void *context, struct asp_error *error)
{
    (void)account;
    (void)error;
    *(bool *)context = unit_exists(in_store("locks/alice"));
    return ASP_UNCHANGED;
}

START_TEST(a_lock_that_nobody_else_will_find_is_none)
{
    struct unit_plan plan = {
        .call = "flock", .first = 1, .times = 1, .at = take_lock_away, .hasty = true};
    bool found = false;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    unit_calls_begin(&plan);
    ck_assert_int_eq(asp_store_update(&store, "alice", false, see_lock, &found, &store_error),
                     ASP_UNCHANGED);
    ck_assert(unit_calls_end());
    ck_assert(found);
    plan.times = 0; /* for ever */
    unit_calls_begin(&plan);
    ck_assert_int_eq(asp_store_update(&store, "alice", false, see_lock, &found, &store_error),
                     ASP_BUSY);
    (void)unit_calls_end();
    store_says("locks/alice changes all the time");
    asp_store_close(&store);
}
END_TEST

START_TEST(each_user_with_an_account_is_visited_once_and_nothing_else_is)
{
    static const char *const others[] = {"users/.alice.0123456789abcdef", "users/%61",
                                         "users/a%2fb", "users/-x", "users/a b"};
    enum asp_status status = ASP_OK;

    unit_store(&store);
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
    ck_assert_str_eq(seen, "");
    ck_assert_int_eq(add_id("al ice", "7k"), ASP_OK);
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
    ck_assert_str_eq(seen, "al ice ");
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        file_write(in_store(others[i]), "x", 1);
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    seen[0] = '\0';
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_OK);
    ck_assert(strcmp(seen, "al ice bob ") == 0 || strcmp(seen, "bob al ice ") == 0);

    /* Anything but ASP_OK ends the walk. */
    seen[0] = '\0';
    status = ASP_TAKEN;
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &store_error), ASP_TAKEN);
    ck_assert(strcmp(seen, "al ice ") == 0 || strcmp(seen, "bob ") == 0);
    asp_store_close(&store);
}
END_TEST

/* Who made them may have been killed before they were on the disk. */
START_TEST(folders_that_were_there_are_synced_until_there_is_an_account)
{
    unsigned syncs[3];

    unit_store(&store);
    for (size_t i = 0; i < UNIT_COUNT(syncs); i++) {
        struct asp_store made;
        enum asp_status status;
        bool new;

        if (i == 2)
            ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
        unit_calls_begin(NULL);
        status = asp_store_make(&made, UNIT_CONF_OF(store.path), NULL, &new, &store_error);
        (void)unit_calls_end();
        ck_assert_int_eq(status, ASP_OK);
        ck_assert(!new);
        syncs[i] = unit_calls("fsync");
        asp_store_close(&made);
    }
    ck_assert_uint_eq(syncs[0], 2);
    ck_assert_uint_eq(syncs[1], 2);
    ck_assert_uint_eq(syncs[2], 0);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_store_is_made_with_its_folders_for_its_owner_alone);
    unit_add(suite, making_a_store_that_is_there_makes_what_is_missing_of_it);
    unit_add(suite, a_store_is_made_in_a_folder_that_is_there_and_sound);
    unit_add(suite, a_store_that_is_not_there_is_an_error_like_any_other);
    unit_add(suite, what_is_kept_spares_the_look_at_the_folders_above_the_same_store);
    unit_add(suite, a_store_without_its_users_folder_has_not_no_account_but_an_error);
    unit_add(suite, a_users_folder_that_is_not_to_be_trusted_is_refused);
    unit_add(suite, without_a_sound_locks_folder_nothing_is_changed);
    unit_add(suite, a_users_folder_that_vanishes_meanwhile_is_no_missing_account);
    unit_add(suite, nobody_has_no_account_where_one_look_of_those_has_failed);
    unit_add(suite, a_name_that_is_not_well_formed_makes_no_file);
    unit_add(suite, what_is_no_file_of_ours_is_refused_and_can_be_removed);
    unit_add(suite, a_file_of_others_or_writable_by_them_is_refused);
    unit_add(suite, damage_is_told_from_a_newer_version_with_what_to_do);
    unit_add(suite, each_user_has_files_of_her_own);
    unit_add(suite, a_change_that_ends_otherwise_leaves_the_file_alone);
    unit_add(suite, a_change_that_drops_the_account_leaves_no_file);
    unit_add(suite, the_new_file_is_on_disk_before_it_takes_the_old_ones_place);
    unit_add(suite, readers_take_no_lock_and_write_nothing);
    unit_add(suite, removing_takes_account_usage_and_lock_away);
    unit_add(suite, a_lock_that_nobody_else_will_find_is_none);
    unit_add(suite, each_user_with_an_account_is_visited_once_and_nothing_else_is);
    unit_add(suite, folders_that_were_there_are_synced_until_there_is_an_account);
}

int main(void)
{
    return unit_run("store-files", fill);
}
