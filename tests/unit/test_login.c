/* One request from beginning to end, against a real store. The primary password is left alone. */
#include "login_fixture.h"

#include "asp/time_text.h"
#include "asp/usage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_right_password_is_accepted_and_named)
{
    begin("", for_mail);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_str_eq(outcome.account, "alice");
    ck_assert_str_eq(outcome.app, "mail");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_str_eq(outcome.label, "Phone");
    ck_assert_str_eq(outcome.cause.text, "");
    ck_assert_ptr_null(outcome.revoked);
    ck_assert_uint_eq(outcome.revoked_count, 0);
    ck_assert(!outcome.denied && !outcome.question && !outcome.slow);
    end();
}
END_TEST

START_TEST(a_refusal_of_what_was_not_proven_names_nothing)
{
    char wrong[sizeof typed];

    begin("", for_mail);
    strcpy(wrong, typed);
    wrong[10] = wrong[10] == '5' ? '6' : '5';
    ck_assert_str_eq(try("alice", "imap", wrong), "wrong-secret");
    ck_assert_str_eq(outcome.id, "");
    ck_assert_str_eq(outcome.label, "");
    ck_assert_str_eq(outcome.app, "mail");
    wrong[0] = 'z';
    ck_assert_str_eq(try("alice", "imap", wrong), "not-an-app-password");
    ck_assert_str_eq(outcome.id, "");
    ck_assert_str_eq(try("alice", "imap", "Tr0ub4dor&3"), "not-an-app-password");
    ck_assert_str_eq(try("alice", "imap", ""), "not-an-app-password");
    ck_assert_str_eq(try("bob", "imap", typed), "no-account");
    ck_assert_str_eq(outcome.account, "");
    ck_assert_str_eq(outcome.label, "");
    ck_assert_str_eq(try("Alice", "imap", typed), "no-account");
    ck_assert_str_eq(outcome.id, "");
    end();
}
END_TEST

/* It is told before anything else of the entry is asked, and for it nothing is. */
START_TEST(the_wrong_case_names_its_entry_and_writes_nothing)
{
    static void (*const entries[])(struct asp_entry *) = {NULL, for_mail, revoked};
    struct asp_use use;

    for (size_t i = 0; i < UNIT_COUNT(entries); i++) {
        char capitals[sizeof typed];

        begin("", entries[i]);
        for (size_t at = 0; at < sizeof typed; at++)
            capitals[at] = (char)toupper((unsigned char)typed[at]);
        ck_assert_str_eq(try("alice", "imap", capitals), "wrong-case");
        ck_assert_str_eq(outcome.id, "7k");
        ck_assert_str_eq(outcome.label, "Phone");
        ck_assert_str_eq(outcome.app, "mail");
        ck_assert_str_eq(try("alice", "sshd", capitals), "wrong-case");
        ck_assert_int_eq(entry_now().bound, ASP_NEVER);
        ck_assert(!use_now(&use));

        capitals[20] = capitals[20] == '5' ? '6' : '5';
        ck_assert_str_eq(try("alice", "imap", capitals), "not-an-app-password");
        ck_assert_str_eq(outcome.id, "");
        ck_assert_str_eq(outcome.label, "");
        end();
    }
}
END_TEST

START_TEST(every_other_refusal_of_a_proven_secret_names_its_entry)
{
    struct asp_request request;

    begin("", revoked);
    ck_assert_str_eq(try("alice", "imap", typed), "revoked");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_str_eq(outcome.label, "Phone");
    end();

    begin("", soon_over);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, 99), "accepted");
    ck_assert_str_eq(decide(&request, 100), "expired");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_str_eq(decide(&request, -NOW), "accepted"); /* a boot in 1970 destroys nothing */
    ck_assert_str_eq(decide(&request, 50), "accepted");
    end();

    begin("", from_office);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, 0), "wrong-network");
    request.host = "192.0.2.7";
    ck_assert_str_eq(decide(&request, 0), "accepted");
    request.host = "::ffff:192.0.2.7";
    ck_assert_str_eq(decide(&request, 0), "accepted");
    request.host = "198.51.100.7";
    ck_assert_str_eq(decide(&request, 0), "wrong-network");
    request.host = "host.example.org";
    ck_assert_str_eq(decide(&request, 0), "wrong-network");
    ck_assert_str_eq(outcome.id, "7k");
    end();
}
END_TEST

