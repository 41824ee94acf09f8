/* The text of a log line: to the letter, whatever others wrote. */
#include "unit.h"

#include "asp/buffer.h"
#include "asp/log_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void logs(const struct asp_request *request, const struct asp_outcome *outcome,
                 const char *expected)
{
    struct asp_buffer out = {0};

    asp_log_line_login(request, outcome, &out);
    ck_assert(!out.failed);
    ck_assert_str_eq(out.text, expected);
    asp_buffer_free(&out);
}

START_TEST(a_decision_is_one_line_in_a_fixed_order)
{
    struct asp_request request = {.user = "alice", .service = "imap", .host = "192.0.2.7"};
    struct asp_outcome outcome = {
        .verdict = ASP_IS_REVOKED, .app = "mail", .id = "7k", .label = "Old phone"};

    logs(&request, &outcome,
         "verdict=revoked rhost=192.0.2.7 user=\"alice\" service=\"imap\" app=\"mail\" id=7k "
         "label=\"Old phone\"");
    request = (struct asp_request){.user = "A", .service = "s", .host = "h"};
    outcome = (struct asp_outcome){
        .verdict = ASP_ACCEPTED, .account = "a", .app = "m", .id = "7k", .label = "P"};
    logs(&request, &outcome,
         "verdict=accepted rhost=h user=\"A\" account=\"a\" service=\"s\" app=\"m\" id=7k "
         "label=\"P\"");
}
END_TEST

/* So that nobody looks for the network that is missing. */
START_TEST(a_host_that_is_no_address_is_told_where_there_are_networks)
{
    static const struct {
        const char *host;
        const char *shown;
        const char *cause;
    } hosts[] = {
        {"192.0.2.7", "192.0.2.7", ""},
        {"fe80::1%eth0", "fe80::1%eth0", ""},
        {NULL, "-", " cause=\"PAM was told no address\""},
        {"", "-", " cause=\"PAM was told no address\""},
        {"localhost", "localhost",
         " cause=\"PAM was told no address but something else, and names are not looked up\""},
        {"a", "a",
         " cause=\"PAM was told no address but something else, and names are not looked up\""},
        {"a b", "-",
         " cause=\"PAM was told no address but something else, and names are not looked up\""},
    };
    struct asp_outcome outcome = {.app = "mail", .id = "7k", .label = "Home"};
    char expected[256];

    for (size_t i = 0; i < UNIT_COUNT(hosts); i++) {
        struct asp_request request = {
            .user = "alice", .service = "imap", .host = hosts[i].host, .via = "www-data"};

        for (int held = 0; held < 2; held++) {
            outcome.verdict = held ? ASP_WRONG_NETWORK : ASP_ACCEPTED;
            (void)snprintf(expected, sizeof expected,
                           "verdict=%s rhost=%s user=\"alice\" service=\"imap\" app=\"mail\" "
                           "id=7k label=\"Home\"%s via=\"www-data\"",
                           held ? "wrong-network" : "accepted", hosts[i].shown,
                           held ? hosts[i].cause : "");
            logs(&request, &outcome, expected);
        }
    }
}
END_TEST

START_TEST(whose_account_it_is_is_told_where_another_name_was_typed)
{
    struct asp_request request = {.user = "ALICE", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_ACCEPTED,
                                  .account = "alice",
                                  .app = "mail",
                                  .id = "7k",
                                  .label = "Old phone"};

    logs(&request, &outcome,
         "verdict=accepted rhost=- user=\"ALICE\" account=\"alice\" service=\"imap\" app=\"mail\" "
         "id=7k label=\"Old phone\"");
    strcpy(outcome.account, "a\"b");
    logs(&request, &outcome,
         "verdict=accepted rhost=- user=\"ALICE\" account=\"a\\x22b\" service=\"imap\" "
         "app=\"mail\" id=7k label=\"Old phone\"");
    strcpy(outcome.account, "ALICE");
    logs(&request, &outcome,
         "verdict=accepted rhost=- user=\"ALICE\" service=\"imap\" app=\"mail\" id=7k "
         "label=\"Old phone\"");
}
END_TEST

START_TEST(a_missing_value_is_a_dash)
{
    struct asp_request request = {.user = "alice", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_WRONG_SECRET};

    logs(&request, &outcome,
         "verdict=wrong-secret rhost=- user=\"alice\" service=\"imap\" app=- id=- label=-");
    request.host = "";
    logs(&request, &outcome,
         "verdict=wrong-secret rhost=- user=\"alice\" service=\"imap\" app=- id=- label=-");
}
END_TEST

