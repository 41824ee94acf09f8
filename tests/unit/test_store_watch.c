/* What the one watch of a store is told, and its lock; what a store finds wrong with itself. */
#include "store_fixture.h"

#include "asp/store_watch.h"
#include "asp/time_text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOW = 1700000000, STRANGER = 54321 };

static struct asp_store_changes changes;
static struct asp_store_news news;

/* Changes */

static void note_change(const char *user, void *context)
{
    (void)context;
    if (strstr(seen, user) == NULL)
        (void)strcat(strcat(seen, user), " ");
}

/* Who was written since the last call, each once; what else there is, is in `news`. */
static const char *told(void)
{
    seen[0] = '\0';
    news = asp_store_changes_take(&store, &changes, note_change, NULL);
    return seen;
}

static bool is_readable(void)
{
    struct pollfd fd = {.fd = changes.fd, .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

static void follow(bool expected)
{
    bool another = !expected;

    ck_assert_int_eq(asp_store_follow(&store, &changes, &another, &store_error), ASP_OK);
    ck_assert_int_eq(another, expected);
}

START_TEST(whose_account_is_written_is_told)
{
    changes = ASP_STORE_UNFOLLOWED;
    ck_assert_str_eq(told(), "");
    unit_store(&store);
    ck_assert_int_eq(add_id("carol", "7k"), ASP_OK);
    follow(true);
    ck_assert(!is_readable());
    ck_assert_str_eq(told(), "");
    ck_assert_int_eq(add_id("al ice", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("bob", "zz"), ASP_OK);
    ck_assert_int_eq(asp_store_remove(&store, "carol", &store_error), ASP_OK);
    ck_assert(is_readable());
    ck_assert_str_eq(told(), "al ice bob carol ");
    ck_assert(!news.lost && !news.gone);
    ck_assert(!is_readable());
    ck_assert_str_eq(told(), "");

    /* Reading, and what is no account, is not told. */
    ck_assert_int_eq(loads("bob"), ASP_OK);
    asp_store_begin_usage(&store, "bob", 1000);
    ck_assert_str_eq(told(), "");

    /* The same store, said once more. */
    ck_assert_int_eq(add_id("dave", "7k"), ASP_OK);
    follow(false);
    ck_assert_str_eq(told(), "dave ");
    asp_store_changes_end(&changes);
    ck_assert_int_eq(changes.fd, -1);
    asp_store_changes_end(&changes);
    asp_store_close(&store);
}
END_TEST

START_TEST(the_changes_of_a_store_are_told_while_it_is_closed_and_until_another_is_followed)
{
    struct asp_store first;

    changes = ASP_STORE_UNFOLLOWED;
    unit_store(&store);
    follow(true);
    first = store;
    unit_store(&store);
    follow(true);
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    unit_put(&first, "alice", NULL, 0);
    ck_assert_str_eq(told(), "bob ");
    asp_store_close(&first);
    asp_store_close(&store);
    ck_assert_str_eq(told(), "");
    asp_store_changes_end(&changes);
}
END_TEST

START_TEST(a_store_that_goes_is_told)
{
    const char *const moves[] = {"users", ""};
    char moved[UNIT_PATH];

    for (size_t i = 0; i < UNIT_COUNT(moves); i++) {
        changes = ASP_STORE_UNFOLLOWED;
        unit_store(&store);
        (void)snprintf(moved, sizeof moved, "%s", unit_path(unit_folder(), "moved"));
        follow(true);
        ck_assert(!asp_store_is_another(&store));
        ck_assert_int_eq(rename(in_store(moves[i]), moved), 0);
        (void)told();
        /* Of a folder above no event tells; who looks sees it. */
        ck_assert_int_eq(news.gone, i == 0);
        ck_assert_int_eq(asp_store_is_another(&store), i == 1);
        asp_store_changes_end(&changes);
        asp_store_close(&store);
        ck_assert(asp_store_is_another(&store));
    }
    changes = ASP_STORE_UNFOLLOWED;
    unit_store(&store);
    follow(true);
    ck_assert_int_eq(rmdir(in_store("users")), 0);
    (void)told();
    ck_assert(news.gone);
    ck_assert_int_lt(asp_store_follow(&store, &changes, &(bool){false}, &store_error), ASP_OK);
    store_says("users cannot be watched");

    /* Another in its place is another. */
    ck_assert_int_eq(mkdir(in_store("users"), 0700), 0);
    follow(true);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_str_eq(told(), "alice ");
    asp_store_changes_end(&changes);
    asp_store_close(&store);
}
END_TEST

START_TEST(changes_that_were_lost_are_told_to_be)
{
    char most[32] = "16384";
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    unsigned long count;

    if (file != NULL) {
        ck_assert_ptr_nonnull(fgets(most, sizeof most, file));
        (void)fclose(file);
    }
    count = strtoul(most, NULL, 10);
    if (count > 100000)
        return;
    changes = ASP_STORE_UNFOLLOWED;
    unit_store(&store);
    follow(true);
    /* Of those that follow each other the same is told once: two in turn. */
    for (unsigned long i = 0; i < count + 100; i++)
        file_write(in_store(i % 2 == 0 ? "users/alice" : "users/bob"), "x", 1);
    ck_assert_str_eq(told(), "alice bob ");
    ck_assert(news.lost);
    asp_store_changes_end(&changes);
    asp_store_close(&store);
}
END_TEST

/* The lock of the watch */

START_TEST(one_watch_has_the_lock_and_leaves_its_time)
{
    struct asp_watch_lock lock = ASP_WATCH_LOCK_FREE;
    struct asp_watch_lock second;
    struct asp_watch_seen watch;
    time_t looked = 0;

    unit_store(&store);
    ck_assert_int_eq(asp_watch_lock_look(&store, &watch, &store_error), ASP_OK);
    ck_assert(!watch.runs);
    ck_assert_int_eq(watch.looked, ASP_NEVER);
    ck_assert(!asp_watch_lock_is_of(&lock, &store));
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW, &lock, &looked, &store_error), ASP_OK);
    ck_assert_int_eq(looked, NOW);
    ck_assert(asp_watch_lock_is_of(&lock, &store));
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW, &second, &looked, &store_error), ASP_BUSY);
    store_says("watches");
    store_says(store.path);
    ck_assert(!asp_watch_lock_is_of(&second, &store));
    asp_watch_lock_release(&second);
    ck_assert_int_eq(asp_watch_lock_look(&store, &watch, &store_error), ASP_OK);
    ck_assert(watch.runs);
    ck_assert_int_eq(watch.process, getpid());
    ck_assert_int_eq(watch.looked, NOW);

    asp_watch_lock_mark(&lock, NOW + 50);
    asp_watch_lock_release(&lock);
    ck_assert(!asp_watch_lock_is_of(&lock, &store));
    asp_watch_lock_release(&lock);
    asp_watch_lock_mark(&lock, NOW);
    ck_assert_int_eq(asp_watch_lock_look(&store, &watch, &store_error), ASP_OK);
    ck_assert(!watch.runs);
    ck_assert_int_eq(watch.process, 0);
    ck_assert_int_eq(watch.looked, NOW + 50);
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW + 100, &lock, &looked, &store_error),
                     ASP_OK);
    ck_assert_int_eq(looked, NOW + 50);
    asp_watch_lock_release(&lock);
    /* Left by a clock that was ahead. */
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW + 10, &lock, &looked, &store_error),
                     ASP_OK);
    ck_assert_int_eq(looked, NOW + 10);
    asp_watch_lock_release(&lock);
    asp_store_close(&store);
}
END_TEST

