/* One user's account brought up to what her primary password is now, in a real store. */
#include "unit.h"

#include "asp/engine.h"
#include "asp/reconcile.h"
#include "asp/store_due.h"
#include "asp/time_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LATER = 1700000000 };

#define HASH "$y$j9T$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"
#define OTHER "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"

static const struct asp_revocation how = {
    .when = LATER, .by = "watch", .hook_due = true, .keep = 100};

static struct asp_store store;
static struct asp_error error;
static struct asp_reconciled result;

/* Alice with two entries, one more that was revoked before, and the fingerprint of `hash`, if any.
 */
static enum asp_status fill_account(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    const char *hash = context;
    struct asp_entry entry;

    (void)why;
    if (hash != NULL) {
        struct asp_primary_now now = unit_shadow_says(hash);

        asp_primary_take(&now, &account->primary);
    }
    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(asp_account_add(account, &entry), ASP_OK);
    unit_plain_entry(&entry, "00", "Old");
    ck_assert(asp_entry_revoke(&entry, 2000, "ann", "lost", false));
    ck_assert_int_eq(asp_account_add(account, &entry), ASP_OK);
    unit_plain_entry(&entry, "zz", "Tablet");
    return asp_account_add(account, &entry);
}

static void begin(char *hash)
{
    unit_store(&store);
    ck_assert_int_eq(asp_store_update(&store, "alice", true, fill_account, hash, &error), ASP_OK);
}

static enum asp_status reconcile(const struct asp_primary_now *now, bool reached)
{
    error = (struct asp_error){0};
    memset(&result, 'x', sizeof result);
    return asp_reconcile(&store, "alice", now, &how, reached, &result, &error);
}

/* How many entries are revoked in the store, besides the one that was before. */
static size_t revoked_now(void)
{
    struct asp_account account;
    size_t count = 0;

    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, &error), ASP_OK);
    for (size_t i = 0; i < account.count; i++)
        count += account.entries[i].revoked == LATER;
    asp_account_free(&account);
    return count;
}

static enum asp_primary compared_with(const struct asp_primary_now *now)
{
    struct asp_account account;
    enum asp_primary primary;

    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, &error), ASP_OK);
    primary = asp_primary_compare(&account.primary, now, LATER);
    asp_account_free(&account);
    return primary;
}

