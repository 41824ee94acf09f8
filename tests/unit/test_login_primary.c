/* A login and the primary password, which a shadow file of the test's own has: when it is read,
 * what is remembered of it, and what is written. */
#include "login_fixture.h"

#include "asp/time_text.h"
#include "asp/usage.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

#define HASH "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"
#define OTHER "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyY"

/* The beginning of a day that is to come: what the file is now is settled then, and still is a
 * minute before. */
static time_t next_day;
static unsigned reads;

/* Another file, in which alice has this hash and does not expire before that day. */
static void she_has_until(const char *hash, time_t expires)
{
    char text[512];
    char day[24] = "";

    if (expires != ASP_NEVER)
        (void)snprintf(day, sizeof day, "%lld", (long long)(expires / DAY));
    (void)snprintf(text, sizeof text, "root:*:19000:0:99999:7:::\nalice:%s:19000:0:99999:7::%s:\n",
                   hash, day);
    unit_shadow(text);
}

static void she_has(const char *hash)
{
    she_has_until(hash, ASP_NEVER);
}

static void she_is_gone(void)
{
    unit_shadow("root:*:19000:0:99999:7:::\n");
}

/* Alice has HASH, and nothing was compared yet. */
static void begin_with_shadow(void (*prepare)(struct asp_entry *entry))
{
    begin("", prepare);
    conf->primary_source = ASP_SOURCE_SHADOW;
    next_day = (time(NULL) / DAY + 2) * DAY;
    she_has(HASH);
}

/* The word of the verdict at that time, with calls that fail as planned. */
static const char *come_with(const struct unit_plan *plan, time_t at)
{
    struct asp_request request = request_of("alice", "imap", typed);
    const char *word;

    unit_calls_begin(plan);
    word = decide(&request, at - NOW);
    (void)unit_calls_end();
    reads = unit_calls("shadow");
    return word;
}

static const char *come(time_t at)
{
    return come_with(NULL, at);
}

static struct asp_fingerprint fingerprint_now(void)
{
    struct asp_fingerprint primary;
    struct asp_account account;

    ck_assert_int_eq(load("alice", &account), ASP_OK);
    primary = account.primary;
    asp_account_free(&account);
    return primary;
}

/* An asp_change. */
static enum asp_status take_hash(struct asp_account *account, void *context, struct asp_error *why)
{
    const struct asp_primary_now now = unit_shadow_says(context);

    (void)why;
    asp_primary_take(&now, &account->primary);
    return ASP_OK;
}

static void hangs_on(char *hash)
{
    ck_assert_int_eq(update("alice", false, take_hash, hash), ASP_OK);
}

/* When it is read */

START_TEST(it_is_read_once_and_then_known_while_the_file_is_the_same)
{
    begin_with_shadow(NULL);
    ck_assert_str_eq(come(next_day), "accepted"); /* it is bound, and the fingerprint taken */
    ck_assert_uint_eq(reads, 1);
    ck_assert_int_eq(fingerprint_now().had, ASP_HAD_HASH);
    ck_assert_str_eq(come(next_day), "accepted"); /* after an update it is the next one's turn */
    ck_assert_uint_eq(reads, 1);
    ck_assert_str_eq(come(next_day), "accepted");
    ck_assert_uint_eq(reads, 0);
    she_has(HASH);
    ck_assert_str_eq(come(next_day), "accepted");
    ck_assert_uint_eq(reads, 1);
    ck_assert_str_eq(come(next_day), "accepted");
    ck_assert_uint_eq(reads, 0);
    end();
}
END_TEST

/* What it hangs on may have been changed by another under the lock. */
START_TEST(a_login_that_has_written_leaves_to_the_next_one_what_is_remembered)
{
    begin_with_shadow(NULL);
    hangs_on(HASH);
    for (unsigned left = 2; left > 0; left--) {
        ck_assert_str_eq(come(next_day), "accepted");
        ck_assert_uint_eq(reads, 1);
    }
    ck_assert_str_eq(come(next_day), "accepted");
    ck_assert_uint_eq(reads, 0);
    end();
}
END_TEST