START_TEST(the_lock_of_one_store_is_not_that_of_another)
{
    struct asp_watch_lock lock;
    struct asp_store first;
    time_t looked;

    unit_store(&store);
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW, &lock, &looked, &store_error), ASP_OK);
    first = store;
    unit_store(&store);
    ck_assert(!asp_watch_lock_is_of(&lock, &store));
    ck_assert(asp_watch_lock_is_of(&lock, &first));
    asp_watch_lock_release(&lock);
    asp_store_close(&first);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_watch_that_was_killed_holds_no_lock_and_has_not_said_goodbye)
{
    struct asp_watch_lock lock;
    struct asp_watch_seen watch;
    time_t looked;
    int status;
    pid_t child;

    unit_store(&store);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (asp_watch_lock_acquire(&store, NOW, &lock, &looked, NULL) == ASP_OK)
            (void)raise(SIGKILL);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(asp_watch_lock_look(&store, &watch, &store_error), ASP_OK);
    ck_assert(!watch.runs);
    ck_assert_int_eq(watch.process, child);
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW + 5, &lock, &looked, &store_error), ASP_OK);
    ck_assert_int_eq(looked, NOW);

    /* A lock that nobody else will find is none. */
    ck_assert_int_eq(unlink(in_store("locks/.watch")), 0);
    ck_assert(!asp_watch_lock_is_of(&lock, &store));
    asp_watch_lock_release(&lock);
    ck_assert_int_eq(symlink("alice", in_store("locks/.watch")), 0);
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW, &lock, &looked, &store_error), ASP_UNSAFE);
    asp_watch_lock_release(&lock);
    ck_assert_int_eq(asp_watch_lock_look(&store, &watch, &store_error), ASP_UNSAFE);
    ck_assert_int_eq(unlink(in_store("locks/.watch")), 0);
    ck_assert_int_eq(rmdir(in_store("locks")), 0);
    ck_assert_int_eq(asp_watch_lock_acquire(&store, NOW, &lock, &looked, &store_error), ASP_IO);
    asp_watch_lock_release(&lock);
    asp_store_close(&store);
}
END_TEST

/* Faults */

static size_t faults;

static void note_fault(const struct asp_error *fault, const char *path, void *context)
{
    ck_assert_ptr_nonnull(strstr(fault->text, path));
    *(struct asp_error *)context = *fault;
    faults++;
}

/* Whether accounts can be looked at; the last fault is in `error`. */
static bool examine(const char *path)
{
    store_error = (struct asp_error){0};
    faults = 0;
    return asp_store_examine(UNIT_CONF_OF(path), unit_kept(), note_fault, &store_error);
}