START_TEST(a_change_revokes_all_and_names_them)
{
    struct asp_primary_now now = unit_shadow_says(OTHER);

    begin(HASH);
    ck_assert_int_eq(reconcile(&now, false), ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_CHANGED);
    ck_assert_uint_eq(result.count, 2);
    ck_assert_str_eq(result.revoked[0].id, "7k");
    ck_assert_str_eq(result.revoked[1].id, "zz");
    asp_reconciled_free(&result);
    ck_assert_ptr_null(result.revoked);
    ck_assert_uint_eq(revoked_now(), 2);
    ck_assert_int_eq(compared_with(&now), ASP_PRIMARY_SAME);

    /* Once. */
    ck_assert_int_eq(reconcile(&now, false), ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_SAME);
    ck_assert_uint_eq(result.count, 0);
    asp_reconciled_free(&result);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_history_has_no_room_for_is_due_beside_the_account)
{
    const struct asp_revocation none_kept = {
        .when = LATER, .by = "watch", .hook_due = true, .keep = 0};
    struct asp_primary_now now = unit_shadow_says(OTHER);
    struct asp_due due;

    begin(HASH);
    ck_assert_int_eq(asp_reconcile(&store, "alice", &now, &none_kept, false, &result, &error),
                     ASP_OK);
    ck_assert_uint_eq(result.count, 2);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(revoked_now(), 0);
    ck_assert_int_eq(asp_due_read(&store, "alice", &due, &error), ASP_OK);
    ck_assert_uint_eq(due.count, 2);
    ck_assert_str_eq(due.entries[0].reason, "primary-password");
    asp_due_free(&due);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_no_change_takes_no_lock_and_writes_nothing)
{
    static const char *const hashes[] = {HASH, "!" HASH, "!!" HASH, NULL};
    static const enum asp_primary answers[] = {ASP_PRIMARY_SAME, ASP_PRIMARY_LOCKED,
                                               ASP_PRIMARY_LOCKED, ASP_PRIMARY_ABSENT};

    begin(HASH);
    for (size_t i = 0; i < UNIT_COUNT(hashes); i++) {
        struct asp_primary_now now = unit_shadow_says(hashes[i]);
        enum asp_status status;

        unit_calls_begin(NULL);
        /* Of who has a line it says nothing that a password was set: the line does. */
        status = reconcile(&now, hashes[i] != NULL);
        (void)unit_calls_end();
        ck_assert_int_eq(status, ASP_OK);
        ck_assert_int_eq(result.primary, answers[i]);
        ck_assert_uint_eq(result.count, 0);
        ck_assert_uint_eq(unit_calls("flock") + unit_calls("renameat"), 0);
        asp_reconciled_free(&result);
    }
    ck_assert_uint_eq(revoked_now(), 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_could_not_be_told_changes_nothing_whoever_asks)
{
    struct asp_primary_now now = {.source = ASP_SOURCE_SHADOW, .expires = ASP_NEVER};

    for (int reached = 0; reached < 2; reached++) {
        begin(reached == 0 ? HASH : NULL);
        unit_calls_begin(NULL);
        (void)reconcile(&now, reached == 1);
        (void)unit_calls_end();
        ck_assert_int_eq(error.status, ASP_OK);
        ck_assert_uint_eq(unit_calls("flock"), 0);
        ck_assert_int_eq(result.primary, ASP_PRIMARY_UNKNOWN);
        ck_assert_uint_eq(result.count, 0);
        asp_reconciled_free(&result);
        ck_assert_uint_eq(revoked_now(), 0);
        asp_store_close(&store);
    }
}
END_TEST

START_TEST(a_first_fingerprint_is_taken_and_revokes_nothing)
{
    struct asp_primary_now now = unit_shadow_says(HASH);

    begin(NULL);
    ck_assert_int_eq(reconcile(&now, false), ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_SAME);
    ck_assert_uint_eq(result.count, 0);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(revoked_now(), 0);
    now = unit_shadow_says(OTHER);
    ck_assert_int_eq(compared_with(&now), ASP_PRIMARY_CHANGED);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_user_without_a_line_is_changed_only_when_a_password_was_just_set)
{
    struct asp_primary_now now = unit_shadow_says(NULL);

    begin(NULL);
    ck_assert_int_eq(reconcile(&now, false), ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_SAME);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(revoked_now(), 0);
    ck_assert_int_eq(reconcile(&now, true), ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_CHANGED);
    ck_assert_uint_eq(result.count, 2);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(revoked_now(), 2);
    asp_store_close(&store);
}
END_TEST

/* The file that said so is another by now: what was read would undo what was made since. */
START_TEST(what_was_overtaken_before_the_lock_changes_nothing)
{
    const struct asp_identity overtaken = {.present = true, .inode = 1};
    struct asp_primary_now now = unit_shadow_says(OTHER);
    enum asp_status status;

    now.read = &overtaken;
    begin(HASH);
    unit_calls_begin(NULL);
    status = reconcile(&now, false);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("renameat"), 0);
    ck_assert_int_eq(status, ASP_OK);
    ck_assert_int_eq(error.status, ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_UNKNOWN);
    ck_assert_uint_eq(result.count, 0);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(revoked_now(), 0);
    now = unit_shadow_says(HASH);
    ck_assert_int_eq(compared_with(&now), ASP_PRIMARY_SAME);
    asp_store_close(&store);
}
END_TEST

/* The same person: nothing is revoked. */
static enum asp_status follow(const char *user, const char *follows,
                              const struct asp_primary_now *now)
{
    enum asp_status status =
        asp_reconcile_follow(&store, user, follows, now, NULL, &result, &error);

    ck_assert_uint_eq(result.count, 0);
    asp_reconciled_free(&result);
    return status;
}

