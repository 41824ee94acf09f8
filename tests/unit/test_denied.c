/* A process that is denied the store: it says so, and only then, so that another one is asked. The
 * primary password is left alone. */
#include "unit.h"

#include "asp/login.h"
#include "asp/time_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 1700000000 };

static const int denials[] = {EACCES, EPERM, EROFS};
static const int others[] = {EIO, ENOSPC, EDQUOT, EMFILE, ENOMEM, ENOENT, ELOOP};

static struct asp_store store;
static struct asp_conf *conf;
static char typed[ASP_SECRET_SHOWN + 1];
static struct asp_outcome outcome;

/* A store with one entry of alice's, for mail or, with `app` NULL, for its first use. */
static void begin(const char *app)
{
    struct asp_entry entry;
    struct asp_secret secret = unit_entry(&entry, "alice", "7k", "Phone");
    char text[1024];

    unit_store(&store);
    (void)snprintf(text, sizeof text, "store = \"%s\"; primary: { source = \"none\"; };",
                   store.path);
    conf = unit_conf(text);
    if (app != NULL)
        (void)snprintf(entry.app, sizeof entry.app, "%s", app);
    unit_put(&store, "alice", &entry, 1);
    asp_secret_show(&secret, typed);
}

static void end(void)
{
    asp_conf_free(conf);
    asp_store_close(&store);
}

static const char *try(const char *user, const char *password)
{
    const struct asp_request request = {
        .user = user, .service = "imap", .secret = password, .secret_length = strlen(password)};

    memset(&outcome, 'x', sizeof outcome);
    asp_login(conf, NULL, &unit_strangers, &request, NOW, &outcome);
    return asp_verdict_word(outcome.verdict);
}

static bool try_with(const struct unit_plan *plan)
{
    unit_calls_begin(plan);
    (void)try("alice", typed);
    return unit_calls_end();
}

static bool is_used(void)
{
    struct asp_usage usage = unit_usage(&store, "alice");
    bool found = asp_usage_last(&usage, "7k", 1000) != ASP_NEVER;

    asp_usage_free(&usage);
    return found;
}

static bool is_bound(void)
{
    struct asp_account account;
    bool bound;

    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, NULL), ASP_OK);
    bound = strcmp(account.entries[0].app, "mail") == 0;
    asp_account_free(&account);
    return bound;
}

START_TEST(nothing_denied_is_not_called_denied)
{
    begin("mail");
    ck_assert_str_eq(try("alice", typed), "accepted");
    ck_assert(!outcome.denied);
    ck_assert_str_eq(try("alice", "wrong"), "not-an-app-password");
    ck_assert(!outcome.denied);
    ck_assert_str_eq(try("bob", typed), "no-account");
    ck_assert(!outcome.denied);
    ck_assert_str_eq(try("a/b", typed), "no-account");
    ck_assert(!outcome.denied);
    ck_assert_int_eq(rename(store.path, unit_path(unit_folder(), "moved")), 0);
    ck_assert_str_eq(try("alice", typed), "unavailable");
    ck_assert(!outcome.denied);
    end();
}
END_TEST

static enum asp_answer count(void *context, const char *name, char *called, size_t size)
{
    (void)name;
    (void)called;
    (void)size;
    ++*(unsigned *)context;
    return ASP_USER_NOT_KNOWN;
}

/* Who may not look whether there is an account has nothing to ask for. */
START_TEST(what_is_denied_is_not_asked_of_the_name_service)
{
    static const char *const calls[] = {"openat2", "openat"};
    unsigned questions = 0;
    const struct asp_name_service names = {count, &questions};
    const struct asp_request request = {
        .user = "ALICE", .service = "imap", .secret = typed, .secret_length = strlen(typed)};

    begin("mail");
    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .first = 1, .times = 0, .number = EACCES};

        questions = 0;
        unit_calls_begin(&plan);
        asp_login(conf, NULL, &names, &request, NOW, &outcome);
        if (unit_calls_end())
            ck_assert(outcome.denied && outcome.verdict == ASP_UNAVAILABLE && questions == 0);
    }
    questions = 0;
    asp_login(conf, NULL, &names, &request, NOW, &outcome);
    ck_assert_uint_eq(questions, 1);
    end();
}
END_TEST