START_TEST(what_is_unavailable_has_its_cause)
{
    struct asp_request request = {.user = "alice", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_UNAVAILABLE, .app = "mail"};

    (void)asp_fail(&outcome.cause, ASP_IO, "/var/lib/asp: \"gone\"\n");
    logs(&request, &outcome,
         "verdict=unavailable rhost=- user=\"alice\" service=\"imap\" app=\"mail\" id=- label=- "
         "cause=\"/var/lib/asp: \\x22gone\\x22\\x0a\"");
    (void)asp_advise(&outcome.cause, ASP_IO, "mount it");
    logs(&request, &outcome,
         "verdict=unavailable rhost=- user=\"alice\" service=\"imap\" app=\"mail\" id=- label=- "
         "cause=\"/var/lib/asp: \\x22gone\\x22\\x0a; mount it\"");
    outcome.cause = (struct asp_error){0};
    logs(&request, &outcome,
         "verdict=unavailable rhost=- user=\"alice\" service=\"imap\" app=\"mail\" id=- label=- "
         "cause=-");
}
END_TEST

START_TEST(of_a_revocation_that_could_not_be_written_there_is_a_cause_too)
{
    struct asp_request request = {.user = "alice", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_PRIMARY_CHANGED_SINCE};

    logs(&request, &outcome,
         "verdict=primary-changed rhost=- user=\"alice\" service=\"imap\" app=- id=- label=-");
    for (int verdict = 0; verdict < ASP_VERDICTS; verdict++) {
        outcome = (struct asp_outcome){.verdict = (enum asp_verdict)verdict};
        ck_assert(asp_log_line_is_error(&outcome) == (verdict == ASP_UNAVAILABLE));
        (void)asp_fail(&outcome.cause, ASP_IO, "!");
        ck_assert(asp_log_line_is_error(&outcome) ==
                  (verdict == ASP_UNAVAILABLE || verdict == ASP_PRIMARY_CHANGED_SINCE));
    }
    outcome.verdict = ASP_PRIMARY_CHANGED_SINCE;
    logs(&request, &outcome,
         "verdict=primary-changed rhost=- user=\"alice\" service=\"imap\" app=- id=- label=- "
         "cause=\"!\"");
}
END_TEST

START_TEST(what_came_through_the_broker_ends_with_who_asked)
{
    struct asp_request request = {.user = "alice", .service = "nginx", .via = "www-data"};
    struct asp_outcome outcome = {
        .verdict = ASP_ACCEPTED, .app = "calendar", .id = "7k", .label = "Phone"};

    logs(&request, &outcome,
         "verdict=accepted rhost=- user=\"alice\" service=\"nginx\" app=\"calendar\" id=7k "
         "label=\"Phone\" via=\"www-data\"");
    /* Behind the cause, where there is one. */
    outcome = (struct asp_outcome){.verdict = ASP_UNAVAILABLE};
    (void)asp_fail(&outcome.cause, ASP_IO, "no store");
    request.via = "a\" b";
    logs(&request, &outcome,
         "verdict=unavailable rhost=- user=\"alice\" service=\"nginx\" app=- id=- label=- "
         "cause=\"no store\" via=\"a\\x22 b\"");
}
END_TEST

START_TEST(nothing_hostile_leaves_its_quotes)
{
    struct asp_request request = {.user = "a\" verdict=accepted user=\"b\n\x1b[31m\xff\\",
                                  .service = "im\"ap\r\nverdict=accepted"};
    struct asp_outcome outcome = {
        .verdict = ASP_ACCEPTED, .app = "mail", .id = "7k", .label = "x\" \\ \xc3\xa9"};

    logs(&request, &outcome,
         "verdict=accepted rhost=- user=\"a\\x22 verdict=accepted user=\\x22b\\x0a\\x1b[31m\\xff"
         "\\x5c\" service=\"im\\x22ap\\x0d\\x0averdict=accepted\" app=\"mail\" id=7k "
         "label=\"x\\x22 \\x5c \\xc3\\xa9\"");
}
END_TEST