START_TEST(an_entry_opens_its_app_and_nothing_else)
{
    struct asp_request request;

    begin("", for_mail);
    ck_assert_str_eq(try("alice", "pop3", typed), "accepted");
    ck_assert_str_eq(try("alice", "IMAP", typed), "accepted");
    ck_assert_str_eq(try("alice", "sshd", typed), "wrong-app");
    ck_assert_str_eq(outcome.app, "ssh");
    ck_assert_str_eq(try("alice", "login", typed), "wrong-app");
    ck_assert_str_eq(try("alice", "radio", typed), "wrong-app");
    ck_assert_str_eq(try("alice", "", typed), "wrong-app");
    ck_assert_str_eq(outcome.app, "");
    ck_assert_str_eq(try("alice", "im ap", typed), "wrong-app");
    request = request_of("alice", "radio", typed);
    request.app = "mail";
    ck_assert_str_eq(decide(&request, 0), "accepted");
    request.service = "imap";
    request.app = "calendar";
    ck_assert_str_eq(decide(&request, 0), "wrong-app");
    end();

    begin("", for_any);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_str_eq(try("alice", "radio", typed), "accepted");
    ck_assert_str_eq(try("alice", "sshd", typed), "wrong-app");
    ck_assert_str_eq(try("alice", "su", typed), "wrong-app");
    ck_returned_str_eq(entry_now().app, ASP_APP_ANY);
    end();
}
END_TEST

START_TEST(passwords_of_any_length_are_bounded)
{
    static const size_t lengths[] = {0, 1, 24, 513, 514, 1 << 20};
    char *long_one = malloc(1 << 20);
    struct asp_request request;

    ck_assert_ptr_nonnull(long_one);
    begin("", for_mail);
    request = request_of("alice", "imap", typed);
    memset(long_one, ' ', 1 << 20);
    memcpy(long_one, typed, strlen(typed));
    request.secret = long_one;
    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        request.secret_length = lengths[i];
        if (lengths[i] == 0)
            request.secret = NULL;
        ck_assert_str_eq(decide(&request, 0), "not-an-app-password");
        request.secret = long_one;
    }
    request.secret_length = 512;
    ck_assert_str_eq(decide(&request, 0), "accepted");
    free(long_one);
    end();
}
END_TEST

/* First use */

START_TEST(the_first_use_binds_for_good)
{
    struct asp_entry entry;

    begin("", NULL);
    ck_assert_str_eq(try("alice", "sshd", typed), "wrong-app"); /* guarded: not by first use */
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    ck_assert_str_eq(try("alice", "Pop3", typed), "accepted");
    entry = entry_now();
    ck_assert_str_eq(entry.app, "mail");
    ck_assert_str_eq(entry.bound_service, "pop3");
    ck_assert_int_eq(entry.bound, NOW);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_str_eq(try("alice", "radio", typed), "wrong-app");
    ck_returned_str_eq(entry_now().bound_service, "pop3");
    end();

    begin("", NULL);
    ck_assert_str_eq(try("alice", "radio", typed), "accepted");
    ck_returned_str_eq(entry_now().app, "radio");
    ck_assert_str_eq(try("alice", "imap", typed), "wrong-app");
    end();
}
END_TEST

START_TEST(what_was_bound_by_first_use_never_opens_a_guarded_service)
{
    begin("apps: ( { name = \"desk\"; services = [ \"radio\", \"login\" ]; } );", NULL);
    ck_assert_str_eq(try("alice", "radio", typed), "accepted");
    ck_returned_str_eq(entry_now().app, "desk");
    ck_assert_str_eq(try("alice", "login", typed), "wrong-app");
    end();
}
END_TEST

/* Uses */

START_TEST(a_use_is_recorded_with_its_service_and_host)
{
    struct asp_request request;
    struct asp_use use;

    begin("", for_mail);
    request = request_of("alice", "IMAP", typed);
    request.host = "192.0.2.7";
    ck_assert(!use_now(&use));
    ck_assert_str_eq(decide(&request, 5), "accepted");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 5);
    ck_assert_str_eq(use.service, "imap");
    ck_assert_str_eq(use.host, "192.0.2.7");
    request.host = "a host\x1b[31m";
    ck_assert_str_eq(decide(&request, 6), "accepted");
    ck_assert(use_now(&use));
    ck_assert_str_eq(use.host, "");
    request.host = typed; /* a host could be called so */
    ck_assert_str_eq(decide(&request, 3606), "accepted");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 3606);
    ck_assert_str_eq(use.host, "");
    end();
}
END_TEST

/* Of many machines the later use stays, whatever their clocks are. */
START_TEST(a_clock_that_was_set_back_is_the_one_that_counts)
{
    struct asp_request request;
    struct asp_use use;

    begin("usage_interval = 60;", for_mail);
    request = request_of("alice", "imap", typed);
    (void)decide(&request, 62);
    (void)decide(&request, 50);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 50);
    end();
}
END_TEST

/* What is to end for not having been used keeps the later one; another service at the same moment
 * is no earlier one. */
