/* What was made and was not shown yet, in a store: no account, no login and no other change knows
 * it, and a changed primary password drops it. */
#include "login_fixture.h"

#include "asp/engine.h"
#include "asp/reconcile.h"
#include "asp/usage.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* An asp_change: adds `context`, as a first update does. */
static enum asp_status add_pending(struct asp_account *account, void *context,
                                   struct asp_error *why)
{
    (void)why;
    account->not_yet = account->not_yet || account->is_new;
    return asp_account_add_pending(account, context);
}

/* An asp_change. */
static enum asp_status drop_pending(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    (void)why;
    return asp_account_drop_pending(account, context) ? ASP_OK : ASP_UNCHANGED;
}

/* An asp_change: writes how many are pending to `context`, where there may be an account that is
 * not yet. */
static enum asp_status count_pending(struct asp_account *account, void *context,
                                     struct asp_error *why)
{
    (void)why;
    *(size_t *)context = account->pending_count;
    return ASP_UNCHANGED;
}

static size_t pending_now(void)
{
    size_t count = 99;

    ck_assert_int_eq(update("alice", true, count_pending, &count), ASP_UNCHANGED);
    return count;
}

static void put_pending(const char *id, time_t ago)
{
    struct asp_pending pending = unit_pending(id, ago);

    ck_assert_int_eq(update("alice", true, add_pending, &pending), ASP_OK);
}

START_TEST(what_is_pending_alone_is_no_account)
{
    struct asp_pending pending = unit_pending("9x", 0);
    enum asp_status status = ASP_OK;

    unit_store(&store);
    put_pending("9x", 0);
    ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
    store_says("alice has no app passwords");
    ck_assert_int_eq(update("alice", false, add_pending, &pending), ASP_NOT_FOUND);
    ck_assert_int_eq(update("alice", false, end_with, &status), ASP_NOT_FOUND);
    ck_assert_uint_eq(pending_now(), 1);
    asp_store_close(&store);
}
END_TEST

static bool is_there(void)
{
    struct asp_error none = {0};
    enum asp_status status = ASP_OK;

    seen[0] = '\0';
    ck_assert_int_eq(asp_store_each(&store, note_user, &status, &none), ASP_OK);
    return strcmp(seen, "alice ") == 0;
}

START_TEST(with_the_last_of_it_goes_what_was_made_for_it_and_no_account)
{
    struct asp_pending first = unit_pending("9x", 0);
    struct asp_pending second = unit_pending("zz", 0);
    struct asp_usage usage;

    unit_store(&store);
    put_pending("9x", 0);
    put_pending("zz", 0);
    asp_store_begin_usage(&store, "alice", NOW);
    ck_assert_int_eq(update("alice", true, drop_pending, &first), ASP_OK);
    ck_assert(is_there());
    ck_assert_int_eq(update("alice", true, drop_pending, &second), ASP_OK);
    ck_assert(!is_there());
    usage = unit_usage(&store, "alice");
    ck_assert_ptr_null(usage.bytes);
    asp_usage_free(&usage);

    /* An account stays one, however few entries it has. */
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    put_pending("9x", 0);
    ck_assert_int_eq(update("alice", true, drop_pending, &first), ASP_OK);
    ck_assert_uint_eq(entries_of("alice"), 1);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_stale_goes_with_the_next_change_and_with_nothing_else)
{
    size_t count;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    put_pending("9x", 601);
    put_pending("zz", 0);
    ck_assert_int_eq(update("alice", false, count_pending, &count), ASP_UNCHANGED);
    ck_assert_uint_eq(entries_of("alice"), 1);
    ck_assert_int_eq(add_id("alice", "00"), ASP_OK);
    ck_assert_uint_eq(pending_now(), 1);
    ck_assert_uint_eq(entries_of("alice"), 2);
    asp_store_close(&store);
}
END_TEST

START_TEST(an_account_that_is_stale_before_it_is_one_goes)
{
    enum asp_status status = ASP_OK;

    unit_store(&store);
    put_pending("9x", -700);
    ck_assert(is_there());
    ck_assert_int_eq(update("alice", false, end_with, &status), ASP_NOT_FOUND);
    ck_assert(!is_there());
    asp_store_close(&store);
}
END_TEST