static bool has_gone(void *asker)
{
    (void)asker;
    return true;
}

START_TEST(for_whoever_has_given_up_nothing_is_remembered)
{
    struct asp_request request;

    begin_with_shadow(for_mail);
    hangs_on(HASH);
    request = request_of("alice", "imap", typed);
    request.gone = has_gone;
    ck_assert_str_eq(decide(&request, next_day - NOW), "unavailable");
    ck_assert_str_eq(come(next_day), "accepted");
    ck_assert_uint_eq(reads, 1);
    end();
}
END_TEST

START_TEST(what_was_changed_just_now_is_read_again)
{
    begin_with_shadow(for_mail);
    hangs_on(HASH);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(come(NOW), "accepted");
        ck_assert_uint_eq(reads, 1);
        ck_assert_str_eq(outcome.cause.text, "");
    }
    end();
}
END_TEST

START_TEST(it_is_read_for_nobody_whom_the_entry_refuses_or_who_has_not_proven_a_secret)
{
    begin_with_shadow(revoked);
    ck_assert_str_eq(come(next_day), "revoked");
    ck_assert_uint_eq(reads, 0);
    typed[10] = typed[10] == '5' ? '6' : '5';
    ck_assert_str_eq(come(next_day), "wrong-secret");
    ck_assert_uint_eq(reads, 0);
    end();
}
END_TEST

/* What a command says is for watch and create, which can wait for it. */
START_TEST(it_is_read_where_it_is_the_source_alone)
{
    static const enum asp_source others[] = {ASP_SOURCE_NONE, ASP_SOURCE_COMMAND};

    begin_with_shadow(for_mail);
    hangs_on(OTHER);
    for (size_t i = 0; i < UNIT_COUNT(others); i++) {
        conf->primary_source = others[i];
        ck_assert_str_eq(come(next_day), "accepted");
        ck_assert_uint_eq(reads, 0);
    }
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    end();
}
END_TEST

START_TEST(for_an_account_of_another_realm_it_is_not_read)
{
    begin_with_shadow(for_mail);
    conf->primary_realm = "office";
    ck_assert_str_eq(come(NOW), "accepted");
    ck_returned_str_eq(fingerprint_now().realm, "office");
    conf->primary_realm = "lab";
    ck_assert_str_eq(come(NOW), "accepted");
    ck_assert_uint_eq(reads, 0);
    end();
}
END_TEST

START_TEST(what_cannot_be_read_is_unavailable_and_says_why)
{
    static const enum asp_status statuses[] = {ASP_IO, ASP_DENIED, ASP_NO_MEMORY, ASP_NO_FILES};

    begin_with_shadow(NULL);
    hangs_on(OTHER);
    for (size_t i = 0; i < UNIT_COUNT(statuses); i++) {
        const struct unit_plan fails = {
            .call = "shadow", .first = 1, .times = 1, .result = statuses[i]};

        ck_assert_str_eq(come_with(&fails, NOW), "unavailable");
        ck_assert_uint_eq(reads, 1);
        ck_assert_int_eq(outcome.cause.status, statuses[i]);
        ck_assert_str_eq(outcome.cause.text, "/etc/shadow: as it was told");
        ck_assert_int_eq(outcome.denied, statuses[i] == ASP_DENIED);
        ck_assert_str_eq(outcome.id, "7k");
    }
    unit_shadow("alice:" HASH ":19000\n");
    ck_assert_str_eq(come(NOW), "unavailable");
    ck_assert_int_eq(outcome.cause.status, ASP_IO);
    ck_assert_str_eq(outcome.cause.text, "/etc/shadow: the user's line is not whole");
    ck_assert(!outcome.denied);
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    end();
}
END_TEST

/* What is remembered */