START_TEST(a_host_that_looks_like_none_is_not_written)
{
    static const char *const bad[] = {
        "192.0.2.7 user=\"root\"", "a\nb", "a b", "a\"", "-", "\x1b[31m", "a=b", "\xc3\xa9",
    };
    static const char *const good[] = {"host.example.org", "2001:db8::7", "fe80::1%eth0"};
    struct asp_request request = {.user = "alice", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_WRONG_SECRET};
    char expected[256];

    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        request.host = bad[i];
        logs(&request, &outcome,
             "verdict=wrong-secret rhost=- user=\"alice\" service=\"imap\" app=- id=- label=-");
    }
    for (size_t i = 0; i < UNIT_COUNT(good); i++) {
        request.host = good[i];
        (void)snprintf(expected, sizeof expected,
                       "verdict=wrong-secret rhost=%s user=\"alice\" service=\"imap\" app=- id=- "
                       "label=-",
                       good[i]);
        logs(&request, &outcome, expected);
    }
}
END_TEST

/* Each as it may be typed, or end up, where a name should be. */
static const char *const typed[] = {
    "7kabc-defgh-jkmnp-qrstv-wxyz0",
    "7kabcdefghjkmnpqrstvwxyz0",
    " 7kabc defgh jkmnp qrstv wxyz0\n",
    "7Kabc-defgh-jkmnp-qrstv-wxyz0",
    "7KABC-DEFGH-JKMNP-QRSTV-WXYZ0",
    "7kabc-defgh-jkmnp-qrstv-wxyz0@example.org",
    "CORP\\7kabc-defgh-jkmnp-qrstv-wxyz0",
    "alice:7kabcdefghjkmnpqrstvwxyz0",
    "7kabc\xc2\xa0"
    "defgh\xe2\x80\x93"
    "jkmnp-qrstv-wxyz0",
    "7kabc.defgh.jkmnp.qrstv.wxyz0",
};

START_TEST(a_password_in_the_place_of_any_value_is_not_written)
{
    for (size_t i = 0; i < UNIT_COUNT(typed); i++) {
        struct asp_request request = {
            .user = typed[i], .service = typed[i], .host = typed[i], .via = typed[i]};
        struct asp_outcome outcome = {.verdict = ASP_IS_REVOKED, .id = "7k"};

        (void)snprintf(outcome.app, sizeof outcome.app, "%s", typed[i]);
        (void)snprintf(outcome.label, sizeof outcome.label, "%s", typed[i]);
        logs(&request, &outcome,
             "verdict=revoked rhost=- user=- service=- app=- id=7k label=- via=-");
    }
}
END_TEST

/* The rest of the cause is still to be read. */
START_TEST(a_password_in_a_cause_is_taken_out_of_it)
{
    struct asp_request request = {.user = "alice", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_UNAVAILABLE};

    (void)asp_fail(&outcome.cause, ASP_IO, "users/%s: no space", typed[0]);
    (void)asp_advise(&outcome.cause, ASP_IO, "remove users/%s",
                     "7kabc%20defgh%20jkmnp%20qrstv%20wxyz0");
    logs(&request, &outcome,
         "verdict=unavailable rhost=- user=\"alice\" service=\"imap\" app=- id=- label=- "
         "cause=\"users/-: no space; remove users/-\"");
}
END_TEST

START_TEST(a_name_that_has_not_the_shape_is_written)
{
    struct asp_request request = {.user = "7kabc-defgh-jkmnp-qrstv-wxyz", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_NO_ACCOUNT};

    logs(&request, &outcome,
         "verdict=no-account rhost=- user=\"7kabc-defgh-jkmnp-qrstv-wxyz\" service=\"imap\" app=- "
         "id=- label=-");
}
END_TEST