/* An account of 0.1.0: what the other one has is taken, not compared. */
START_TEST(an_account_that_comes_to_follow_another_loses_nothing)
{
    const struct asp_identity overtaken = {.present = true, .inode = 1};
    struct asp_primary_now now = unit_shadow_says(OTHER);
    struct asp_account account;

    begin(HASH);
    now.read = &overtaken;
    ck_assert_int_eq(follow("alice", "carol", &now), ASP_UNCHANGED);
    now.read = NULL;
    ck_assert_int_eq(follow("alice", "carol", &now), ASP_OK);
    ck_assert_uint_eq(revoked_now(), 0);
    ck_assert_int_eq(compared_with(&now), ASP_PRIMARY_SAME);
    ck_assert_int_eq(asp_store_load(&store, "alice", "", &account, &error), ASP_OK);
    ck_assert_str_eq(account.follows, "carol");
    asp_account_free(&account);

    /* What was looked up for another, or for nobody, is looked up again. */
    now = unit_shadow_says(HASH);
    now.follows = "";
    (void)reconcile(&now, false);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_UNKNOWN);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(revoked_now(), 0);
    now = (struct asp_primary_now){.source = ASP_SOURCE_SHADOW, .expires = ASP_NEVER};
    ck_assert_int_eq(follow("alice", "", &now), ASP_UNCHANGED);

    /* What could not be read again is never written. */
    now = unit_shadow_says(HASH);
    ck_assert_int_eq(follow("alice", "a*", &now), ASP_UNCHANGED);

    /* From then on a change is one. */
    ck_assert_int_eq(follow("alice", "carol", &now), ASP_UNCHANGED);
    ck_assert_int_eq(reconcile(&now, false), ASP_OK);
    ck_assert_uint_eq(result.count, 2);
    asp_reconciled_free(&result);
    ck_assert_int_eq(follow("bob", "carol", &now), ASP_NOT_FOUND);
    ck_assert_int_eq(follow("alice", "", &now), ASP_OK);
    ck_assert_int_eq(asp_store_load(&store, "alice", "", &account, &error), ASP_OK);
    ck_assert_str_eq(account.follows, "");
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

START_TEST(who_was_found_to_be_gone_comes_to_follow_nobody)
{
    const struct asp_primary_now gone = unit_shadow_says(NULL);
    const struct asp_primary_now hers = unit_shadow_says(OTHER);
    struct asp_noted noted_gone;

    begin(HASH);
    ck_assert_int_eq(
        asp_reconcile_note(&store, "alice", &gone, ASP_SIGHT_GONE, &noted_gone, &error), ASP_OK);
    ck_assert_int_eq(follow("alice", "carol", &hers), ASP_UNCHANGED);
    ck_assert_int_eq(compared_with(&gone), ASP_PRIMARY_ABSENT);
    asp_store_close(&store);
}
END_TEST

/* Who has the lock first, says so. */
static void another_is_first(void)
{
    struct asp_primary_now now = unit_shadow_says(OTHER);
    struct asp_reconciled others;

    ck_assert_int_eq(asp_reconcile(&store, "alice", &now, &how, false, &others, NULL), ASP_OK);
    ck_assert_uint_eq(others.count, 2);
    asp_reconciled_free(&others);
}

START_TEST(what_another_has_settled_before_the_lock_is_left_as_it_is)
{
    const struct unit_plan race = {.call = "flock", .first = 1, .times = 1, .at = another_is_first};
    struct asp_primary_now now = unit_shadow_says(OTHER);
    enum asp_status status;

    begin(HASH);
    unit_calls_begin(&race);
    status = reconcile(&now, false);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_OK);
    ck_assert_uint_eq(unit_calls("renameat"), 0);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_SAME);
    ck_assert_uint_eq(result.count, 0);
    ck_assert_ptr_null(result.revoked);
    ck_assert_uint_eq(revoked_now(), 2);
    ck_assert_int_eq(compared_with(&now), ASP_PRIMARY_SAME);
    asp_store_close(&store);
}
END_TEST

/* Of an engine that holds nobody off: another has written first. */
static const struct asp_store_engine *engine;
static void (*is_faster)(void);

static enum asp_status write_too_late(const struct asp_store *from, struct asp_store_held *held,
                                      const struct asp_made *made, struct asp_error *why)
{
    return is_faster != NULL ? ASP_AGAIN : engine->write(from, held, made, why);
}

static enum asp_status hold_nobody_off(const struct asp_store *from, const char *name,
                                       asp_store_step *step, void *context, struct asp_error *why)
{
    enum asp_status status = engine->hold(from, name, step, context, why);
    void (*another)(void) = is_faster;

    is_faster = NULL;
    if (status != ASP_AGAIN)
        return status;
    another();
    return engine->hold(from, name, step, context, why);
}

static void begin_beside(void (*another)(void), struct asp_store_engine *late)
{
    begin(HASH);
    engine = store.engine;
    *late = *engine;
    late->write = write_too_late;
    late->hold = hold_nobody_off;
    is_faster = another;
    store.engine = late;
}

static void another_follows(void)
{
    struct asp_primary_now now = unit_shadow_says(OTHER);
    struct asp_reconciled others;

    ck_assert_int_eq(asp_reconcile_follow(&store, "alice", "carol", &now, &how, &others, NULL),
                     ASP_OK);
    ck_assert_uint_eq(others.count, 2);
    asp_reconciled_free(&others);
}