START_TEST(who_looks_over_all_accounts_drops_what_is_stale_and_nothing_else)
{
    struct asp_account account;

    unit_store(&store);
    asp_store_drop_stale(&store, "alice");
    ck_assert(!is_there());
    put_pending("zz", 0);
    asp_store_drop_stale(&store, "alice");
    ck_assert(is_there());
    ck_assert_int_eq(asp_store_drop_pending(&store, "alice", &store_error), ASP_OK);
    put_pending("9x", 601);
    asp_store_drop_stale(&store, "alice");
    ck_assert(!is_there());
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    put_pending("9x", 601);
    asp_store_drop_stale(&store, "alice");
    ck_assert_int_eq(load("alice", &account), ASP_OK);
    ck_assert(account.count == 1 && account.pending_count == 1);
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

static enum asp_status in_an_hour(const struct asp_store *from, time_t *now, struct asp_error *why)
{
    (void)from;
    (void)why;
    *now += 3600;
    return ASP_OK;
}

START_TEST(it_is_stale_by_the_clock_of_the_store)
{
    struct asp_store_engine late;

    unit_store(&store);
    put_pending("9x", 0);
    late = *store.engine;
    late.now = in_an_hour;
    store.engine = &late;
    asp_store_drop_stale(&store, "alice");
    ck_assert(!is_there());
    asp_store_close(&store);
}
END_TEST

static enum asp_status hold_nothing(const struct asp_store *from, const char *name,
                                    asp_store_step *step, void *context, struct asp_error *why)
{
    (void)from;
    (void)name;
    (void)step;
    (void)context;
    return asp_fail(why, ASP_BUSY, "another has it");
}

START_TEST(where_none_can_be_nobody_is_waited_for_to_drop_it)
{
    struct asp_pending pending = unit_pending("9x", 0);
    struct asp_store_engine busy;

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    put_pending("zz", 0);
    ck_assert_int_eq(update("carol", true, add_pending, &pending), ASP_OK);
    busy = *store.engine;
    busy.hold = hold_nothing;
    store.engine = &busy;
    ck_assert_int_eq(asp_store_drop_pending(&store, "alice", &store_error), ASP_OK);
    ck_assert_int_eq(asp_store_drop_pending(&store, "bob", &store_error), ASP_OK);
    ck_assert_int_eq(asp_store_drop_pending(&store, "carol", &store_error), ASP_BUSY);
    asp_store_close(&store);
}
END_TEST

/* What could not be read again. */
START_TEST(it_is_not_written_where_it_is_not_well_formed)
{
    struct asp_pending pending = unit_pending("9x", 0);

    unit_store(&store);
    put_pending("zz", 0);
    pending.verifier[0] = 'x';
    ck_assert_int_eq(update("alice", true, add_pending, &pending), ASP_INVALID);
    ck_assert_int_eq(store_error.status, ASP_INVALID);
    store_says("what is pending is not well-formed");
    ck_assert_uint_eq(pending_now(), 1);
    ck_assert_int_eq(update("bob", true, add_pending, &pending), ASP_INVALID);
    ck_assert_int_eq(loads("bob"), ASP_NOT_FOUND);
    asp_store_close(&store);
}
END_TEST

START_TEST(it_can_be_dropped_where_there_is_no_account_yet)
{
    unit_store(&store);
    ck_assert_int_eq(asp_store_drop_pending(&store, "alice", &store_error), ASP_OK);
    put_pending("9x", 0);
    put_pending("zz", 0);
    ck_assert_int_eq(asp_store_drop_pending(&store, "alice", &store_error), ASP_OK);
    ck_assert(!is_there());
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    put_pending("9x", 0);
    ck_assert_int_eq(asp_store_drop_pending(&store, "alice", &store_error), ASP_OK);
    ck_assert_uint_eq(pending_now(), 1);
    asp_store_close(&store);
}
END_TEST

/* A login */

/* Lesson: taking back by restoring. */
START_TEST(no_login_knows_it_and_one_hash_is_run)
{
    struct asp_entry entry;
    struct asp_secret secret = unit_entry(&entry, "alice", "9x", "New");
    struct asp_pending pending = {.made = time(NULL)};
    struct asp_request request;
    char shown[ASP_SECRET_SHOWN + 1];

    begin("", for_any);
    asp_secret_show(&secret, shown);
    strcpy(pending.id, entry.id);
    strcpy(pending.verifier, entry.verifier);
    ck_assert_int_eq(update("alice", true, add_pending, &pending), ASP_OK);
    request = request_of("alice", "imap", shown);
    unit_calls_begin(NULL);
    asp_login(conf, unit_kept(), NULL, &request, NOW, &outcome);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("hmac"), 1);
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), "not-an-app-password");
    ck_assert_str_eq(outcome.id, "");
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_uint_eq(pending_now(), 1);

    /* Nor any account. */
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
    ck_assert_int_eq(update("alice", true, add_pending, &pending), ASP_OK);
    ck_assert_str_eq(try("alice", "imap", shown), "no-account");
    end();
}
END_TEST