/* Behind as many bytes as are shown. */
START_TEST(a_password_that_would_be_cut_is_not_written)
{
    char name[400];
    struct asp_request request = {.user = name, .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_NO_ACCOUNT};

    for (size_t at = 225; at < 260; at++) {
        memset(name, 'i', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        memcpy(name + at, "7kabcdefghjkmnpqrstvwxyz0", 25);
        logs(&request, &outcome,
             "verdict=no-account rhost=- user=- service=\"imap\" app=- id=- label=-");
    }
}
END_TEST

/* A megabyte of a name is not a megabyte of log. */
START_TEST(what_others_made_long_is_cut)
{
    size_t length = 1024 * 1024;
    char *name = malloc(length + 1);
    struct asp_request request = {.service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_NO_ACCOUNT};
    struct asp_buffer out = {0};

    ck_assert_ptr_nonnull(name);
    memset(name, '\x01', length);
    name[length] = '\0';
    request.user = name;
    request.host = name;
    asp_log_line_login(&request, &outcome, &out);
    ck_assert_uint_lt(out.length, 1400);
    asp_buffer_free(&out);

    request.user = "alice";
    request.service = name;
    asp_log_line_login(&request, &outcome, &out);
    ck_assert_uint_lt(out.length, 500);
    asp_buffer_free(&out);
    free(name);
}
END_TEST

START_TEST(a_change_says_who_did_what_to_whom)
{
    struct asp_log_change change = {.event = "revoked",
                                    .by = "ann",
                                    .user = "alice",
                                    .id = "7k",
                                    .label = "Old \"phone\"",
                                    .reason = "lost\n"};
    struct asp_buffer out = {0};

    asp_log_line_change(&change, &out);
    ck_assert_str_eq(out.text, "event=revoked by=\"ann\" user=\"alice\" id=7k "
                               "label=\"Old \\x22phone\\x22\" reason=\"lost\\x0a\"");
    asp_buffer_free(&out);

    change.via = "self";
    change.label = NULL;
    asp_log_line_change(&change, &out);
    ck_assert_str_eq(out.text, "event=revoked by=\"ann\" user=\"alice\" id=7k reason=\"lost\\x0a\" "
                               "via=\"self\"");
    asp_buffer_free(&out);

    change.id = change.reason = change.via = NULL;
    change.event = "removed";
    change.by = "a\" user=\"root";
    asp_log_line_change(&change, &out);
    ck_assert_str_eq(out.text, "event=removed by=\"a\\x22 user=\\x22root\" user=\"alice\"");
    asp_buffer_free(&out);
}
END_TEST

START_TEST(a_password_in_a_change_is_not_written)
{
    for (size_t i = 0; i < UNIT_COUNT(typed); i++) {
        struct asp_log_change change = {.event = "revoked",
                                        .by = typed[i],
                                        .user = typed[i],
                                        .id = "7k",
                                        .label = typed[i],
                                        .reason = typed[i]};
        struct asp_buffer out = {0};

        asp_log_line_change(&change, &out);
        ck_assert_str_eq(out.text, "event=revoked by=- user=- id=7k label=- reason=-");
        asp_buffer_free(&out);
    }
}
END_TEST

START_TEST(without_memory_the_line_says_that_it_failed)
{
    struct asp_request request = {.user = "alice", .service = "imap"};
    struct asp_outcome outcome = {.verdict = ASP_WRONG_SECRET};
    static const struct unit_plan no_memory = {.call = "malloc", .first = 1, .number = ENOMEM};
    struct asp_buffer out = {0};

    unit_calls_begin(&no_memory);
    asp_log_line_login(&request, &outcome, &out);
    ck_assert(unit_calls_end());
    ck_assert(out.failed);
    asp_buffer_free(&out);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_decision_is_one_line_in_a_fixed_order);
    unit_add(suite, a_host_that_is_no_address_is_told_where_there_are_networks);
    unit_add(suite, whose_account_it_is_is_told_where_another_name_was_typed);
    unit_add(suite, a_missing_value_is_a_dash);
    unit_add(suite, what_is_unavailable_has_its_cause);
    unit_add(suite, of_a_revocation_that_could_not_be_written_there_is_a_cause_too);
    unit_add(suite, what_came_through_the_broker_ends_with_who_asked);
    unit_add(suite, nothing_hostile_leaves_its_quotes);
    unit_add(suite, a_host_that_looks_like_none_is_not_written);
    unit_add(suite, a_password_in_the_place_of_any_value_is_not_written);
    unit_add(suite, a_password_in_a_cause_is_taken_out_of_it);
    unit_add(suite, a_name_that_has_not_the_shape_is_written);
    unit_add(suite, a_password_that_would_be_cut_is_not_written);
    unit_add(suite, what_others_made_long_is_cut);
    unit_add(suite, a_change_says_who_did_what_to_whom);
    unit_add(suite, a_password_in_a_change_is_not_written);
    unit_add(suite, without_memory_the_line_says_that_it_failed);
}

int main(void)
{
    return unit_run("log_line", fill);
}
