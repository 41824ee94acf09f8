/* A request of one who waits for a while, and perhaps not any more: what asp-broker decides. */
#include "login_fixture.h"

#include "asp/clock.h"
#include "asp/time_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool has_gone(void *asker)
{
    (void)asker;
    return true;
}

static bool still_waits(void *asker)
{
    (void)asker;
    return false;
}

static bool alice_is_locked(void *asker)
{
    int fd = open(unit_path(store.path, "locks/alice"), O_RDWR | O_CLOEXEC);
    bool *locked = asker;

    *locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;
    (void)close(fd);
    return *locked;
}

static struct asp_request request_by(bool (*gone)(void *asker))
{
    struct asp_request request = request_of("alice", "imap", typed);

    request.gone = gone;
    return request;
}

START_TEST(for_whoever_has_given_up_nothing_is_bound_or_recorded)
{
    struct asp_request left;
    struct asp_request stays;
    struct asp_use use;

    begin("", NULL);
    left = request_by(has_gone);
    stays = request_by(still_waits);
    unit_calls_begin(NULL);
    (void)decide(&left, 0);
    (void)unit_calls_end();
    ck_assert_int_eq(outcome.verdict, ASP_UNAVAILABLE);
    ck_assert_uint_eq(unit_calls("renameat"), 0);
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "waits no more"));
    ck_assert_int_eq(outcome.cause.status, ASP_BUSY);
    ck_assert(!outcome.denied);
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    ck_assert(!use_now(&use));
    ck_assert_str_eq(decide(&stays, 0), "accepted");
    ck_returned_str_eq(entry_now().app, "mail");
    ck_assert(use_now(&use));

    /* Of an entry that is bound the use alone would be written. */
    ck_assert_str_eq(decide(&left, 3600), "unavailable");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW);
    end();
}
END_TEST

/* He may give up while another's lock is waited for, and whoever looked before would not know. */
START_TEST(whether_he_waits_is_looked_at_under_the_lock)
{
    bool locked = false;
    struct asp_request request;

    begin("", NULL);
    request = request_by(alice_is_locked);
    request.asker = &locked;
    ck_assert_str_eq(decide(&request, 0), "unavailable");
    ck_assert(locked);
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    end();
}
END_TEST

static bool goes_later(void *asker)
{
    return (*(unsigned *)asker)++ > 0;
}

/* Who was there when it was bound is told so. */
START_TEST(whether_he_waits_is_looked_at_once)
{
    unsigned asked = 0;
    struct asp_request request;
    struct asp_use use;

    /* A sanitizer's run calls each change twice, as an engine may that holds nobody off. */
    if (unit_is_watched())
        return;
    begin("", NULL);
    request = request_by(goes_later);
    request.asker = &asked;
    ck_assert_str_eq(decide(&request, 0), "accepted");
    ck_assert_uint_eq(asked, 1);
    ck_returned_str_eq(entry_now().app, "mail");
    ck_assert(use_now(&use));
    end();
}
END_TEST

/* A refusal tells him the same as ever: it is none of his business that he has gone. */
START_TEST(a_refusal_stays_what_it_is)
{
    struct asp_request request;

    begin("", revoked);
    request = request_by(has_gone);
    ck_assert_str_eq(decide(&request, 0), "revoked");
    request.service = "nginx";
    request.secret_length--;
    ck_assert_str_eq(decide(&request, 0), "not-an-app-password");
    end();
}
END_TEST

static enum asp_status take_another(struct asp_account *account, void *context,
                                    struct asp_error *error)
{
    static const char hash[] = "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz";
    const struct asp_primary_now now = {.source = ASP_SOURCE_SHADOW,
                                        .says = ASP_SAYS_HASH,
                                        .hash = hash,
                                        .length = strlen(hash),
                                        .expires = ASP_NEVER};

    (void)context;
    (void)error;
    asp_primary_take(&now, &account->primary);
    return ASP_OK;
}

