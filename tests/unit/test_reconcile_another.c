/* An account that followed a user, and whose own user is found to be another person; and what
 * others do to an account meanwhile. */
#include "store_fixture.h"

#include "asp/reconcile.h"
#include "asp/time_text.h"

#include <errno.h>
#include <string.h>

#define HASH "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"
#define OTHER "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyY"

static const struct asp_revocation how = {
    .when = 1700000000, .by = "watch", .hook_due = true, .keep = 100};

static struct asp_reconciled result;

/* An asp_change: a fingerprint of the hash, whom it follows, and an entry. */
static enum asp_status fill_account(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    const struct asp_primary_now now = unit_shadow_says(HASH);
    struct asp_entry entry;

    (void)context;
    (void)why;
    asp_primary_take(&now, &account->primary);
    strcpy(account->follows, "carol");
    unit_plain_entry(&entry, "7k", "Phone");
    return asp_account_add(account, &entry);
}

static void begin(void)
{
    unit_store(&store);
    ck_assert_int_eq(update("alice", true, fill_account, NULL), ASP_OK);
}

/* What is said of whom she follows. */
static struct asp_primary_now carols(const char *hash)
{
    struct asp_primary_now now = unit_shadow_says(hash);

    now.follows = "carol";
    return now;
}

/* Her account is found to be her own. */
static enum asp_status follow_nobody(const struct asp_store *of, const struct asp_revocation *why)
{
    const struct asp_primary_now now = carols(NULL);

    store_error = (struct asp_error){0};
    memset(&result, 'x', sizeof result);
    return asp_reconcile_follow(of, "alice", "", &now, why, &result, &store_error);
}

START_TEST(what_was_made_for_whom_it_followed_is_revoked)
{
    struct asp_primary_now now = unit_shadow_says(NULL);
    struct asp_account account;

    begin();
    /* Another was asked for than whom it follows by now. */
    now.follows = "dora";
    ck_assert_int_eq(asp_reconcile_follow(&store, "alice", "", &now, &how, &result, &store_error),
                     ASP_UNCHANGED);
    ck_assert_uint_eq(result.count, 0);
    ck_assert_int_eq(follow_nobody(&store, &how), ASP_OK);
    ck_assert_uint_eq(result.count, 1);
    ck_assert_str_eq(result.revoked[0].id, "7k");
    asp_reconciled_free(&result);
    ck_assert_int_eq(load("alice", &account), ASP_OK);
    ck_assert_str_eq(account.follows, "");
    ck_assert_int_eq(account.primary.had, ASP_HAD_NO_LINE);
    ck_assert_int_eq(account.entries[0].revoked, how.when);
    ck_assert_str_eq(account.entries[0].revoked_by, "watch");
    ck_assert_str_eq(account.entries[0].reason, ASP_REASON_PRIMARY);
    ck_assert(account.entries[0].hook_due);
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

START_TEST(of_what_is_revoked_then_no_more_is_kept_than_the_history_is_long)
{
    const struct asp_revocation none_kept = {.when = how.when, .by = "watch", .keep = 0};

    begin();
    ck_assert_int_eq(follow_nobody(&store, &none_kept), ASP_OK);
    ck_assert_uint_eq(result.count, 1);
    asp_reconciled_free(&result);
    ck_assert_uint_eq(entries_of("alice"), 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_cannot_be_written_then_names_nothing_as_revoked)
{
    static const char *const calls[] = {"fsync", "renameat", "malloc"};

    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .first = 1, .times = 1, .number = EIO};
        bool reached;

        begin();
        do {
            enum asp_status status;

            unit_calls_begin(&plan);
            status = follow_nobody(&store, &how);
            reached = unit_calls_end();
            ck_assert_int_eq(status == ASP_OK, !reached);
            ck_assert_int_eq(store_error.status, status);
            if (reached && strcmp(calls[i], "malloc") == 0)
                ck_assert_int_eq(status, ASP_NO_MEMORY);
            ck_assert_uint_eq(result.count, reached ? 0 : 1);
            ck_assert(reached == (result.revoked == NULL));
            asp_reconciled_free(&result);
            plan.first++;
        } while (reached);
        asp_store_close(&store);
    }
}
END_TEST

/* Meanwhile */

/* An asp_change: all that is active is revoked, as another would do it. */
static enum asp_status revoke_all(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)context;
    (void)why;
    (void)asp_account_revoke_all(account, 1600000000, "ann", "lost", false);
    return ASP_OK;
}

static void another_revokes(void)
{
    ck_assert_int_eq(update("alice", false, revoke_all, NULL), ASP_OK);
}

START_TEST(what_was_tried_and_not_written_is_forgotten)
{
    const struct asp_primary_now now = carols(OTHER);

    for (int follows = 0; follows < 2; follows++) {
        struct asp_store again;
        enum asp_status status;

        begin();
        again = store;
        again.engine = overtaken_by(another_revokes);
        status = follows == 1
                     ? follow_nobody(&again, &how)
                     : asp_reconcile(&again, "alice", &now, &how, false, &result, &store_error);
        ck_assert_int_eq(status, ASP_OK);
        ck_assert_uint_eq(result.count, 0);
        asp_reconciled_free(&result);
        asp_store_close(&store);
    }
}
END_TEST

static const struct asp_primary_now *seen_gone;

static void another_notes_it(void)
{
    struct asp_noted others;

    ck_assert_int_eq(
        asp_reconcile_note(&store, "alice", seen_gone, ASP_SIGHT_GONE, &others, &store_error),
        ASP_OK);
    ck_assert(others.is_absent);
}

START_TEST(who_was_noted_gone_by_another_is_not_written_once_more)
{
    const struct unit_plan race = {.call = "flock", .first = 1, .times = 1, .at = another_notes_it};
    const struct asp_primary_now gone = carols(NULL);
    struct asp_noted noted;
    enum asp_status status;

    begin();
    seen_gone = &gone;
    unit_calls_begin(&race);
    status = asp_reconcile_note(&store, "alice", &gone, ASP_SIGHT_GONE, &noted, &store_error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_OK);
    ck_assert_uint_eq(unit_calls("renameat"), 0);
    ck_assert(noted.was_absent && noted.is_absent && !noted.overtaken);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_hook_is_due_where_there_is_one)
{
    static const char *const texts[] = {"", "hooks: { revoked = \"/usr/local/bin/hook\"; };"};

    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        struct asp_conf *conf = unit_conf(texts[i]);
        struct asp_revocation revocation = asp_revocation_of(conf, 1700000000, "watch");

        ck_assert_int_eq(revocation.hook_due, i == 1);
        ck_assert_int_eq(asp_has_revoked_hook(conf), i == 1);
        ck_assert_int_eq(revocation.when, 1700000000);
        ck_assert_str_eq(revocation.by, "watch");
        ck_assert_uint_eq(revocation.keep, (size_t)conf->history);
        asp_conf_free(conf);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_hook_is_due_where_there_is_one);
    unit_add_on_engines(suite, what_was_made_for_whom_it_followed_is_revoked);
    unit_add_on_engines(suite, of_what_is_revoked_then_no_more_is_kept_than_the_history_is_long);
    unit_add(suite, what_cannot_be_written_then_names_nothing_as_revoked);
    unit_add_on_local_engines(suite, what_was_tried_and_not_written_is_forgotten);
    unit_add(suite, who_was_noted_gone_by_another_is_not_written_once_more);
}

int main(void)
{
    return unit_run("reconcile_another", fill);
}
