/* What PAM calls: which code each decision is, what it leaves in the handle, and what is logged
 * where nothing is decided. libpam and the decision are played here. */
#include "pam_asp_fixture.h"

#include "asp/log_line.h"

#include <syslog.h>

static int authenticate(void)
{
    return call(pam_sm_authenticate, 0, NULL);
}

static void was_logged(int level, const char *line)
{
    ck_assert_int_eq(logged.lines, 1);
    ck_assert_int_eq(logged.level[0], level);
    ck_assert_str_eq(logged.line[0], line);
}

/* Whether the two stages that come after say that the login was ours. */
static void was_ours(bool it_was)
{
    const int code = it_was ? PAM_SUCCESS : PAM_IGNORE;

    ck_assert_int_eq(call(pam_sm_setcred, PAM_ESTABLISH_CRED, NULL), code);
    ck_assert_int_eq(call(pam_sm_acct_mgmt, 0, NULL), code);
}

static void nothing_is_set(void)
{
    for (int i = 0; i < VARIABLES; i++)
        ck_assert_str_eq(handle.variable[i], "");
}

START_TEST(each_verdict_has_its_code)
{
    static const int codes[] = {
        [ASP_ACCEPTED] = PAM_SUCCESS,
        [ASP_NO_ACCOUNT] = PAM_USER_UNKNOWN,
        [ASP_NOT_AN_APP_PASSWORD] = PAM_CRED_INSUFFICIENT,
        [ASP_UNAVAILABLE] = PAM_AUTHINFO_UNAVAIL,
        [ASP_WRONG_SECRET] = PAM_AUTH_ERR,
        [ASP_WRONG_CASE] = PAM_AUTH_ERR,
        [ASP_IS_REVOKED] = PAM_AUTH_ERR,
        [ASP_IS_EXPIRED] = PAM_AUTH_ERR,
        [ASP_IS_UNUSED] = PAM_AUTH_ERR,
        [ASP_WRONG_APP] = PAM_AUTH_ERR,
        [ASP_WRONG_NETWORK] = PAM_AUTH_ERR,
        [ASP_PRIMARY_CHANGED_SINCE] = PAM_AUTH_ERR,
        [ASP_PRIMARY_IS_LOCKED] = PAM_AUTH_ERR,
    };

    begin();
    ck_assert_uint_eq(UNIT_COUNT(codes), ASP_PRIMARY_IS_LOCKED + 1);
    for (size_t i = 0; i < UNIT_COUNT(codes); i++) {
        decision.verdict = (enum asp_verdict)i;
        ck_assert_int_eq(authenticate(), codes[i]);
        ck_assert_int_eq(logins, (int)i + 1);
        ck_assert_int_eq(decisions, (int)i + 1);
        ck_assert_int_eq(told.verdict, decision.verdict);
        was_ours(decision.verdict == ASP_ACCEPTED);
    }
    ck_assert_int_eq(brokers, 0);
    /* A verdict of a later version, for instance. */
    decision.verdict = (enum asp_verdict)99;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    end();
}
END_TEST

START_TEST(memory_that_runs_out_is_told_where_nothing_was_decided)
{
    begin();
    decision.cause.status = ASP_NO_MEMORY;
    decision.verdict = ASP_UNAVAILABLE;
    ck_assert_int_eq(authenticate(), PAM_BUF_ERR);
    decision.verdict = ASP_PRIMARY_CHANGED_SINCE;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    decision.verdict = ASP_UNAVAILABLE;
    decision.cause.status = ASP_IO;
    ck_assert_int_eq(authenticate(), PAM_AUTHINFO_UNAVAIL);
}
END_TEST

START_TEST(what_is_asked_is_what_the_handle_says)
{
    static char longest[5000];

    begin();
    ck_assert_int_eq(call(pam_sm_authenticate, 0, "app=calendar"), PAM_SUCCESS);
    ck_assert_str_eq(asked.app, "calendar");
    ck_assert_str_eq(asked.user, "alice");
    ck_assert_str_eq(asked.service, "imap");
    ck_assert_str_eq(asked.host, "192.0.2.7");
    ck_assert_ptr_eq(asked.secret, token);
    ck_assert_uint_eq(asked.secret_length, strlen(token));
    ck_assert_int_eq(logged.lines, 0);
    memset(longest, 'x', sizeof longest - 1);
    token = longest;
    handle.host = NULL;
    ck_assert_int_eq(authenticate(), PAM_SUCCESS);
    ck_assert_ptr_null(asked.app);
    ck_assert_ptr_null(asked.host);
    ck_assert_uint_eq(asked.secret_length, 4096);
    end();
}
END_TEST

START_TEST(an_accepted_login_is_known_in_the_handle_until_the_next_try)
{
    begin();
    ck_assert_int_eq(authenticate(), PAM_SUCCESS);
    ck_assert_str_eq(handle.variable[0], "ASP_ID=7k");
    ck_assert_str_eq(handle.variable[1], "ASP_LABEL=Phone");
    ck_assert_str_eq(handle.variable[2], "ASP_APP=mail");
    was_ours(true);
    decision.verdict = ASP_WRONG_SECRET;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    nothing_is_set();
    was_ours(false);
    /* What was not ours is let alone. */
    handle.put = 0;
    handle.has_data = _i == 1;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    ck_assert_int_eq(handle.put, 0);
    end();
}
END_TEST

