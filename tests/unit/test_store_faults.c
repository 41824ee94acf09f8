/*
 * The store while the machine fails it: every call of an update made to fail, the process killed at
 * every call, and others who want the same at the same time. The old state or the new one, never a
 * mix, and what was reported is what is there.
 */
#include "unit.h"

#include "asp/store.h"
#include "asp/store_files_lock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct asp_store store;

static const char *in_store(const char *name)
{
    return unit_path(store.path, name);
}

/* What the account of alice holds: how many entries, -1 for none, -2 for what is no account. */
static int entries_now(void)
{
    struct asp_account account;
    struct asp_error error = {0};
    enum asp_status status = asp_store_load(&store, "alice", NULL, &account, &error);
    int count;

    if (status != ASP_OK)
        return status == ASP_NOT_FOUND ? -1 : -2;
    count = (int)account.count;
    asp_account_free(&account);
    return count;
}

/* Adds an entry with the next free id. */
static enum asp_status add_one(struct asp_account *account, void *context, struct asp_error *error)
{
    struct asp_entry entry;
    char id[ASP_ID_CHARS + 1];

    (void)context;
    (void)error;
    unit_id(account->count, id);
    unit_plain_entry(&entry, id, "Phone");
    return asp_account_add(account, &entry);
}

static enum asp_status add(const char *user, struct asp_error *error)
{
    return asp_store_update(&store, user, true, add_one, NULL, error);
}

/* The works that are interrupted, with what is there before and after. */
enum work { FIRST, SECOND, REMOVAL, WORKS };

static enum asp_status do_work(enum work work, struct asp_error *error)
{
    return work == REMOVAL ? asp_store_remove(&store, "alice", error) : add("alice", error);
}

static const int before_work[WORKS] = {-1, 1, 1};
static const int after_work[WORKS] = {1, 2, -1};

static void prepare(enum work work)
{
    struct asp_error error = {0};

    (void)asp_store_remove(&store, "alice", &error);
    if (work != FIRST)
        ck_assert_msg(add("alice", &error) == ASP_OK, "%s", error.text);
    ck_assert_int_eq(entries_now(), before_work[work]);
}

/* After whatever happened: the next update is done, and what was left lying about is gone. */
static void is_sound_again(void)
{
    struct asp_error error = {0};

    unit_need(add("alice", &error) == ASP_OK, "%s", error.text);
    unit_need(unit_names(in_store("users")) == 1, "something is left in users");
    unit_need(unit_names(in_store("locks")) == 1, "something is left in locks");
}

/* Does the work under a plan. False when the plan's call was not reached. */
static bool fail_once(enum work work, const struct unit_plan *plan)
{
    const char *call = plan->call != NULL ? plan->call : "call";
    struct asp_error error = {0};
    enum asp_status status;
    bool reached;
    int now;

    prepare(work);
    unit_calls_begin(plan);
    status = do_work(work, &error);
    reached = unit_calls_end();
    now = entries_now();
    unit_need(now == (status == ASP_OK ? after_work[work] : before_work[work]),
              "work %d, %s %u, errno %d: status %d and %d entries", work, call, plan->first,
              plan->number, status, now);
    unit_need(reached || status == ASP_OK, "work %d: %s", work, error.text);
    unit_need(status == ASP_OK || error.text[0] != '\0', "no line says what is wrong");
    is_sound_again();
    return reached;
}

/* Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275. */
/* Lesson: google-authenticator-libpam #13 #57 #86 #177. */
START_TEST(any_one_call_that_fails_leaves_what_was_reported)
{
    static const int numbers[] = {EIO, ENOSPC, EACCES, EROFS, EDQUOT};
    size_t descriptors;
    unsigned most = 0;

    unit_store(&store);
    descriptors = unit_names("/proc/self/fd");
    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        struct unit_plan plan = {.first = 1, .times = 1, .number = numbers[i]};

        while (fail_once((enum work)_i, &plan))
            plan.first++;
        most = plan.first;
    }
    ck_assert_uint_gt(most, 10);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), descriptors);
    asp_store_close(&store);
}
END_TEST

/* A disk that is full or broken goes on being so. */
START_TEST(a_call_that_goes_on_failing_leaves_what_was_reported)
{
    static const char *const calls[] = {"openat", "openat2", "write",   "fsync",     "close",
                                        "fchmod", "linkat",  "pwrite",  "ftruncate", "read",
                                        "fstat",  "fstatat", "renameat"};

    unit_store(&store);
    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .first = 1, .number = EIO, .hasty = true};

        while (fail_once((enum work)_i, &plan))
            plan.first++;
    }
    asp_store_close(&store);
}
END_TEST