/* What was remembered is of one fingerprint, which a backup of the account perhaps has not. */
START_TEST(what_is_remembered_is_of_this_fingerprint)
{
    begin_with_shadow(for_mail);
    hangs_on(HASH);
    ck_assert_str_eq(come(next_day), "accepted");
    hangs_on(OTHER);
    ck_assert_str_eq(come(next_day), "primary-changed");
    ck_assert_uint_eq(reads, 1); /* under the lock it is the same file */
    asp_outcome_free(&outcome);
    end();
}
END_TEST

START_TEST(an_account_expires_while_the_file_is_the_same)
{
    begin_with_shadow(for_mail);
    hangs_on(HASH);
    she_has_until(HASH, next_day);
    ck_assert_str_eq(come(next_day - 1), "accepted");
    ck_assert_uint_eq(reads, 1);
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(come(next_day - 1), "accepted");
        ck_assert_uint_eq(reads, 0);
        ck_assert_str_eq(come(next_day), "primary-locked");
        ck_assert_uint_eq(reads, 0);
    }
    end();
}
END_TEST

START_TEST(a_lock_is_known_too_whatever_the_clock_says)
{
    begin_with_shadow(for_mail);
    hangs_on(HASH);
    she_has("!" HASH);
    ck_assert_str_eq(come(next_day), "primary-locked");
    ck_assert_uint_eq(reads, 1);
    ck_assert_str_eq(come(next_day), "primary-locked");
    ck_assert_uint_eq(reads, 0);
    ck_assert_str_eq(come(0), "primary-locked");
    ck_assert_uint_eq(reads, 0);
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    she_has(HASH);
    ck_assert_str_eq(come(next_day), "accepted");
    end();
}
END_TEST

/* Nor is a lock taken for who is refused, or a fingerprint. */
START_TEST(of_who_has_expired_nothing_is_remembered_that_need_not_be_true_before)
{
    const struct unit_plan none = {.first = 0};

    begin_with_shadow(for_mail);
    she_has_until(HASH, next_day);
    ck_assert_str_eq(come_with(&none, next_day), "primary-locked");
    ck_assert_uint_eq(unit_calls("flock"), 0);
    ck_assert(!fingerprint_now().taken);
    ck_assert_str_eq(come(next_day - 1), "accepted");
    ck_assert(fingerprint_now().taken);

    hangs_on(HASH);
    she_has_until(OTHER, next_day);
    ck_assert_str_eq(come(next_day), "primary-locked");
    ck_assert_str_eq(come(next_day - 1), "primary-changed");
    asp_outcome_free(&outcome);
    end();
}
END_TEST

START_TEST(who_is_gone_is_refused_and_looked_for_again)
{
    begin_with_shadow(for_mail);
    hangs_on(HASH);
    she_is_gone();
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(come(next_day), "primary-locked");
        ck_assert_uint_eq(reads, 1);
    }
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    end();
}
END_TEST

/* What is written */

START_TEST(a_change_revokes_all_and_hands_out_copies)
{
    struct asp_entry old;

    begin_with_shadow(for_mail);
    hangs_on(OTHER);
    ck_assert_int_eq(add_id("alice", "zz"), ASP_OK);
    unit_plain_entry(&old, "00", "Old");
    revoked(&old);
    ck_assert_int_eq(update("alice", false, add, &old), ASP_OK);
    ck_assert_str_eq(come(NOW), "primary-changed");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_uint_eq(outcome.revoked_count, 2);
    ck_assert_str_eq(outcome.revoked[0].id, "7k");
    ck_assert_str_eq(outcome.revoked[1].id, "zz");
    asp_outcome_free(&outcome);
    ck_assert_ptr_null(outcome.revoked);
    ck_assert_uint_eq(outcome.revoked_count, 0);
    ck_assert_int_eq(entry_now().revoked, NOW);
    ck_returned_str_eq(entry_now().revoked_by, "pam:imap");
    ck_assert_str_eq(come(NOW), "revoked");
    ck_assert_ptr_null(outcome.revoked);
    end();
}
END_TEST