START_TEST(the_longest_of_it_has_room)
{
    char expected[LINE];

    begin();
    memset(decision.label, 'l', sizeof decision.label - 1);
    (void)snprintf(expected, sizeof expected, "ASP_LABEL=%s", decision.label);
    ck_assert_int_eq(authenticate(), PAM_SUCCESS);
    ck_assert_str_eq(handle.variable[1], expected);
    end();
}
END_TEST

START_TEST(another_user_of_the_same_handle_is_none_of_ours)
{
    begin();
    ck_assert_int_eq(authenticate(), PAM_SUCCESS);
    handle.user = "bob";
    was_ours(false);
    handle.user = NULL;
    was_ours(false);
    handle.user = "alice";
    was_ours(true);
    handle.item_fails = PAM_USER;
    was_ours(false);
    end();
}
END_TEST

/* Whatever has no room: each variable, the name, and its copy. */
START_TEST(a_login_that_the_handle_cannot_keep_is_none)
{
    begin();
    handle.put_fails = _i + 1;
    handle.set_fails = _i == 3;
    strdup_fails = _i == 4;
    ck_assert_int_eq(authenticate(), PAM_BUF_ERR);
    was_ours(false);
    end();
}
END_TEST

START_TEST(who_is_not_named_is_not_asked_for_a_password)
{
    begin();
    user_code = PAM_CONV_ERR;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    was_logged(LOG_NOTICE, "no user was named: the application's conversation failed");
    user_code = PAM_BUF_ERR;
    ck_assert_int_eq(authenticate(), PAM_BUF_ERR);
    was_logged(LOG_NOTICE, "no user was named: the application's conversation failed");
    user_code = PAM_SUCCESS;
    user = NULL;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    was_logged(LOG_NOTICE, "no user was named: the application's conversation failed");
    ck_assert_int_eq(logins, 0);
}
END_TEST

START_TEST(without_a_password_nothing_is_decided)
{
    begin();
    token_code = PAM_AUTH_ERR;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    was_logged(LOG_NOTICE, "no password was given");
    token_code = PAM_BUF_ERR;
    ck_assert_int_eq(authenticate(), PAM_BUF_ERR);
    ck_assert_int_eq(logins, 0);
}
END_TEST

START_TEST(an_application_that_does_not_say_user_and_service_is_refused)
{
    begin();
    handle.user = NULL;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    was_logged(LOG_ERR, "the application does not say the user or the service");
    handle.user = "alice";
    handle.service = NULL;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    was_logged(LOG_ERR, "the application does not say the user or the service");
    ck_assert_int_eq(logins, 0);
}
END_TEST

START_TEST(what_is_denied_here_the_broker_decides_and_has_logged)
{
    begin();
    decision = (struct asp_outcome){.verdict = ASP_UNAVAILABLE, .denied = true};
    broker_decision =
        (struct asp_outcome){.verdict = ASP_ACCEPTED, .app = "mail", .id = "8m", .label = "Laptop"};
    ck_assert_int_eq(authenticate(), PAM_SUCCESS);
    ck_assert_int_eq(brokers, 1);
    ck_assert_int_eq(decisions, 0);
    ck_assert_str_eq(handle.variable[0], "ASP_ID=8m");
    broker_decision.verdict = ASP_WRONG_SECRET;
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    ck_assert_int_eq(decisions, 0);
    end();
}
END_TEST

START_TEST(without_a_broker_what_was_decided_here_stands)
{
    begin();
    broker_status = ASP_NOT_FOUND;
    decision.denied = true;
    decision.verdict = ASP_WRONG_SECRET;
    ck_assert(!asp_log_line_is_error(&decision));
    ck_assert_int_eq(authenticate(), PAM_AUTH_ERR);
    ck_assert_int_eq(decisions, 1);
    ck_assert_int_eq(told.cause.status, ASP_OK);
    ck_assert_str_eq(told.cause.text, "");
    /* What was not says both why not, and what to start. */
    decision.verdict = ASP_UNAVAILABLE;
    (void)asp_fail(&decision.cause, ASP_DENIED, "the store is closed");
    ck_assert_int_eq(authenticate(), PAM_AUTHINFO_UNAVAIL);
    ck_assert_int_eq(decisions, 2);
    ck_assert_int_eq(told.cause.status, ASP_DENIED);
    ck_assert_str_eq(told.cause.text, "the store is closed; no broker");
    ck_assert_int_eq(brokers, 2);
}
END_TEST