START_TEST(the_service_counts_at_the_same_moment_and_no_earlier_one)
{
    struct asp_request request;
    struct asp_use use;

    begin("", soon_unused);
    request = request_of("alice", "imap", typed);
    (void)decide(&request, 0);
    request.service = "pop3";
    (void)decide(&request, 0);
    ck_assert(use_now(&use));
    ck_assert_str_eq(use.service, "pop3");
    request.service = "smtp";
    (void)decide(&request, -1);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW);
    ck_assert_str_eq(use.service, "pop3");
    end();
}
END_TEST

static void bound_at_once(struct asp_entry *entry)
{
    for_mail(entry);
    strcpy(entry->bound_service, "pop3");
    entry->bound = NOW - 500;
}

START_TEST(a_clock_that_is_behind_the_creation_or_the_binding_records_nothing)
{
    struct asp_request request;
    struct asp_use use;

    begin("", for_mail);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, -1001), "accepted");
    ck_assert(!use_now(&use));
    ck_assert_str_eq(decide(&request, -1000), "accepted");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW - 1000);
    end();

    begin("", bound_at_once);
    ck_assert_str_eq(decide(&request, -501), "accepted");
    ck_assert(!use_now(&use));
    ck_assert_str_eq(decide(&request, -500), "accepted");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW - 500);
    end();
}
END_TEST

static enum asp_status an_hour_ahead(const struct asp_store *of, time_t *now, struct asp_error *why)
{
    (void)of;
    (void)why;
    *now += 3600;
    return ASP_OK;
}

/* As a database tells it. */
START_TEST(the_clock_of_the_store_is_the_one_that_counts)
{
    struct asp_store_kept kept;
    struct asp_store_engine ahead;
    struct asp_request request;
    struct asp_use use;

    begin("", NULL);
    ahead = *store.engine;
    ahead.now = an_hour_ahead;
    kept = *unit_kept();
    kept.engine = &ahead;
    request = request_of("alice", "imap", typed);
    asp_login(conf, &kept, &login_names, &request, NOW, &outcome);
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), "accepted");
    ck_assert_int_eq(entry_now().bound, NOW + 3600);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 3600);
    end();
}
END_TEST

/* Lesson: Zimbra ZCS-8181. */
START_TEST(the_time_alone_is_written_once_in_an_interval)
{
    struct asp_request request;
    struct asp_use use;

    begin("usage_interval = 60;", for_mail);
    request = request_of("alice", "imap", typed);
    (void)decide(&request, 0);
    unit_calls_begin(NULL);
    (void)decide(&request, 0);
    (void)decide(&request, 59);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("pwrite"), 0);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW);
    (void)decide(&request, 60);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 60);
    request.service = "pop3"; /* another service at once */
    (void)decide(&request, 61);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 61);
    ck_assert_str_eq(use.service, "pop3");
    request.host = "192.0.2.7"; /* and another host */
    (void)decide(&request, 62);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 62);
    end();

    begin("usage_interval = 0;", for_mail);
    request = request_of("alice", "imap", typed);
    (void)decide(&request, 0);
    (void)decide(&request, 1);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 1);
    end();
}
END_TEST

START_TEST(a_dry_request_says_the_verdict_and_changes_nothing)
{
    struct asp_request request;
    struct asp_use use;

    begin("", NULL);
    request = request_of("alice", "imap", typed);
    request.dry = true;
    unit_calls_begin(NULL);
    ck_assert_str_eq(decide(&request, 0), "accepted");
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("pwrite") + unit_calls("fsync") + unit_calls("flock"), 0);
    ck_assert_str_eq(outcome.id, "7k");
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    ck_assert(!use_now(&use));
    end();
}
END_TEST

START_TEST(one_hash_is_run_for_a_login_and_one_for_each_refusal_of_a_well_shaped_password)
{
    char wrong[sizeof typed];

    begin("", for_mail);
    strcpy(wrong, typed);
    wrong[10] = wrong[10] == '5' ? '6' : '5';
    for (size_t i = 0; i < 3; i++) {
        const char *secret = i == 0 ? typed : wrong;

        if (i == 2)
            wrong[0] = wrong[0] == 'z' ? 'y' : 'z';
        unit_calls_begin(NULL);
        (void)try("alice", "imap", secret);
        (void)unit_calls_end();
        ck_assert_uint_eq(unit_calls("hmac"), 1);
        ck_assert_uint_eq(unit_calls("crypto_pwhash"), 0);
    }
    unit_calls_begin(NULL);
    (void)try("alice", "imap", "Tr0ub4dor&3");
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("hmac"), 0);
    end();

    /* A first use checks twice and hashes once. */
    begin("", NULL);
    unit_calls_begin(NULL);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("hmac"), 1);
    end();
}
END_TEST