START_TEST(a_folder_that_cannot_be_synced_is_put_back_as_it_was)
{
    struct asp_error error = {0};

    unit_store(&store);
    for (enum work work = FIRST; work < WORKS; work++) {
        /* The new file is synced, and then the folder: a removal has the folder alone. */
        struct unit_plan plan = {.call = "fsync", .first = work == REMOVAL ? 1 : 2, .number = EIO};
        enum asp_status status;

        prepare(work);
        unit_calls_begin(&plan);
        status = do_work(work, &error);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(status, ASP_IO);
        ck_assert_msg(strstr(error.text, strerror(EIO)) != NULL, "%s", error.text);
        ck_assert_int_eq(entries_now(), before_work[work]);
        is_sound_again();
    }
    asp_store_close(&store);
}
END_TEST

START_TEST(short_writes_and_interruptions_lose_nothing)
{
    static const struct unit_plan plans[] = {
        {.call = "write", .shortest = 1},
        {.call = "write", .first = 2, .times = 3, .number = EINTR, .shortest = 7},
        {.call = "read", .first = 1, .times = 3, .number = EINTR, .shortest = 5},
    };
    struct asp_error error = {0};

    unit_store(&store);
    prepare(SECOND);
    for (size_t i = 0; i < UNIT_COUNT(plans); i++) {
        enum asp_status status;

        unit_calls_begin(&plans[i]);
        status = add("alice", &error);
        (void)unit_calls_end();
        ck_assert_int_eq(status, ASP_OK);
        ck_assert_int_eq(entries_now(), 2 + (int)i);
    }
    asp_store_close(&store);
}
END_TEST

START_TEST(without_memory_nothing_is_changed)
{
    struct asp_error error = {0};
    unsigned nth = 0;

    unit_store(&store);
    for (bool reached = true; reached;) {
        struct unit_plan plan = {.call = "malloc", .first = ++nth, .times = 1, .number = ENOMEM};
        enum asp_status status;

        prepare(SECOND);
        unit_calls_begin(&plan);
        status = add("alice", &error);
        reached = unit_calls_end();
        ck_assert_int_eq(status, reached ? ASP_NO_MEMORY : ASP_OK);
        ck_assert_int_eq(entries_now(), reached ? 1 : 2);
    }
    ck_assert_uint_gt(nth, 3);
    asp_store_close(&store);
}
END_TEST

/* Kills */

static void do_it(void *work)
{
    (void)do_work(*(enum work *)work, NULL);
}

/* Lesson: google-authenticator-libpam #13 #57 #86 #177. */
/* Lesson: a kill at each call. */
START_TEST(who_is_killed_at_any_call_leaves_the_old_state_or_the_new_one)
{
    enum work work = (enum work)_i;
    unsigned nth = 0;
    size_t old_states = 0;
    size_t new_states = 0;
    bool killed;

    unit_store(&store);
    do {
        int now;

        prepare(work);
        killed = unit_killed_at(do_it, &work, ++nth);
        now = entries_now();
        unit_need(now == before_work[work] || now == after_work[work], "killed at call %u: %d", nth,
                  now);
        old_states += now == before_work[work];
        new_states += now == after_work[work];
        is_sound_again();
    } while (killed);
    ck_assert_uint_gt(old_states, 5);
    ck_assert_uint_gt(new_states, 1);
    asp_store_close(&store);
}
END_TEST