/* Of a user who has no line. */
START_TEST(a_fingerprint_that_is_due_is_taken_at_a_login_and_by_no_dry_one)
{
    const struct asp_primary_now none = {.source = ASP_SOURCE_SHADOW, .says = ASP_SAYS_ABSENT};
    struct asp_request request;
    struct asp_account account;

    begin_with_shadow(for_mail);
    she_is_gone();
    request = request_of("alice", "imap", typed);
    for (int dry = 1; dry >= 0; dry--) {
        request.dry = dry == 1;
        ck_assert_str_eq(decide(&request, 0), "accepted");
        ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, &store_error), ASP_OK);
        ck_assert(account.primary.taken == (dry == 0));
        ck_assert_int_eq(account.entries[0].bound, ASP_NEVER);
        ck_assert(asp_primary_is_due(&account.primary, &none) == (dry == 1));
        asp_account_free(&account);
    }
    end();
}
END_TEST

START_TEST(a_dry_request_revokes_nothing_and_remembers_nothing)
{
    struct asp_request request;

    begin_with_shadow(for_mail);
    hangs_on(OTHER);
    request = request_of("alice", "imap", typed);
    request.dry = true;
    ck_assert_str_eq(decide(&request, 0), "primary-changed");
    ck_assert_uint_eq(outcome.revoked_count, 0);
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    she_has("!" OTHER);
    ck_assert_str_eq(decide(&request, next_day - NOW), "primary-locked");
    ck_assert_str_eq(come(next_day), "primary-locked");
    ck_assert_uint_eq(reads, 1);
    end();
}
END_TEST

/* Under the lock */

/* In a store whose engine holds nobody off, and takes the step again. */
static const char *come_again(time_t at, void (*meanwhile)(void))
{
    struct asp_store_kept kept = *unit_kept();
    struct asp_request request = request_of("alice", "imap", typed);

    kept.engine = overtaken_by(meanwhile);
    memset(&outcome, 'x', sizeof outcome);
    asp_login(conf, &kept, &login_names, &request, at, &outcome);
    return asp_verdict_word(outcome.verdict);
}

static void she_hangs_on_it(void)
{
    hangs_on(HASH);
}

START_TEST(what_was_tried_and_not_written_is_forgotten)
{
    begin_with_shadow(for_mail);
    hangs_on(OTHER);
    ck_assert_str_eq(come_again(NOW, she_hangs_on_it), "accepted");
    ck_assert_uint_eq(outcome.revoked_count, 0);
    ck_assert_ptr_null(outcome.revoked);
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    end();
}
END_TEST

static enum asp_status revoke_first(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    (void)context;
    (void)why;
    revoked(&account->entries[0]);
    return ASP_OK;
}

/* The password is another one, another one hangs on it, and this one is revoked. */
static void another_is_made(void)
{
    she_has(OTHER);
    hangs_on(OTHER);
    ck_assert_int_eq(add_id("alice", "zz"), ASP_OK);
    ck_assert_int_eq(update("alice", false, revoke_first, NULL), ASP_OK);
}

