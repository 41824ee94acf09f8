/* What was made and was not shown yet: its line in the file of the account, and that no account, no
 * login and no other change knows it. */
#include "login_fixture.h"

#include "asp/account_file.h"
#include "asp/checksum.h"
#include "asp/engine.h"
#include "asp/reconcile.h"
#include "asp/time_text.h"
#include "asp/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HMAC_ZERO "$hmac-sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HEAD "asp-account 2 user=\"alice\"\nprimary=-\n"
#define MARK "account=not-yet\n"
#define PENDING(id) "pending=" id " made=2023-11-14T22:13:20Z verifier=" HMAC_ZERO "\n"
#define ENTRY(id)                                                                                  \
    "id=" id " label=\"" id "\" app=first-use created=1970-01-01T00:16:40Z by=\"root\" bound=- "   \
    "expires=never unused=never from=any revoked=- verifier=" HMAC_ZERO "\n"

/* BODY with the digest of it. */
static enum asp_status read_body(const char *body, const char *only, struct asp_account *account)
{
    char text[8192];
    int length = snprintf(text, sizeof text, "%sdigest=%016llx\n", body,
                          (unsigned long long)asp_checksum(body, strlen(body)));

    ck_assert_int_lt(length, (int)sizeof text);
    return asp_account_read((const uint8_t *)text, (size_t)length, "alice", only, account, NULL);
}

/* One of this id, made so many seconds ago. */
static struct asp_pending pending_of(const char *id, time_t ago)
{
    struct asp_pending pending = {.made = time(NULL) - ago};
    struct asp_entry entry;

    unit_plain_entry(&entry, id, id);
    strcpy(pending.id, entry.id);
    strcpy(pending.verifier, entry.verifier);
    return pending;
}

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
    struct asp_pending pending = pending_of(id, ago);

    ck_assert_int_eq(update("alice", true, add_pending, &pending), ASP_OK);
}

/* The line, to the byte */

START_TEST(it_is_a_line_above_the_entries_and_the_file_is_of_the_second_version)
{
    static const char *const bodies[] = {
        HEAD PENDING("9x"),
        HEAD PENDING("9x") PENDING("00"),
        HEAD PENDING("9x") ENTRY("7k"),
        HEAD MARK PENDING("9x"),
        HEAD MARK PENDING("9x") PENDING("00"),
    };

    for (size_t i = 0; i < UNIT_COUNT(bodies); i++) {
        struct asp_account account;
        size_t length;
        char *text;

        ck_assert_int_eq(read_body(bodies[i], NULL, &account), ASP_OK);
        ck_assert_str_eq(account.pending[0].id, "9x");
        ck_assert_int_eq(account.pending[0].made, 1700000000);
        ck_assert(account.not_yet == (strstr(bodies[i], MARK) != NULL));
        text = unit_account_text(&account, &length);
        ck_assert_int_eq(strncmp(text, bodies[i], strlen(bodies[i])), 0);
        ck_assert_int_eq(strncmp(text + strlen(bodies[i]), "digest=", 7), 0);
        asp_account_free(&account);
        free(text);
    }
}
END_TEST

START_TEST(a_line_that_we_would_not_write_or_not_there_is_corrupt)
{
    static const char *const bodies[] = {
        HEAD MARK,
        HEAD MARK ENTRY("7k"),
        HEAD MARK PENDING("9x") ENTRY("7k"),
        HEAD MARK MARK PENDING("9x"),
        HEAD PENDING("9x") MARK,
        HEAD "account=not-yet \n" PENDING("9x"),
        HEAD "account=\n" PENDING("9x"),
        HEAD PENDING("9x") PENDING("9x"),
        HEAD PENDING("9x") ENTRY("9x"),
        HEAD ENTRY("7k") PENDING("9x"),
        HEAD PENDING("9i"),
        HEAD PENDING("9"),
        HEAD "pending=9x made=- verifier=" HMAC_ZERO "\n",
        HEAD "pending=9x verifier=" HMAC_ZERO "\n",
        HEAD "pending=9x made=2023-11-14T22:13:20Z\n",
        HEAD "pending=9x made=2023-11-14T22:13:20Z verifier=x\n",
        HEAD "pending=9x made=2023-11-14T22:13:20Z verifier=" HMAC_ZERO " \n",
        HEAD "pending=\n",
        "asp-account 1 user=\"alice\"\nprimary=-\n" PENDING("9x"),
        "asp-account 1 user=\"alice\"\nprimary=-\n" MARK PENDING("9x"),
        "asp-account 2 user=\"alice\"\n" PENDING("9x") "primary=-\n",
    };
    struct asp_account account;

    for (size_t i = 0; i < UNIT_COUNT(bodies); i++)
        unit_need(read_body(bodies[i], NULL, &account) == ASP_CORRUPT, "%s", bodies[i]);
}
END_TEST