/* The lock file names what was being written: it is trusted to name a leaving, and nothing else. */
START_TEST(nothing_but_leavings_is_cleared_away)
{
    static const char *const notes[] = {
        "1 victim\n",
        "1 ../victim\n",
        "1 ./victim\n",
        "1 .x/../victim\n",
        "1 ..\n",
        "1 .\n",
        "victim\n",
        "\n",
        "1 \n",
        "1\n",
        "",
        " victim\n",
        "1 .victim.0123456789abcdef\n",
        "1 .alice.0123456789abcde\n",
        "1 .alice.0123456789abcdef0\n",
        "1 .alice.0123456789ABCDEF\n",
        "1 .alice.~0123456789abcdef~\n",
        "1 alice.0123456789abcdef\n",
    };
    /* The last one as version 0.1.0 named it. */
    static const char *const left[] = {"users/.alice.0123456789abcdee",
                                       "users/.alice.~0123456789abcdee",
                                       "users/.alice.0123456789abcdee~"};
    struct asp_error error = {0};
    char long_note[2000];

    unit_store(&store);
    file_write(in_store("victim"), "x", 1);
    file_write(in_store("users/victim"), "x", 1);
    for (size_t i = 12; i < UNIT_COUNT(notes); i++) {
        char *name = strdup(notes[i] + 2);

        ck_assert_ptr_nonnull(name);
        name[strlen(name) - 1] = '\0';
        file_write(unit_path(in_store("users"), name), "x", 1);
        free(name);
    }
    for (size_t i = 0; i < UNIT_COUNT(notes); i++) {
        file_write(in_store("locks/alice"), notes[i], strlen(notes[i]));
        ck_assert_int_eq(add("alice", &error), ASP_OK);
    }
    memset(long_note, '.', sizeof long_note);
    memcpy(long_note, "1 .", 3);
    file_write(in_store("locks/alice"), long_note, sizeof long_note);
    ck_assert_int_eq(add("alice", &error), ASP_OK);
    ck_assert(unit_exists(in_store("victim")) && unit_exists(in_store("users/victim")));
    ck_assert_uint_eq(unit_names(in_store("users")), 2 + UNIT_COUNT(notes) - 12);

    for (size_t i = 0; i < UNIT_COUNT(left); i++)
        file_write(in_store(left[i]), "x", 1);
    file_write(in_store("locks/alice"), "1 .alice.0123456789abcdee\n", 26);
    ck_assert_int_eq(add("alice", &error), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(left); i++)
        ck_assert_msg(!unit_exists(in_store(left[i])), "%s", left[i]);
    asp_store_close(&store);
}
END_TEST

/* Others */

static bool lock_alice(void *context)
{
    struct asp_store_held lock;

    (void)context;
    return asp_files_lock_acquire(&store, "alice", &lock, NULL) == ASP_OK;
}

START_TEST(a_wait_for_the_lock_is_bounded_and_names_the_holder)
{
    static const struct unit_plan no_waiting = {.hasty = true};
    enum asp_status status;
    struct asp_error error = {0};
    long long begin;
    char pid[32];
    pid_t holder;

    unit_store(&store);
    prepare(SECOND);
    holder = unit_holder(lock_alice, NULL);
    (void)snprintf(pid, sizeof pid, "process %ld:", (long)holder);
    begin = now_ms();
    ck_assert_int_eq(add("alice", &error), ASP_BUSY);
    ck_assert_int_ge(now_ms() - begin, 4900);
    ck_assert_msg(strstr(error.text, pid) != NULL, "%s", error.text);
    unit_calls_begin(&no_waiting);
    status = asp_store_remove(&store, "alice", &error);
    (void)unit_calls_end();
    ck_assert_int_eq(status, ASP_BUSY);

    /* Whoever only reads waits for nobody, and neither do the others. */
    begin = now_ms();
    ck_assert_int_eq(entries_now(), 1);
    ck_assert_int_eq(add("bob", &error), ASP_OK);
    ck_assert_int_lt(now_ms() - begin, 1000);

    /* Killed, it holds no more. */
    unit_kill(holder);
    begin = now_ms();
    ck_assert_int_eq(add("alice", &error), ASP_OK);
    ck_assert_int_lt(now_ms() - begin, 1000);
    asp_store_close(&store);
}
END_TEST

enum { WRITERS = 4, TURNS = 12 };

static void add_often(void *context)
{
    size_t *left = context;

    for (; *left > 0; --*left) {
        if (add("alice", NULL) != ASP_OK)
            abort();
    }
}

static void *add_in_thread(void *context)
{
    add_often(context);
    return NULL;
}

static void wait_for(pid_t child)
{
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

/* Each adds the next id of what it read under the lock: an update that was lost would give one
 * twice. */
/* Lesson: pam_oath CVE-2024-47191. */
/* Lesson: processes and threads at once. */
START_TEST(updates_of_processes_and_threads_are_done_one_after_the_other)
{
    pid_t children[WRITERS];
    pthread_t threads[WRITERS];
    size_t turns[WRITERS];

    unit_store(&store);
    for (size_t i = 0; i < WRITERS; i++) {
        turns[i] = TURNS;
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            add_often(&turns[i]);
            _exit(0);
        }
    }
    for (size_t i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_in_thread, &turns[i]), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        wait_for(children[i]);
    }
    ck_assert_int_eq(entries_now(), 2 * WRITERS * TURNS);
    ck_assert_uint_eq(unit_names(in_store("users")), 1);
    asp_store_close(&store);
}
END_TEST