START_TEST(what_another_has_done_before_the_step_is_taken_again_is_nothing_of_its_own)
{
    struct asp_primary_now now = unit_shadow_says(OTHER);
    struct asp_store_engine late;
    struct timespec asked;

    begin_beside(another_is_first, &late);
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &asked), 0);
    now.asked = &asked;
    ck_assert_int_eq(reconcile(&now, false), ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_UNKNOWN);
    ck_assert_uint_eq(result.count, 0);
    ck_assert_ptr_null(result.revoked);
    asp_store_close(&store);

    now.asked = NULL;
    begin_beside(another_follows, &late);
    ck_assert_int_eq(asp_reconcile_follow(&store, "alice", "carol", &now, &how, &result, &error),
                     ASP_UNCHANGED);
    ck_assert_uint_eq(result.count, 0);
    ck_assert_ptr_null(result.revoked);
    asp_store_close(&store);
}
END_TEST

static void another_removes_it(void)
{
    if (asp_store_remove(&store, "alice", NULL) != ASP_OK)
        abort();
}

/* Neither by a change nor by what is noted of a user. */
START_TEST(an_account_that_is_removed_before_the_lock_is_not_made_again)
{
    const struct unit_plan race = {
        .call = "flock", .first = 1, .times = 1, .at = another_removes_it};
    struct asp_primary_now now = unit_shadow_says(_i == 0 ? OTHER : NULL);
    struct asp_noted came;
    enum asp_status status;

    begin(HASH);
    unit_calls_begin(&race);
    if (_i == 0)
        status = reconcile(&now, false);
    else
        status = asp_reconcile_note(&store, "alice", &now, ASP_SIGHT_GONE, &came, &error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_NOT_FOUND);
    ck_assert_uint_eq(result.count, 0);
    ck_assert_uint_eq(unit_names(unit_path(store.path, "users")), 0);
    asp_store_close(&store);
}
END_TEST

/* What asp_reconcile_note did, and how often it took the lock. */
static enum asp_status noted(const struct asp_primary_now *now, enum asp_sight sight,
                             struct asp_noted *came, size_t *locks)
{
    enum asp_status status;

    *came = (struct asp_noted){true, true, true};
    unit_calls_begin(NULL);
    status = asp_reconcile_note(&store, "alice", now, sight, came, &error);
    (void)unit_calls_end();
    *locks = unit_calls("flock");
    return status;
}