/* A primary password that has changed */

static const struct asp_revocation how = {.when = NOW, .by = "watch", .keep = 100};

/* An asp_change. */
static enum asp_status take_primary(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    (void)why;
    asp_primary_take(context, &account->primary);
    return ASP_OK;
}

static enum asp_status reconcile(const struct asp_primary_now *now, bool reached)
{
    struct asp_reconciled result;
    enum asp_status status =
        asp_reconcile(&store, "alice", now, &how, reached, &result, &store_error);

    asp_reconciled_free(&result);
    return status;
}

START_TEST(a_primary_password_that_is_the_same_leaves_it_and_a_changed_one_drops_it)
{
    struct asp_primary_now old = unit_shadow_says("$6$old");
    struct asp_primary_now new = unit_shadow_says("$6$new");

    unit_store(&store);
    ck_assert_int_eq(update("alice", true, take_primary, &old), ASP_OK);
    put_pending("9x", 0);
    ck_assert_int_eq(reconcile(&old, false), ASP_OK);
    ck_assert_uint_eq(pending_now(), 1);
    ck_assert_int_eq(reconcile(&new, false), ASP_OK);
    ck_assert_uint_eq(pending_now(), 0);
    asp_store_close(&store);
}
END_TEST

/* What is set cannot be seen from here: nothing but this tells of it. */
START_TEST(a_change_of_what_has_no_line_drops_it_also_where_there_is_no_account_yet)
{
    struct asp_primary_now none = unit_shadow_says(NULL);
    struct asp_primary_now line = unit_shadow_says("$6$new");

    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(reconcile(&none, true), ASP_OK);
    put_pending("9x", 0);
    ck_assert_int_eq(reconcile(&none, true), ASP_OK);
    ck_assert_uint_eq(pending_now(), 0);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
    put_pending("9x", 0);
    ck_assert_int_eq(reconcile(&none, false), ASP_NOT_FOUND);
    ck_assert(is_there());
    ck_assert_int_eq(reconcile(&line, true), ASP_NOT_FOUND); /* who makes it sees that herself */
    ck_assert(is_there());
    ck_assert_int_eq(reconcile(&none, true), ASP_NOT_FOUND);
    ck_assert(!is_there());
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_pending_and_cannot_be_dropped_then_is_said_to_be)
{
    const struct unit_plan fails = {.call = "unlinkat", .first = 1, .number = EIO};
    struct asp_primary_now none = unit_shadow_says(NULL);
    enum asp_status status;

    unit_store(&store);
    put_pending("9x", 0);
    unit_calls_begin(&fails);
    status = reconcile(&none, true);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_IO);
    ck_assert(is_there());
    asp_store_close(&store);
}
END_TEST

/* What is read of alice, and with which read of it her first one becomes an account of hers. */
static struct {
    const struct asp_store_engine *engine;
    unsigned reads;
    unsigned alive_at;
    asp_change *change;
} overtaking;

/* An asp_change. */
static enum asp_status make_alive(struct asp_account *account, void *context, struct asp_error *why)
{
    struct asp_entry entry;

    (void)context;
    (void)why;
    (void)asp_account_drop_all_pending(account);
    account->not_yet = false;
    unit_plain_entry(&entry, "9x", "Phone");
    return asp_account_add(account, &entry);
}