/* Denies each open in turn, in a login with an entry of that app. Of what is not known then,
 * nothing is told but that; what is known and could not be written is told as it is. Returns how
 * many of them were called denied. */
static unsigned deny_each(const char *app, const char *call, int number)
{
    bool reached = true;
    unsigned denied = 0;

    for (unsigned nth = 1; reached; nth++) {
        struct unit_plan plan = {.call = call, .first = nth, .times = 1, .number = number};

        begin(app);
        reached = try_with(&plan);
        if (outcome.denied)
            denied++;
        else
            unit_need(outcome.verdict == ASP_ACCEPTED && is_used(), "%s %u, errno %d: %s", call,
                      nth, number, asp_verdict_word(outcome.verdict));
        unit_need(outcome.verdict == ASP_ACCEPTED || outcome.cause.status == ASP_DENIED,
                  "%s %u, errno %d: %s", call, nth, number, outcome.cause.text);
        unit_need(outcome.verdict != ASP_ACCEPTED || app != NULL || is_bound(),
                  "%s %u, errno %d: accepted and not bound", call, nth, number);
        end();
    }
    return denied;
}

START_TEST(an_open_that_is_denied_is_called_denied)
{
    static const char *const apps[] = {"mail", NULL};

    for (size_t a = 0; a < UNIT_COUNT(apps); a++) {
        for (size_t i = 0; i < UNIT_COUNT(denials); i++) {
            unsigned denied = deny_each(apps[a], "openat2", denials[i]);

            denied += deny_each(apps[a], "openat", denials[i]);
            /* EPERM is also what a filter answers that does not know openat2: then openat is tried,
             * which is let through here. */
            unit_need(denied >= 3 || denials[i] == EPERM, "%u, errno %d", denied, denials[i]);
        }
    }
}
END_TEST

/* As where a filter or a security module stands before all of it. */
START_TEST(everything_denied_from_some_call_on_is_called_denied)
{
    for (size_t i = 0; i < UNIT_COUNT(denials); i++) {
        bool reached = true;

        for (unsigned nth = 1; reached; nth++) {
            struct unit_plan plan = {.first = nth, .number = denials[i], .hasty = true};

            begin(NULL);
            reached = try_with(&plan);
            unit_need(outcome.verdict == ASP_ACCEPTED ? is_bound() : outcome.denied,
                      "from call %u on, errno %d: %s", nth, denials[i],
                      asp_verdict_word(outcome.verdict));
            unit_need(nth > 1 || outcome.verdict == ASP_UNAVAILABLE, "errno %d", denials[i]);
            end();
        }
    }
}
END_TEST

/* The disk that is full, the file that is not there: another process would fare no better. */
START_TEST(any_other_failure_is_not_called_denied)
{
    for (size_t i = 0; i < UNIT_COUNT(others); i++) {
        bool reached = true;

        for (unsigned nth = 1; reached; nth++) {
            struct unit_plan plan = {.first = nth, .times = 1, .number = others[i], .hasty = true};

            begin(NULL);
            reached = try_with(&plan);
            unit_need(!outcome.denied, "call %u, errno %d", nth, others[i]);
            end();
        }
    }
}
END_TEST

START_TEST(a_use_that_is_denied_leaves_what_was_accepted)
{
    static const char *const calls[] = {"openat2", "openat"};

    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .times = 1, .number = EROFS};
        bool found = false;

        begin("mail");
        /* The last open of a login is that of the use. */
        unit_calls_begin(NULL);
        (void)try("alice", typed);
        (void)unit_calls_end();
        plan.first = unit_calls(calls[i]);
        end();
        if (plan.first == 0)
            continue;
        begin("mail");
        ck_assert(try_with(&plan));
        found = outcome.denied;
        ck_assert_str_eq(asp_verdict_word(outcome.verdict), "accepted");
        ck_assert(found);
        ck_assert(!is_used());
        end();
        return;
    }
    ck_abort_msg("no open was seen");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, nothing_denied_is_not_called_denied);
    unit_add(suite, what_is_denied_is_not_asked_of_the_name_service);
    unit_add(suite, an_open_that_is_denied_is_called_denied);
    unit_add(suite, everything_denied_from_some_call_on_is_called_denied);
    unit_add(suite, any_other_failure_is_not_called_denied);
    unit_add(suite, a_use_that_is_denied_leaves_what_was_accepted);
}

int main(void)
{
    return unit_run("denied", fill);
}