/* The account is written, removed and made anew all the while: whole, or none. */
START_TEST(a_reader_sees_the_old_or_the_new_and_never_a_mix)
{
    long long end;
    pid_t child;
    int most = 0;

    unit_store(&store);
    prepare(SECOND);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        for (;;) {
            size_t turns = 20;

            add_often(&turns);
            if (asp_store_remove(&store, "alice", NULL) != ASP_OK)
                _exit(1);
        }
    }
    /* On a machine that is busy the writer may wait for its first turn. */
    end = now_ms() + 500;
    while (now_ms() < end || (most <= 1 && now_ms() < end + 20000)) {
        int now = entries_now();

        unit_need(now >= -1, "what was read is no account");
        most = now > most ? now : most;
    }
    unit_kill(child);
    ck_assert_int_gt(most, 1);
    asp_store_close(&store);
}
END_TEST

/* Who waits for a lock whose file is removed must not go on with a lock that nobody else sees. */
START_TEST(updates_and_removals_at_once_never_share_a_lock)
{
    pid_t children[WRITERS];
    struct asp_error error = {0};

    unit_store(&store);
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            for (size_t n = 0; n < 3 * TURNS; n++) {
                enum asp_status status =
                    n % 2 == 0 ? add("alice", NULL) : asp_store_remove(&store, "alice", NULL);

                if (status != ASP_OK && !(n % 2 == 1 && status == ASP_NOT_FOUND))
                    _exit(1);
            }
            _exit(0);
        }
    }
    for (size_t i = 0; i < WRITERS; i++)
        wait_for(children[i]);
    ck_assert_int_ge(entries_now(), -1);
    ck_assert_int_eq(add("alice", &error), ASP_OK);
    ck_assert_uint_eq(unit_names(in_store("users")), 1);
    asp_store_close(&store);
}
END_TEST

/* A copy of the descriptor in a process that was forked meanwhile keeps nobody out. */
static struct asp_store_held held_lock;

START_TEST(a_lock_that_is_given_back_is_free_though_a_fork_has_a_copy)
{
    struct asp_error error = {0};
    long long begin;
    pid_t child;

    unit_store(&store);
    prepare(SECOND);
    ck_assert_int_eq(asp_files_lock_acquire(&store, "alice", &held_lock, &error), ASP_OK);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        for (;;)
            (void)pause();
    }
    asp_files_lock_release(&held_lock);
    begin = now_ms();
    ck_assert_int_eq(add("alice", &error), ASP_OK);
    ck_assert_int_lt(now_ms() - begin, 1000);
    unit_kill(child);
    asp_store_close(&store);
}
END_TEST

/* Every lock has a name of its own for the file it writes, and it cannot be guessed. */
/* Lesson: pam_oath CVE-2024-47191. */
START_TEST(the_name_of_the_new_file_is_another_each_time)
{
    struct asp_error error = {0};
    struct asp_store_held lock;
    char first[sizeof lock.temp];

    unit_store(&store);
    ck_assert_int_eq(asp_files_lock_acquire(&store, "alice", &lock, &error), ASP_OK);
    strcpy(first, lock.temp);
    asp_files_lock_release(&lock);
    ck_assert_int_eq(asp_files_lock_acquire(&store, "alice", &lock, &error), ASP_OK);
    ck_assert_int_eq(first[0], '.');
    ck_assert_uint_eq(strlen(first), strlen(".alice.") + 16);
    ck_assert_str_ne(lock.temp, first);
    ck_assert_str_ne(lock.temp, lock.old);
    asp_files_lock_release(&lock);
    ck_assert_int_eq(lock.fd, -1);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, any_one_call_that_fails_leaves_what_was_reported, WORKS);
    unit_loop(suite, a_call_that_goes_on_failing_leaves_what_was_reported, WORKS);
    unit_add(suite, a_folder_that_cannot_be_synced_is_put_back_as_it_was);
    unit_add(suite, short_writes_and_interruptions_lose_nothing);
    unit_add(suite, without_memory_nothing_is_changed);
    unit_loop(suite, who_is_killed_at_any_call_leaves_the_old_state_or_the_new_one, WORKS);
    unit_add(suite, nothing_but_leavings_is_cleared_away);
    unit_add(suite, a_wait_for_the_lock_is_bounded_and_names_the_holder);
    unit_add(suite, updates_of_processes_and_threads_are_done_one_after_the_other);
    unit_add(suite, a_reader_sees_the_old_or_the_new_and_never_a_mix);
    unit_add(suite, updates_and_removals_at_once_never_share_a_lock);
    unit_add(suite, a_lock_that_is_given_back_is_free_though_a_fork_has_a_copy);
    unit_add(suite, the_name_of_the_new_file_is_another_each_time);
}

int main(void)
{
    return unit_run("store-faults", fill);
}