START_TEST(an_entry_is_read_alone_beside_it)
{
    static const char body[] = HEAD PENDING("9x") ENTRY("7k") ENTRY("00");
    struct asp_account account;

    ck_assert_int_eq(read_body(body, "7k", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 1);
    ck_returned_str_eq(account.entries[0].id, "7k");
    asp_account_free(&account);
    ck_assert_int_eq(read_body(body, "9x", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 1);
    ck_returned_str_eq(account.entries[0].id, "00");
    asp_account_free(&account);
    ck_assert_int_eq(read_body(HEAD MARK PENDING("9x"), "9x", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 0);
    asp_account_free(&account);
}
END_TEST

/* In the account */

START_TEST(its_id_is_taken_and_it_is_no_entry)
{
    struct asp_account account;
    struct asp_pending pending = pending_of("9x", 0);
    struct asp_entry *copies;
    bool taken[ASP_IDS];
    size_t count;

    unit_three_entries(&account);
    ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    asp_account_ids(&account, taken);
    ck_assert(taken[asp_id_index("9x")] && taken[asp_id_index("7k")] && !taken[0x100]);
    ck_assert_ptr_null(asp_account_find(&account, "9x"));
    ck_assert_int_eq(asp_account_copy(&account, true, &copies, &count), ASP_OK);
    ck_assert_uint_eq(count, 3);
    asp_entries_free(copies, count);
    asp_account_prune(&account, 0);
    ck_assert_uint_eq(account.pending_count, 1);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_revocation_of_all_drops_it_and_counts_it_not)
{
    struct asp_account account;
    struct asp_pending pending = pending_of("9x", 0);

    unit_three_entries(&account);
    ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    ck_assert_uint_eq(asp_account_revoke_all(&account, 3000, "root", "x", false), 2);
    ck_assert_uint_eq(account.pending_count, 0);
    ck_assert(!asp_account_drop_pending(&account, &pending));
    asp_account_free(&account);
}
END_TEST

/* Its id may have been given to another since. */
START_TEST(that_very_one_is_dropped_and_no_other)
{
    struct asp_account account;
    struct asp_pending first = pending_of("9x", 0);
    struct asp_pending second = pending_of("zz", 0);
    struct asp_pending other = first;

    asp_account_init(&account, "alice");
    ck_assert_int_eq(asp_account_add_pending(&account, &first), ASP_OK);
    ck_assert_int_eq(asp_account_add_pending(&account, &second), ASP_OK);
    other.verifier[strlen(other.verifier) - 1] = 'E';
    ck_assert(!asp_account_drop_pending(&account, &other));
    ck_assert_uint_eq(account.pending_count, 2);
    ck_assert(asp_account_drop_pending(&account, &first));
    ck_assert(!asp_account_drop_pending(&account, &first));
    ck_assert_uint_eq(account.pending_count, 1);
    ck_assert_str_eq(account.pending[0].id, "zz");
    asp_account_free(&account);
}
END_TEST

START_TEST(over_ten_minutes_away_to_either_side_it_is_stale)
{
    struct asp_account account;
    struct asp_pending pending = pending_of("9x", 0);

    ck_assert(!asp_pending_is_stale(&pending, pending.made));
    ck_assert(!asp_pending_is_stale(&pending, pending.made + 600));
    ck_assert(!asp_pending_is_stale(&pending, pending.made - 600));
    ck_assert(asp_pending_is_stale(&pending, pending.made + 601));
    ck_assert(asp_pending_is_stale(&pending, pending.made - 601));

    asp_account_init(&account, "alice");
    for (size_t i = 0; i < 4; i++) {
        unit_id(i, pending.id);
        pending.made = NOW + 601 * (time_t)(i % 2);
        ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    }
    asp_account_drop_stale(&account, NOW);
    ck_assert_uint_eq(account.pending_count, 2);
    ck_assert_str_eq(account.pending[0].id, "00");
    ck_assert_str_eq(account.pending[1].id, "02");
    asp_account_free(&account);
}
END_TEST

/* In a store */

START_TEST(what_is_pending_alone_is_no_account)
{
    struct asp_pending pending = pending_of("9x", 0);
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
    struct asp_pending first = pending_of("9x", 0);
    struct asp_pending second = pending_of("zz", 0);
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
    struct asp_pending pending = pending_of("9x", 0);
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
    struct asp_pending pending = pending_of("9x", 0);

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
    struct asp_pending pending = pending_of("zz", 0);
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

/* Made under an earlier primary password it is no good, whoever has seen the change first. */
START_TEST(each_look_at_a_hash_has_a_fingerprint_of_its_own)
{
    struct asp_primary_now now = unit_shadow_says("$6$old");
    struct asp_fingerprint one;
    struct asp_fingerprint other;

    asp_primary_take(&now, &one);
    other = one;
    ck_assert(asp_fingerprint_same(&one, &other));
    other.absent = true;
    other.named = ASP_NAMED_MISSED;
    ck_assert(asp_fingerprint_same(&one, &other));
    asp_primary_take(&now, &other);
    ck_assert(!asp_fingerprint_same(&one, &other));
    ck_assert(!asp_fingerprint_same(&one, &(struct asp_fingerprint){.taken = false}));
    one = other = (struct asp_fingerprint){.taken = true, .had = ASP_HAD_NO_HASH, .day = 1};
    other.day = 2;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.source = ASP_SOURCE_COMMAND;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.had = ASP_HAD_NO_LINE;
    ck_assert(!asp_fingerprint_same(&one, &other));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, it_is_a_line_above_the_entries_and_the_file_is_of_the_second_version);
    unit_add(suite, a_line_that_we_would_not_write_or_not_there_is_corrupt);
    unit_add(suite, an_entry_is_read_alone_beside_it);
    unit_add(suite, its_id_is_taken_and_it_is_no_entry);
    unit_add(suite, a_revocation_of_all_drops_it_and_counts_it_not);
    unit_add(suite, that_very_one_is_dropped_and_no_other);
    unit_add(suite, over_ten_minutes_away_to_either_side_it_is_stale);
    unit_add(suite, each_look_at_a_hash_has_a_fingerprint_of_its_own);
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
    return unit_run("pending", fill);
}