static enum asp_status read_overtaken(const struct asp_store *from, struct asp_store_held *held,
                                      const char *name, const char *only, struct asp_stored *stored,
                                      struct asp_error *why)
{
    enum asp_status status = overtaking.engine->read(from, held, name, only, stored, why);

    if (++overtaking.reads == overtaking.alive_at)
        ck_assert_int_eq(update("alice", true, overtaking.change, NULL), ASP_OK);
    return status;
}

/* The second update of a first one is under way when the password stack says that a primary
 * password was set which cannot be seen from here. */
START_TEST(what_becomes_an_account_while_its_change_is_told_is_revoked)
{
    struct asp_primary_now none = unit_shadow_says(NULL);

    struct asp_store_engine slow;
    struct asp_account account;

    unit_store(&store);
    slow = *store.engine;
    slow.read = read_overtaken;
    overtaking.engine = store.engine;
    overtaking.change = make_alive;
    for (unsigned at = 1; at <= 2; at++) {
        put_pending("9x", 0);
        overtaking.reads = 0;
        overtaking.alive_at = at;
        store.engine = &slow;
        ck_assert_int_eq(reconcile(&none, true), ASP_OK);
        store.engine = overtaking.engine;
        ck_assert_int_eq(load("alice", &account), ASP_OK);
        ck_assert_uint_eq(account.count, 1);
        ck_assert_str_eq(account.entries[0].reason, "primary-password");
        asp_account_free(&account);
        ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
    }
    asp_store_close(&store);
}
END_TEST

/* An asp_change: and another one is pending. */
static enum asp_status make_alive_and_another(struct asp_account *account, void *context,
                                              struct asp_error *why)
{
    struct asp_pending pending = unit_pending("zz", 0);
    enum asp_status status = make_alive(account, context, why);

    return status == ASP_OK ? asp_account_add_pending(account, &pending) : status;
}

START_TEST(what_is_pending_of_what_becomes_an_account_meanwhile_stays)
{
    struct asp_store_engine slow;

    unit_store(&store);
    slow = *store.engine;
    slow.read = read_overtaken;
    overtaking.engine = store.engine;
    overtaking.alive_at = 1;
    overtaking.change = make_alive_and_another;
    put_pending("9x", 0);
    store.engine = &slow;
    ck_assert_int_eq(asp_store_drop_pending(&store, "alice", &store_error), ASP_OK);
    store.engine = overtaking.engine;
    ck_assert_uint_eq(pending_now(), 1);
    ck_assert_uint_eq(entries_of("alice"), 1);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, what_is_pending_alone_is_no_account);
    unit_add_on_local_engines(suite, with_the_last_of_it_goes_what_was_made_for_it_and_no_account);
    unit_add_on_engines(suite, what_is_stale_goes_with_the_next_change_and_with_nothing_else);
    unit_add_on_engines(suite, an_account_that_is_stale_before_it_is_one_goes);
    unit_add_on_engines(suite, who_looks_over_all_accounts_drops_what_is_stale_and_nothing_else);
    unit_add_on_engines(suite, it_is_stale_by_the_clock_of_the_store);
    unit_add_on_engines(suite, where_none_can_be_nobody_is_waited_for_to_drop_it);
    unit_add_on_engines(suite, it_is_not_written_where_it_is_not_well_formed);
    unit_add_on_engines(suite, it_can_be_dropped_where_there_is_no_account_yet);
    unit_add_on_engines(suite, no_login_knows_it_and_one_hash_is_run);
    unit_add_on_engines(suite,
                        a_primary_password_that_is_the_same_leaves_it_and_a_changed_one_drops_it);
    unit_add_on_engines(suite,
                        a_change_of_what_has_no_line_drops_it_also_where_there_is_no_account_yet);
    unit_add(suite, what_is_pending_and_cannot_be_dropped_then_is_said_to_be);
    unit_add_on_engines(suite, what_becomes_an_account_while_its_change_is_told_is_revoked);
    unit_add_on_engines(suite, what_is_pending_of_what_becomes_an_account_meanwhile_stays);
}

int main(void)
{
    return unit_run("pending_store", fill);
}