/* The hash is no reason to call a password wrong, and who reads the log is told. */
START_TEST(a_hash_that_has_no_memory_is_unavailable_with_its_cause)
{
    static const struct asp_cost argon = {ASP_ARGON2ID, 8192, 1};
    const struct unit_plan no_memory = {.call = "crypto_pwhash", .first = 1, .times = 1};
    struct asp_entry entry;
    struct asp_secret secret = unit_entry(&entry, "alice", "7k", "Phone");

    begin("hash: { scheme = \"argon2id\"; memory = 8192; passes = 1; };", for_mail);
    ck_assert_int_eq(asp_verifier_make(&argon, "bob", &secret, entry.verifier), ASP_OK);
    for_mail(&entry);
    unit_put(&store, "bob", &entry, 1);
    asp_secret_show(&secret, typed);
    unit_calls_begin(&no_memory);
    (void)try("bob", "imap", typed);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(outcome.verdict, ASP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "no memory for the hash"));
    ck_assert_int_eq(outcome.cause.status, ASP_IO);
    ck_assert_str_eq(outcome.id, "");
    ck_assert_str_eq(try("bob", "imap", typed), "accepted");
    end();
}
END_TEST

/* As a quick worker of the broker asks: of nobody whose hash is quick, and of none that is not
 * made.
 */
START_TEST(a_slow_hash_is_left_to_another_where_none_is_to_be_made_here)
{
    static const struct asp_cost argon = {ASP_ARGON2ID, 8192, 1};
    struct asp_entry entry;
    struct asp_secret secret = unit_entry(&entry, "alice", "7k", "Phone");
    char slow[sizeof typed];
    struct asp_request request;
    struct asp_use use;

    begin("hash: { scheme = \"argon2id\"; memory = 8192; passes = 1; };", for_mail);
    ck_assert_int_eq(asp_verifier_make(&argon, "bob", &secret, entry.verifier), ASP_OK);
    for_mail(&entry);
    unit_put(&store, "bob", &entry, 1);
    asp_secret_show(&secret, slow);

    request = request_of("alice", "imap", typed);
    request.quick = true;
    ck_assert_str_eq(decide(&request, 0), "accepted");
    ck_assert(!outcome.slow);
    ck_assert(use_now(&use));
    typed[0] = 'z';
    ck_assert_str_eq(decide(&request, 0), "not-an-app-password");
    ck_assert(!outcome.slow);
    request = request_of("bob", "imap", slow);
    request.quick = true;
    unit_calls_begin(NULL);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(decide(&request, 0), "unavailable");
        ck_assert(outcome.slow);
        ck_assert_str_eq(outcome.id, "");
        slow[i == 0 ? 10 : 0] = 'z'; /* a wrong secret, then an unknown id */
    }
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("crypto_pwhash"), 0);
    ck_assert_str_eq(try("carol", "imap", slow), "no-account");
    ck_assert(!outcome.slow);
    request = request_of("bob", "imap", "no app password");
    request.quick = true;
    ck_assert_str_eq(decide(&request, 0), "not-an-app-password");
    ck_assert(!outcome.slow);
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, a_right_password_is_accepted_and_named);
    unit_add_on_engines(suite, a_refusal_of_what_was_not_proven_names_nothing);
    unit_add_on_engines(suite, the_wrong_case_names_its_entry_and_writes_nothing);
    unit_add_on_engines(suite, every_other_refusal_of_a_proven_secret_names_its_entry);
    unit_add_on_engines(suite, an_entry_opens_its_app_and_nothing_else);
    unit_add_on_engines(suite, passwords_of_any_length_are_bounded);
    unit_add_on_engines(suite, the_first_use_binds_for_good);
    unit_add_on_engines(suite, what_was_bound_by_first_use_never_opens_a_guarded_service);
    unit_add_on_engines(suite, a_use_is_recorded_with_its_service_and_host);
    unit_add_on_engines(suite, the_time_alone_is_written_once_in_an_interval);
    unit_add_on_local_engines(suite, a_clock_that_was_set_back_is_the_one_that_counts);
    unit_add_on_engines(suite, the_service_counts_at_the_same_moment_and_no_earlier_one);
    unit_add_on_engines(suite, a_clock_that_is_behind_the_creation_or_the_binding_records_nothing);
    unit_add_on_local_engines(suite, the_clock_of_the_store_is_the_one_that_counts);
    unit_add_on_engines(suite, a_dry_request_says_the_verdict_and_changes_nothing);
    unit_add_on_engines(
        suite, one_hash_is_run_for_a_login_and_one_for_each_refusal_of_a_well_shaped_password);
    unit_add_on_engines(suite, a_hash_that_has_no_memory_is_unavailable_with_its_cause);
    unit_add_on_engines(suite, a_slow_hash_is_left_to_another_where_none_is_to_be_made_here);
}

int main(void)
{
    return unit_run("login", fill);
}