START_TEST(for_who_is_refused_under_the_lock_nothing_is_done_by_what_was_read_before)
{
    struct asp_account account;

    begin_with_shadow(NULL);
    hangs_on(HASH);
    ck_assert_str_eq(come_again(NOW, another_is_made), "revoked");
    ck_assert_int_eq(load("alice", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 2);
    ck_assert_int_eq(account.entries[1].revoked, ASP_NEVER);
    asp_account_free(&account);
    end();
}
END_TEST

static enum asp_status follow_root(struct asp_account *account, void *context,
                                   struct asp_error *why)
{
    (void)why;
    strcpy(account->follows, "root");
    asp_primary_take(context, &account->primary);
    return ASP_OK;
}

/* What watch makes of an account whose user root is by another spelling. */
static void have_her_follow_root(void)
{
    struct asp_primary_now now = unit_shadow_says(OTHER);

    ck_assert_int_eq(update(NOBODYS, false, follow_root, &now), ASP_OK);
}

/* By what it had looked up before it would take her for gone. */
START_TEST(whom_the_account_follows_is_looked_up_again_under_the_lock)
{
    static const struct unit_plan at_the_lock = {
        .call = "flock", .first = 1, .times = 1, .at = have_her_follow_root};
    struct asp_request request;
    struct asp_entry entry;
    struct asp_secret secret;

    begin_with_shadow(NULL); /* it is bound under the lock */
    unit_shadow("root:" OTHER ":19000:0:99999:7:::\n");
    secret = unit_entry(&entry, NOBODYS, "7k", "Phone");
    entry.created = NOW - 1000;
    unit_put(&store, NOBODYS, &entry, 1);
    asp_store_begin_usage(&store, NOBODYS, entry.created);
    asp_secret_show(&secret, typed);
    request = request_of(NOBODYS, "imap", typed);
    unit_calls_begin(&at_the_lock);
    asp_login(conf, unit_kept(), &login_names, &request, NOW, &outcome);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), "accepted");
    asp_outcome_free(&outcome);
    end();
}
END_TEST

static void fail_to_read(void)
{
    static const struct unit_plan fails = {.call = "shadow", .first = 1, .result = ASP_IO};

    she_has(HASH);
    unit_calls_begin(&fails);
}

/* What it said before it was changed is not what it says. */
START_TEST(what_cannot_be_read_again_under_the_lock_is_unavailable)
{
    begin_with_shadow(NULL);
    hangs_on(HASH);
    ck_assert_str_eq(come_again(NOW, fail_to_read), "unavailable");
    ck_assert(unit_calls_end());
    ck_assert_uint_eq(unit_calls("shadow"), 1);
    ck_assert_int_eq(outcome.cause.status, ASP_IO);
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_local_engines(suite, it_is_read_once_and_then_known_while_the_file_is_the_same);
    unit_add_on_local_engines(suite,
                              a_login_that_has_written_leaves_to_the_next_one_what_is_remembered);
    unit_add_on_local_engines(suite, for_whoever_has_given_up_nothing_is_remembered);
    unit_add_on_engines(suite, what_was_changed_just_now_is_read_again);
    unit_add_on_engines(
        suite, it_is_read_for_nobody_whom_the_entry_refuses_or_who_has_not_proven_a_secret);
    unit_add_on_engines(suite, it_is_read_where_it_is_the_source_alone);
    unit_add_on_engines(suite, for_an_account_of_another_realm_it_is_not_read);
    unit_add_on_engines(suite, what_cannot_be_read_is_unavailable_and_says_why);
    unit_add_on_local_engines(suite, what_is_remembered_is_of_this_fingerprint);
    unit_add_on_local_engines(suite, an_account_expires_while_the_file_is_the_same);
    unit_add_on_local_engines(suite, a_lock_is_known_too_whatever_the_clock_says);
    unit_add_on_local_engines(
        suite, of_who_has_expired_nothing_is_remembered_that_need_not_be_true_before);
    unit_add_on_engines(suite, who_is_gone_is_refused_and_looked_for_again);
    unit_add_on_engines(suite, a_change_revokes_all_and_hands_out_copies);
    unit_add_on_engines(suite, a_fingerprint_that_is_due_is_taken_at_a_login_and_by_no_dry_one);
    unit_add_on_engines(suite, a_dry_request_revokes_nothing_and_remembers_nothing);
    unit_add(suite, what_was_tried_and_not_written_is_forgotten);
    unit_add(suite, for_who_is_refused_under_the_lock_nothing_is_done_by_what_was_read_before);
    unit_add(suite, whom_the_account_follows_is_looked_up_again_under_the_lock);
    unit_add(suite, what_cannot_be_read_again_under_the_lock_is_unavailable);
}

int main(void)
{
    return unit_run("login-primary", fill);
}