START_TEST(a_sound_store_has_no_fault_and_one_that_is_not_there_has)
{
    unit_store(&store);
    ck_assert(examine(store.path));
    ck_assert_uint_eq(faults, 0);
    ck_assert(!examine(unit_path(unit_folder(), "none")));
    ck_assert_uint_eq(faults, 1);
    store_says("there is no store at ");
    ck_assert_str_ne(store_error.advice, "");
    ck_assert(asp_store_is_own(UNIT_CONF_OF(store.path), unit_kept()));
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_to_be_done_can_be_pasted_whatever_the_name_of_the_store)
{
    char path[UNIT_PATH];
    char advice[UNIT_PATH + 16];
    bool made;

    (void)snprintf(path, sizeof path, "%.400s/our store", unit_folder());
    ck_assert_int_eq(asp_store_make(&store, UNIT_CONF_OF(path), unit_kept(), &made, &store_error),
                     ASP_OK);
    ck_assert_int_eq(chmod(path, 0750), 0);
    ck_assert(examine(path));
    (void)snprintf(advice, sizeof advice, "chmod 700 '%s'", path);
    ck_assert_str_eq(store_error.advice, advice);
    asp_store_close(&store);
}
END_TEST

START_TEST(each_fault_of_a_folder_is_told_with_what_to_do)
{
    char advice[UNIT_PATH];
    size_t descriptors;

    unit_store(&store);
    descriptors = unit_names("/proc/self/fd");
    ck_assert_int_eq(chmod(in_store("used"), 0750), 0);
    ck_assert(examine(store.path));
    ck_assert_uint_eq(faults, 1);
    store_says("used is open to others than root (mode 0750)");
    (void)snprintf(advice, sizeof advice, "chmod 700 %s/used", store.path);
    ck_assert_str_eq(store_error.advice, advice);
    ck_assert_int_eq(chmod(store.path, 0711), 0);
    ck_assert(examine(store.path));
    ck_assert_uint_eq(faults, 2);
    ck_assert_int_eq(chmod(store.path, 0700), 0);

    /* It is there when it is needed, and only then. */
    ck_assert_int_eq(mkdir(in_store("due"), 0700), 0);
    ck_assert_int_eq(chmod(in_store("due"), 0701), 0);
    ck_assert(examine(store.path));
    ck_assert_uint_eq(faults, 2);
    ck_assert_int_eq(rmdir(in_store("due")), 0);

    ck_assert_int_eq(rmdir(in_store("used")), 0);
    ck_assert(examine(store.path));
    ck_assert_uint_eq(faults, 1);
    store_says("there is no folder ");
    (void)snprintf(advice, sizeof advice,
                   "mount the store, restore it from a backup, or mkdir -m 700 %s/used",
                   store.path);
    ck_assert_str_eq(store_error.advice, advice);
    ck_assert_int_eq(mkdir(in_store("used"), 0700), 0);

    ck_assert_int_eq(chmod(in_store("users"), 0770), 0);
    ck_assert(!examine(store.path));
    ck_assert_uint_eq(faults, 1);
    ck_assert_int_eq(store_error.status, ASP_UNSAFE);
    ck_assert_str_eq(store_error.advice, "");
    ck_assert_int_eq(chmod(store.path, 0777), 0);
    ck_assert(!examine(store.path));
    ck_assert_uint_eq(faults, 1);
    ck_assert_int_eq(store_error.status, ASP_UNSAFE);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), descriptors);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_store_is_own_that_is_or_could_be_made)
{
    char path[UNIT_PATH];

    unit_store(&store);
    if (unit_is_root()) {
        ck_assert_int_eq(chown(store.path, STRANGER, 0), 0);
        ck_assert(!asp_store_is_own(UNIT_CONF_OF(store.path), NULL));
    }
    (void)snprintf(path, sizeof path, "%s", unit_path(unit_folder(), "none"));
    ck_assert(asp_store_is_own(UNIT_CONF_OF(path), NULL));
    ck_assert(!asp_store_is_own(UNIT_CONF_OF(unit_path(path, "none")), NULL));
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_local_engines(suite, whose_account_is_written_is_told);
    unit_add_on_local_engines(
        suite, the_changes_of_a_store_are_told_while_it_is_closed_and_until_another_is_followed);
    unit_add(suite, a_store_that_goes_is_told);
    unit_add(suite, changes_that_were_lost_are_told_to_be);
    unit_add_on_engines(suite, one_watch_has_the_lock_and_leaves_its_time);
    unit_add_on_engines(suite, the_lock_of_one_store_is_not_that_of_another);
    unit_add(suite, a_watch_that_was_killed_holds_no_lock_and_has_not_said_goodbye);
    unit_add_on_engines(suite, a_sound_store_has_no_fault_and_one_that_is_not_there_has);
    unit_add(suite, each_fault_of_a_folder_is_told_with_what_to_do);
    unit_add(suite, what_is_to_be_done_can_be_pasted_whatever_the_name_of_the_store);
    unit_add(suite, a_store_is_own_that_is_or_could_be_made);
}

int main(void)
{
    return unit_run("store-watch", fill);
}