/* root has an entry that is not bound yet, and its password is in `typed`. */
static void begin_with_root(void)
{
    struct asp_entry entry;
    struct asp_secret secret;

    begin("", NULL);
    unit_shadow("root:*:19000:0:99999:7:::\n");
    conf->primary_source = ASP_SOURCE_SHADOW;
    secret = unit_entry(&entry, "root", "7k", "Phone");
    unit_put(&store, "root", &entry, 1);
    asp_secret_show(&secret, typed);
}

/* It is true whoever asks. */
START_TEST(a_changed_primary_revokes_also_when_nobody_waits)
{
    struct asp_request request;
    struct asp_account account;

    begin_with_root();
    ck_assert_int_eq(asp_store_update(&store, "root", false, take_another, NULL, &store_error),
                     ASP_OK);
    request = request_by(has_gone);
    request.user = "root";
    ck_assert_str_eq(decide(&request, 0), "primary-changed");
    asp_outcome_free(&outcome);
    ck_assert_int_eq(asp_store_load(&store, "root", NULL, &account, &store_error), ASP_OK);
    ck_assert_int_eq(account.entries[0].revoked, NOW);
    asp_account_free(&account);
    end();
}
END_TEST

/* The account that is read under the lock hangs on another password, and nothing can be written. */
static void take_another_and_fail(void)
{
    static const struct unit_plan full = {.call = "renameat", .first = 1, .number = ENOSPC};

    ck_assert_int_eq(asp_store_update(&store, "root", false, take_another, NULL, &store_error),
                     ASP_OK);
    unit_calls_begin(&full);
}

START_TEST(what_cannot_be_written_is_told_by_the_check_under_the_lock)
{
    static const struct unit_plan at_the_lock = {
        .call = "flock", .first = 1, .times = 1, .at = take_another_and_fail};
    struct asp_request request;

    begin_with_root();
    request = request_of("root", "imap", typed);
    unit_calls_begin(&at_the_lock);
    asp_login(conf, unit_kept(), &unit_strangers, &request, NOW, &outcome);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), "primary-changed");
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "No space"));
    ck_assert_uint_eq(outcome.revoked_count, 0);
    asp_outcome_free(&outcome);
    end();
}
END_TEST

/* How long it waits for the lock when `ms` are left to whoever waits for the outcome. */
static unsigned steps_in(int64_t ms)
{
    static const struct unit_plan no_waiting = {.hasty = true};
    struct asp_request request = request_of("alice", "imap", typed);
    int held = open(unit_path(store.path, "locks/alice"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_eq(flock(held, LOCK_EX), 0);
    request.deadline = ms == 0 ? 0 : asp_clock_ms() + ms;
    unit_calls_begin(&no_waiting);
    asp_login(conf, unit_kept(), NULL, &request, NOW, &outcome);
    (void)unit_calls_end();
    (void)close(held);
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), "unavailable");
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "are locked by process"));
    return unit_calls("clock_nanosleep");
}

START_TEST(the_lock_is_waited_for_while_somebody_waits_for_the_outcome)
{
    begin("", NULL);
    ck_assert_uint_eq(steps_in(0), 500);
    ck_assert_uint_le(steps_in(1000), 100);
    ck_assert_uint_ge(steps_in(60 * 60 * 1000), 500);
    ck_assert_uint_eq(steps_in(-1), 0);
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, for_whoever_has_given_up_nothing_is_bound_or_recorded);
    unit_add(suite, whether_he_waits_is_looked_at_under_the_lock);
    unit_add_on_engines(suite, whether_he_waits_is_looked_at_once);
    unit_add(suite, a_refusal_stays_what_it_is);
    unit_add(suite, a_changed_primary_revokes_also_when_nobody_waits);
    unit_add(suite, what_cannot_be_written_is_told_by_the_check_under_the_lock);
    unit_add(suite, the_lock_is_waited_for_while_somebody_waits_for_the_outcome);
}

int main(void)
{
    return unit_run("login-given-up", fill);
}