START_TEST(libsodium_is_started_once_and_again_where_it_did_not_start)
{
    begin();
    random_status = ASP_IO;
    ck_assert_int_eq(authenticate(), PAM_AUTHINFO_UNAVAIL);
    was_logged(LOG_ERR, "no random numbers");
    ck_assert_int_eq(sodium_starts, 0);
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_UPDATE_AUTHTOK, NULL), PAM_SUCCESS);
    was_logged(LOG_ERR, "no random numbers");
    random_status = ASP_OK;
    sodium_code = -1;
    ck_assert_int_eq(authenticate(), PAM_AUTHINFO_UNAVAIL);
    was_logged(LOG_ERR, "libsodium does not start");
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_UPDATE_AUTHTOK, NULL), PAM_SUCCESS);
    was_logged(LOG_ERR, "libsodium does not start");
    ck_assert_int_eq(logins, 0);
    ck_assert_int_eq(passwords, 0);
    /* 1: somebody else has started it. */
    sodium_code = _i;
    ck_assert_int_eq(authenticate(), PAM_SUCCESS);
    ck_assert_int_eq(sodium_starts, 3);
    ck_assert_int_eq(authenticate(), PAM_SUCCESS);
    ck_assert_int_eq(sodium_starts, 3);
    end();
}
END_TEST

START_TEST(what_is_wrong_in_the_pam_file_or_the_configuration_is_told)
{
    static const struct {
        enum asp_status status;
        int code;
    } rows[] = {
        {ASP_NO_MEMORY, PAM_BUF_ERR},     {ASP_NO_FILES, PAM_AUTHINFO_UNAVAIL},
        {ASP_INVALID, PAM_SERVICE_ERR},   {ASP_UNSAFE, PAM_SERVICE_ERR},
        {ASP_NOT_FOUND, PAM_SERVICE_ERR},
    };

    begin();
    ck_assert_int_eq(call(pam_sm_authenticate, 0, "nullok"), PAM_SERVICE_ERR);
    was_logged(LOG_ERR, "wrong argument nullok: see pam_asp(8)");
    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        conf_status = rows[i].status;
        ck_assert_int_eq(authenticate(), rows[i].code);
        was_logged(LOG_ERR, "configuration: it is played");
    }
    ck_assert_int_eq(logins, 0);
}
END_TEST

START_TEST(debug_says_what_is_read)
{
    char expected[LINE];

    begin();
    (void)snprintf(expected, sizeof expected, "configuration %s, store /var/lib/of-this-test",
                   conf_argument + strlen("config="));
    ck_assert_int_eq(call(pam_sm_authenticate, 0, "debug"), PAM_SUCCESS);
    was_logged(LOG_DEBUG, expected);
    end();
}
END_TEST

START_TEST(a_password_is_compared_when_it_was_set_and_that_never_fails)
{
    begin();
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_PRELIM_CHECK, "nullok"), PAM_SUCCESS);
    ck_assert_int_eq(logged.lines, 0);
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_PRELIM_CHECK, NULL), PAM_SUCCESS);
    ck_assert_int_eq(passwords, 0);
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_UPDATE_AUTHTOK, "nullok"), PAM_SUCCESS);
    was_logged(LOG_ERR, "wrong argument nullok: see pam_asp(8)");
    ck_assert_int_eq(passwords, 0);
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_UPDATE_AUTHTOK, NULL), PAM_SUCCESS);
    ck_assert_int_eq(passwords, 1);
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_UPDATE_AUTHTOK | PAM_SILENT, NULL), PAM_SUCCESS);
    ck_assert_int_eq(passwords, 2);
    ck_assert_int_eq(logged.lines, 0);
    handle.service = NULL;
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_UPDATE_AUTHTOK, NULL), PAM_SUCCESS);
    handle.service = "imap";
    handle.user = NULL;
    ck_assert_int_eq(call(pam_sm_chauthtok, PAM_UPDATE_AUTHTOK, NULL), PAM_SUCCESS);
    ck_assert_int_eq(passwords, 2);
    ck_assert_int_eq(logged.lines, 0);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, each_verdict_has_its_code);
    unit_add(suite, memory_that_runs_out_is_told_where_nothing_was_decided);
    unit_add(suite, what_is_asked_is_what_the_handle_says);
    unit_loop(suite, an_accepted_login_is_known_in_the_handle_until_the_next_try, 2);
    unit_add(suite, the_longest_of_it_has_room);
    unit_add(suite, another_user_of_the_same_handle_is_none_of_ours);
    unit_loop(suite, a_login_that_the_handle_cannot_keep_is_none, 5);
    unit_add(suite, who_is_not_named_is_not_asked_for_a_password);
    unit_add(suite, without_a_password_nothing_is_decided);
    unit_add(suite, an_application_that_does_not_say_user_and_service_is_refused);
    unit_add(suite, what_is_denied_here_the_broker_decides_and_has_logged);
    unit_add(suite, without_a_broker_what_was_decided_here_stands);
    unit_loop(suite, libsodium_is_started_once_and_again_where_it_did_not_start, 2);
    unit_add(suite, what_is_wrong_in_the_pam_file_or_the_configuration_is_told);
    unit_add(suite, debug_says_what_is_read);
    unit_add(suite, a_password_is_compared_when_it_was_set_and_that_never_fails);
}

int main(void)
{
    return unit_run("pam_asp", fill);
}