START_TEST(that_a_user_is_gone_is_written_once_and_revokes_nothing)
{
    const struct asp_primary_now gone = unit_shadow_says(NULL);
    const struct asp_primary_now back = unit_shadow_says(HASH);
    struct asp_noted came;
    size_t locks;

    begin(HASH);
    ck_assert_int_eq(noted(&back, ASP_SIGHT_GONE, &came, &locks), ASP_OK);
    ck_assert(!came.was_absent && !came.is_absent && !came.overtaken && locks == 0);
    ck_assert_int_eq(noted(&gone, ASP_SIGHT_GONE, &came, &locks), ASP_OK);
    ck_assert(!came.was_absent && came.is_absent && locks > 0);
    ck_assert_int_eq(noted(&gone, ASP_SIGHT_GONE, &came, &locks), ASP_OK);
    ck_assert(came.was_absent && came.is_absent && locks == 0);
    ck_assert_int_eq(compared_with(&gone), ASP_PRIMARY_ABSENT);
    ck_assert_int_eq(compared_with(&back), ASP_PRIMARY_SAME);
    ck_assert_uint_eq(revoked_now(), 0);
    /* Who is back is written to be there. */
    ck_assert_int_eq(reconcile(&back, false), ASP_OK);
    ck_assert_int_eq(result.primary, ASP_PRIMARY_SAME);
    asp_reconciled_free(&result);
    ck_assert_int_eq(noted(&gone, ASP_SIGHT_MISSED, &came, &locks), ASP_OK);
    ck_assert(!came.was_absent && !came.is_absent && locks == 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_was_seen_of_who_is_gone_and_overtaken_is_not_written)
{
    const struct asp_identity overtaken = {.present = true, .inode = 1};
    struct asp_primary_now gone = unit_shadow_says(NULL);
    struct asp_noted came;
    size_t locks;

    begin(HASH);
    gone.read = &overtaken;
    ck_assert_int_eq(noted(&gone, ASP_SIGHT_GONE, &came, &locks), ASP_OK);
    ck_assert(came.overtaken && !came.was_absent && !came.is_absent);
    ck_assert_uint_eq(unit_calls("renameat"), 0);
    gone.read = NULL;
    ck_assert_int_eq(noted(&gone, ASP_SIGHT_GONE, &came, &locks), ASP_OK);
    ck_assert(!came.overtaken && !came.was_absent && came.is_absent);
    ck_assert_int_eq(asp_reconcile_note(&store, "bob", &gone, ASP_SIGHT_GONE, &came, &error),
                     ASP_NOT_FOUND);
    asp_store_close(&store);
}
END_TEST

START_TEST(who_is_gone_and_cannot_be_written_is_not_said_to_be)
{
    const struct asp_primary_now gone = unit_shadow_says(NULL);
    struct unit_plan plan = {.call = "fsync", .first = 1, .times = 1, .number = EIO};
    struct asp_noted came;

    begin(HASH);
    unit_calls_begin(&plan);
    ck_assert_int_ne(asp_reconcile_note(&store, "alice", &gone, ASP_SIGHT_GONE, &came, &error),
                     ASP_OK);
    ck_assert(unit_calls_end());
    ck_assert(!came.was_absent && !came.is_absent && !came.overtaken);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_user_without_an_account_has_nothing_to_revoke)
{
    struct asp_primary_now now = unit_shadow_says(OTHER);
    struct asp_account account;

    unit_store(&store);
    ck_assert_int_eq(reconcile(&now, true), ASP_NOT_FOUND);
    asp_reconciled_free(&result);
    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, &error), ASP_NOT_FOUND);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_user_without_an_account_gets_no_file)
{
    struct asp_primary_now now = unit_shadow_says(OTHER);

    unit_store(&store);
    ck_assert_int_eq(reconcile(&now, true), ASP_NOT_FOUND);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(unit_names(unit_path(store.path, "users")), 0);
    ck_assert_uint_eq(unit_names(unit_path(store.path, "locks")), 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_cannot_be_written_names_nothing_as_revoked)
{
    static const char *const calls[] = {"fsync", "renameat", "malloc"};
    struct asp_primary_now now = unit_shadow_says(OTHER);

    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .first = 1, .times = 1, .number = EIO};
        bool reached;

        begin(HASH);
        do {
            enum asp_status status;

            unit_calls_begin(&plan);
            status = reconcile(&now, false);
            reached = unit_calls_end();
            ck_assert_int_eq(status == ASP_OK, !reached);
            if (reached && strcmp(calls[i], "malloc") == 0)
                ck_assert_int_eq(status, ASP_NO_MEMORY);
            ck_assert_uint_eq(result.count, reached ? 0 : 2);
            ck_assert_uint_eq(revoked_now(), reached ? 0 : 2);
            asp_reconciled_free(&result);
            plan.first++;
        } while (reached);
        asp_store_close(&store);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, a_change_revokes_all_and_names_them);
    unit_add_on_local_engines(suite, what_history_has_no_room_for_is_due_beside_the_account);
    unit_add_on_engines(suite, what_is_no_change_takes_no_lock_and_writes_nothing);
    unit_add_on_engines(suite, what_could_not_be_told_changes_nothing_whoever_asks);
    unit_add_on_engines(suite, a_first_fingerprint_is_taken_and_revokes_nothing);
    unit_add_on_engines(suite, a_user_without_a_line_is_changed_only_when_a_password_was_just_set);
    unit_add_on_engines(suite, what_was_overtaken_before_the_lock_changes_nothing);
    unit_add(suite, an_account_that_comes_to_follow_another_loses_nothing);
    unit_add(suite, who_was_found_to_be_gone_comes_to_follow_nobody);
    unit_add(suite, what_another_has_settled_before_the_lock_is_left_as_it_is);
    unit_add(suite, what_another_has_done_before_the_step_is_taken_again_is_nothing_of_its_own);
    unit_loop(suite, an_account_that_is_removed_before_the_lock_is_not_made_again, 2);
    unit_add(suite, that_a_user_is_gone_is_written_once_and_revokes_nothing);
    unit_add_on_engines(suite, what_was_seen_of_who_is_gone_and_overtaken_is_not_written);
    unit_add(suite, who_is_gone_and_cannot_be_written_is_not_said_to_be);
    unit_add_on_engines(suite, a_user_without_an_account_has_nothing_to_revoke);
    unit_add(suite, a_user_without_an_account_gets_no_file);
    unit_add(suite, what_cannot_be_written_names_nothing_as_revoked);
}

int main(void)
{
    return unit_run("reconcile", fill);
}
