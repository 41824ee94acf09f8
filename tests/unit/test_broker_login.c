/* A login as a message, and its outcome as the answer: what one side writes the other reads, and
 * nothing else. */
#include "unit.h"

#include "asp/broker_login.h"
#include "asp/label.h"
#include "asp/name.h"
#include "asp/network.h"
#include "asp/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USER, SERVICE, APP, HOST, SECRET, LOGIN_FIELDS };
enum { VERDICT, OUTCOME_APP, ID, LABEL, ACCOUNT, OUTCOME_FIELDS };
enum { ACCOUNT_SINCE = 4 };

/* A field of a message that is written by hand. */
struct field {
    const char *bytes; /* NULL: missing */
    size_t length;
};

#define TEXT(text) ((struct field){(text), sizeof(text)})
#define MISSING ((struct field){NULL, 0})

static void write_fields(struct asp_message *message, enum asp_message_type type,
                         const struct field *fields, size_t count)
{
    asp_message_begin(message, type);
    for (size_t i = 0; i < count; i++)
        asp_message_bytes(message, fields[i].bytes, fields[i].length);
    ck_assert(!message->failed);
}

static void parse(const struct asp_message *written, struct asp_message_read *message)
{
    struct asp_error error = {0};

    ck_assert(!written->failed);
    ck_assert_msg(asp_message_read(written->bytes, written->length, "x", message, &error) == ASP_OK,
                  "%s", error.text);
}

/* The login */

static const struct field good_login[] = {
    TEXT("alice"), TEXT("nginx"), TEXT("calendar"), TEXT("192.0.2.7"), {"secret", 6}};

static bool is_login(enum asp_message_type type, const struct field *fields, size_t count)
{
    struct asp_message message;
    struct asp_message_read read;
    struct asp_request request;

    write_fields(&message, type, fields, count);
    parse(&message, &read);
    return asp_broker_login_read(&read, &request);
}

static void same_text(const char *a, const char *b)
{
    ck_assert_int_eq(a == NULL, b == NULL);
    if (a != NULL)
        ck_assert_str_eq(a, b);
}

static void same_request(const struct asp_request *a, const struct asp_request *b)
{
    same_text(a->user, b->user);
    same_text(a->service, b->service);
    same_text(a->app, b->app);
    same_text(a->host, b->host);
    ck_assert_uint_eq(a->secret_length, b->secret_length);
    ck_assert_mem_eq(a->secret, b->secret, a->secret_length);
}

START_TEST(a_login_arrives_as_it_was_asked)
{
    static const struct asp_request requests[] = {
        {.user = "alice",
         .service = "nginx",
         .app = "calendar",
         .host = "192.0.2.7",
         .secret = "7kabc-defgh-jkmnp-qrstv-wxyz0\n",
         .secret_length = 30},
        {.user = "alice", .service = "nginx", .secret = "x", .secret_length = 1},
        {.user = "",
         .service = "",
         .app = "",
         .host = "",
         .secret = "\0\xff\0",
         .secret_length = 3},
        {.user = "a\n\xff", .service = "x y", .host = "no host", .secret = "x", .secret_length = 1},
    };

    for (size_t i = 0; i < UNIT_COUNT(requests); i++) {
        struct asp_message message;
        struct asp_message_read read;
        struct asp_request request;

        memset(&request, 'x', sizeof request);
        asp_broker_login_write(&requests[i], ASP_MESSAGE_NEWEST, &message);
        parse(&message, &read);
        ck_assert(asp_broker_login_read(&read, &request));
        same_request(&requests[i], &request);
        /* Nobody tells the broker who asks, or that it is not meant. */
        ck_assert_ptr_null(request.via);
        ck_assert(!request.dry);
    }
}
END_TEST

/* What is slow is Argon2id alone. */
START_TEST(who_asks_waits_as_long_as_a_verifier_takes)
{
    for (int scheme = ASP_BLAKE2B; scheme <= ASP_ARGON2ID; scheme++) {
        const struct asp_conf settings = {.cost = {.scheme = (enum asp_scheme)scheme}};

        ck_assert_int_eq(asp_broker_patience(&settings), scheme == ASP_ARGON2ID ? 5000 : 1000);
    }
}
END_TEST

/* What is cut is refused as the whole would be, and no cut makes a good value of a bad one. */
START_TEST(what_is_too_long_arrives_too_long)
{
    static char name[5000];
    const struct asp_request asked = {.user = name,
                                      .service = name,
                                      .app = name,
                                      .host = name,
                                      .secret = name,
                                      .secret_length = sizeof name - 1};
    char user[ASP_USER_ENCODED + 1];
    struct asp_secret secret;
    struct asp_message message;
    struct asp_message_read read;
    struct asp_request request;

    memset(name, 'a', sizeof name - 1);
    asp_broker_login_write(&asked, ASP_MESSAGE_NEWEST, &message);
    parse(&message, &read);
    ck_assert(asp_broker_login_read(&read, &request));
    ck_assert(!asp_user_encode(request.user, user));
    ck_assert(!asp_service_valid(request.service));
    ck_assert(!asp_service_valid(request.app));
    ck_assert(!asp_host_valid(request.host));
    ck_assert(!asp_secret_read(request.secret, request.secret_length, &secret));
    ck_assert_uint_eq(request.secret_length, ASP_SECRET_TYPED_MAX + 1);
    memset(name, 'i', sizeof name - 1); /* which is in no app password */
    asp_broker_login_write(&asked, ASP_MESSAGE_NEWEST, &message);
    parse(&message, &read);
    ck_assert(asp_broker_login_read(&read, &request));
    ck_assert_uint_eq(strlen(request.user), 512);
    ck_assert(!asp_service_valid(request.service));
    ck_assert(!asp_host_valid(request.host));
}
END_TEST

/* Half of an app password would be taken for a name by whoever logs it. */
START_TEST(what_would_be_cut_in_an_app_password_arrives_empty)
{
    static char text[600];
    const struct asp_request asked = {
        .user = text, .service = text, .host = text, .secret = "x", .secret_length = 1};
    struct asp_message message;
    struct asp_message_read read;
    struct asp_request request;

    /* It begins before each of the cuts, in one, and behind it. */
    for (size_t at = 0; at + 25 < sizeof text; at++) {
        memset(text, 'i', sizeof text - 1);
        memcpy(text + at, "7kabcdefghjkmnpqrstvwxyz0", 25);
        asp_broker_login_write(&asked, ASP_MESSAGE_NEWEST, &message);
        parse(&message, &read);
        ck_assert(asp_broker_login_read(&read, &request));
        ck_assert_str_eq(request.user, "");
        ck_assert_str_eq(request.service, "");
        ck_assert_str_eq(request.host, "");
    }
}
END_TEST

/* As long as they may be, they arrive whole. */
START_TEST(what_is_just_short_enough_arrives_whole)
{
    char user[ASP_USER_MAX + 1] = "";
    char service[ASP_SERVICE_MAX + 1] = "";
    char host[ASP_HOST_MAX + 1] = "";
    char typed[ASP_SECRET_TYPED_MAX];
    const struct asp_request asked = {.user = user,
                                      .service = service,
                                      .app = service,
                                      .host = host,
                                      .secret = typed,
                                      .secret_length = sizeof typed};
    struct asp_message message;
    struct asp_message_read read;
    struct asp_request request;

    memset(user, 'u', sizeof user - 1);
    memset(service, 's', sizeof service - 1);
    memset(host, 'h', sizeof host - 1);
    memset(typed, '-', sizeof typed);
    asp_broker_login_write(&asked, ASP_MESSAGE_NEWEST, &message);
    parse(&message, &read);
    ck_assert(asp_broker_login_read(&read, &request));
    same_request(&asked, &request);
}
END_TEST

/* What nothing is cut from can be known for one by whoever logs it. */
START_TEST(an_app_password_that_is_not_cut_arrives)
{
    char user[512 + 1] = "7kabcdefghjkmnpqrstvwxyz0";
    const struct asp_request asked = {
        .user = user, .service = user, .secret = "x", .secret_length = 1};
    struct asp_message message;
    struct asp_message_read read;
    struct asp_request request;

    for (size_t i = strlen(user); i < sizeof user - 1; i++)
        user[i] = 'i';
    asp_broker_login_write(&asked, ASP_MESSAGE_NEWEST, &message);
    parse(&message, &read);
    ck_assert(asp_broker_login_read(&read, &request));
    ck_assert_str_eq(request.user, user);
    ck_assert_str_eq(request.service, "");
}
END_TEST

START_TEST(a_login_needs_user_service_and_secret_and_may_do_without_app_and_host)
{
    for (size_t i = 0; i < LOGIN_FIELDS; i++) {
        struct field fields[LOGIN_FIELDS];

        memcpy(fields, good_login, sizeof fields);
        ck_assert(is_login(ASP_MESSAGE_LOGIN, fields, LOGIN_FIELDS));
        fields[i] = MISSING;
        ck_assert_msg(is_login(ASP_MESSAGE_LOGIN, fields, LOGIN_FIELDS) == (i == APP || i == HOST),
                      "field %zu", i);
    }
}
END_TEST

START_TEST(a_login_with_a_text_that_is_none_is_refused)
{
    static const struct field bad[] = {{"alice", 5}, {"a\0b\0", 4}, {"alice\0\0", 7}, {"\0a", 2}};

    for (size_t i = 0; i < SECRET; i++) {
        for (size_t k = 0; k < UNIT_COUNT(bad); k++) {
            struct field fields[LOGIN_FIELDS];

            memcpy(fields, good_login, sizeof fields);
            fields[i] = bad[k];
            ck_assert_msg(!is_login(ASP_MESSAGE_LOGIN, fields, LOGIN_FIELDS), "field %zu, case %zu",
                          i, k);
        }
    }
}
END_TEST

START_TEST(a_login_has_its_type_and_its_number_of_fields)
{
    struct field fields[64];

    for (size_t i = 0; i < UNIT_COUNT(fields); i++)
        fields[i] = TEXT("alice");
    for (size_t count = 0; count <= UNIT_COUNT(fields); count++)
        ck_assert_msg(is_login(ASP_MESSAGE_LOGIN, fields, count) == (count == LOGIN_FIELDS),
                      "%zu fields", count);
    for (unsigned type = 0; type < 256; type++)
        ck_assert_msg(is_login((enum asp_message_type)type, fields, LOGIN_FIELDS) ==
                          (type == ASP_MESSAGE_LOGIN),
                      "type %u", type);
}
END_TEST

/* The answer */

static const struct field good_answer[] = {TEXT("accepted"), TEXT("calendar"), TEXT("7k"),
                                           TEXT("Phone"), TEXT("alice")};

/* Nothing of an answer that is none reaches the caller, and least of all that it was accepted. */
static bool is_answer(enum asp_message_type type, const struct field *fields, size_t count,
                      struct asp_outcome *outcome)
{
    static const struct asp_outcome nothing;
    struct asp_message message;
    struct asp_message_read read;
    bool good;

    write_fields(&message, type, fields, count);
    asp_message_set_version(&message, ASP_MESSAGE_NEWEST);
    parse(&message, &read);
    memset(outcome, 'x', sizeof *outcome);
    good = asp_broker_outcome_read(&read, outcome);
    if (!good)
        ck_assert_mem_eq(outcome, &nothing, sizeof nothing);
    return good;
}

START_TEST(each_verdict_arrives_with_what_is_told_of_the_entry)
{
    for (int verdict = ASP_UNAVAILABLE; verdict <= ASP_PRIMARY_IS_LOCKED; verdict++) {
        struct asp_outcome told = {.verdict = (enum asp_verdict)verdict,
                                   .account = "alice",
                                   .app = "mail",
                                   .id = "7k",
                                   .label = "Old \"phone\""};
        struct asp_outcome heard;
        struct asp_message message;
        struct asp_message_read read;

        for (int named = 1; named >= 0; named--) {
            if (named == 0) {
                if (verdict == ASP_ACCEPTED)
                    continue;
                told = (struct asp_outcome){.verdict = (enum asp_verdict)verdict};
            }
            asp_broker_outcome_write(&told, ASP_MESSAGE_NEWEST, &message);
            parse(&message, &read);
            memset(&heard, 'x', sizeof heard);
            ck_assert(asp_broker_outcome_read(&read, &heard));
            ck_assert_int_eq(heard.verdict, told.verdict);
            ck_assert_str_eq(heard.app, told.app);
            ck_assert_str_eq(heard.id, told.id);
            ck_assert_str_eq(heard.label, told.label);
            ck_assert_str_eq(heard.account, verdict == ASP_ACCEPTED ? "alice" : "");
            /* It owns nothing, and asks nobody else. */
            ck_assert_ptr_null(heard.revoked);
            ck_assert_uint_eq(heard.revoked_count, 0);
            ck_assert(!heard.denied);
            ck_assert_str_eq(heard.cause.text, "");
        }
    }
}
END_TEST

/* It does not know the word; what it does with a wrong secret is right for both. */
START_TEST(to_version_1_the_wrong_case_is_a_wrong_secret_and_all_else_as_it_is)
{
    for (int verdict = ASP_UNAVAILABLE; verdict <= ASP_PRIMARY_IS_LOCKED; verdict++) {
        const struct asp_outcome told = {.verdict = (enum asp_verdict)verdict,
                                         .account = "alice",
                                         .app = "mail",
                                         .id = "7k",
                                         .label = "Phone"};
        struct asp_outcome heard;
        struct asp_message message;
        struct asp_message_read read;

        asp_broker_outcome_write(&told, 1, &message);
        parse(&message, &read);
        ck_assert_uint_eq(read.version, 1);
        ck_assert(asp_broker_outcome_read(&read, &heard));
        ck_assert_str_eq(heard.app, "mail");
        if (verdict == ASP_WRONG_CASE) {
            ck_assert_str_eq(asp_message_field(&read, VERDICT), "wrong-secret");
            ck_assert_str_eq(heard.id, "");
            ck_assert_str_eq(heard.label, "");
        } else {
            ck_assert_int_eq(heard.verdict, told.verdict);
            ck_assert_str_eq(heard.id, told.id);
            ck_assert_str_eq(heard.label, told.label);
        }
        asp_broker_outcome_write(&told, 2, &message);
        parse(&message, &read);
        ck_assert(asp_broker_outcome_read(&read, &heard));
        ck_assert_int_eq(heard.verdict, told.verdict);
        ck_assert_str_eq(heard.label, told.label);
    }
}
END_TEST

START_TEST(what_is_asked_and_answered_is_of_the_version_that_is_asked_for)
{
    const struct asp_request asked = {
        .user = "alice", .service = "nginx", .secret = "x", .secret_length = 1};
    const struct asp_outcome told = {.verdict = ASP_IS_REVOKED};
    struct asp_message message;
    struct asp_message_read read;

    for (unsigned version = ASP_MESSAGE_OLDEST; version <= ASP_MESSAGE_NEWEST; version++) {
        asp_broker_login_write(&asked, version, &message);
        parse(&message, &read);
        ck_assert_uint_eq(read.version, version);
        asp_broker_outcome_write(&told, version, &message);
        parse(&message, &read);
        ck_assert_uint_eq(read.version, version);
    }
}
END_TEST

/* Who asks in an older version gets what it knows, and no more. */
START_TEST(whose_account_it_is_is_told_since_version_4)
{
    const struct asp_outcome told = {
        .verdict = ASP_ACCEPTED, .account = "alice", .app = "mail", .id = "7k", .label = "Phone"};

    for (unsigned version = ASP_MESSAGE_OLDEST; version <= ASP_MESSAGE_NEWEST; version++) {
        struct asp_outcome heard;
        struct asp_message message;
        struct asp_message_read read;

        asp_broker_outcome_write(&told, version, &message);
        parse(&message, &read);
        ck_assert_uint_eq(read.count, version >= ACCOUNT_SINCE ? OUTCOME_FIELDS : ACCOUNT);
        ck_assert(asp_broker_outcome_read(&read, &heard));
        ck_assert_int_eq(heard.verdict, ASP_ACCEPTED);
        ck_assert_str_eq(heard.account, version >= ACCOUNT_SINCE ? "alice" : "");
    }
}
END_TEST

START_TEST(the_longest_label_app_and_account_arrive)
{
    struct asp_outcome told = {.verdict = ASP_ACCEPTED, .id = "zz"};
    struct asp_outcome heard;
    struct asp_message message;
    struct asp_message_read read;

    memset(told.account, 'u', ASP_USER_MAX);
    memset(told.app, 'a', ASP_SERVICE_MAX);
    for (size_t i = 0; i < ASP_LABEL_CHARS; i++)
        memcpy(told.label + 4 * i, "\xf0\x9f\x98\x80", 4);
    asp_broker_outcome_write(&told, ASP_MESSAGE_NEWEST, &message);
    parse(&message, &read);
    ck_assert(asp_broker_outcome_read(&read, &heard));
    ck_assert_str_eq(heard.app, told.app);
    ck_assert_str_eq(heard.label, told.label);
    ck_assert_str_eq(heard.account, told.account);
}
END_TEST

START_TEST(no_word_but_a_verdicts_is_one)
{
    static const char *const words[] = {"",           "accept",    "Accepted", "accepted ",
                                        "accepted\n", " accepted", "yes",      "0",
                                        "1",          "denied"};
    struct field fields[OUTCOME_FIELDS];
    struct asp_outcome outcome;

    memcpy(fields, good_answer, sizeof fields);
    ck_assert(is_answer(ASP_MESSAGE_OUTCOME, fields, OUTCOME_FIELDS, &outcome));
    ck_assert_int_eq(outcome.verdict, ASP_ACCEPTED);
    for (size_t i = 0; i < UNIT_COUNT(words); i++) {
        fields[VERDICT] = (struct field){words[i], strlen(words[i]) + 1};
        ck_assert_msg(!is_answer(ASP_MESSAGE_OUTCOME, fields, OUTCOME_FIELDS, &outcome), "%s",
                      words[i]);
    }
}
END_TEST

/* What lets somebody in names the entry that did, and can go into PAM's environment and a log. */
START_TEST(accepted_with_a_bad_id_label_app_or_account_is_no_answer)
{
    static const struct {
        size_t field;
        struct field value;
    } bad[] = {
        {ID, TEXT("")},
        {ID, TEXT("7")},
        {ID, TEXT("7i")},
        {ID, TEXT("7K")},
        {ID, TEXT("7kk")},
        {LABEL, TEXT("")},
        {LABEL, TEXT("a\nb")},
        {LABEL, TEXT("\x1b[31m")},
        {LABEL, TEXT("\xff")},
        {LABEL, TEXT("\xe2\x80\xae")},
        {OUTCOME_APP, TEXT("")},
        {OUTCOME_APP, TEXT("a b")},
        {OUTCOME_APP, TEXT("a\"b")},
        {OUTCOME_APP, TEXT("\xc3\xa9")},
        {ACCOUNT, TEXT("")},
        {ACCOUNT, TEXT("a/b")},
        {ACCOUNT, TEXT("a\nb")},
        {ACCOUNT, TEXT("-a")},
    };

    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        struct field fields[OUTCOME_FIELDS];
        struct asp_outcome outcome;

        memcpy(fields, good_answer, sizeof fields);
        fields[bad[i].field] = bad[i].value;
        ck_assert_msg(!is_answer(ASP_MESSAGE_OUTCOME, fields, OUTCOME_FIELDS, &outcome), "case %zu",
                      i);
    }
}
END_TEST

START_TEST(an_account_is_told_of_who_is_let_in_alone)
{
    struct field fields[OUTCOME_FIELDS];
    struct asp_outcome outcome;

    memcpy(fields, good_answer, sizeof fields);
    fields[VERDICT] = TEXT("revoked");
    ck_assert(!is_answer(ASP_MESSAGE_OUTCOME, fields, OUTCOME_FIELDS, &outcome));
    fields[ACCOUNT] = TEXT("a");
    ck_assert(!is_answer(ASP_MESSAGE_OUTCOME, fields, OUTCOME_FIELDS, &outcome));
}
END_TEST

START_TEST(an_answer_has_five_texts_that_fit)
{
    static char too_long[ASP_LABEL_SIZE + 1];
    const struct field bad[] = {
        MISSING, {"7k", 2}, {"7k\0\0", 4}, {"7\0k", 3}, {too_long, sizeof too_long}};

    memset(too_long, 'a', sizeof too_long - 1);
    for (size_t i = 0; i < OUTCOME_FIELDS; i++) {
        for (size_t k = 0; k < UNIT_COUNT(bad); k++) {
            struct field fields[OUTCOME_FIELDS];
            struct asp_outcome outcome;

            memcpy(fields, good_answer, sizeof fields);
            fields[VERDICT] = TEXT("revoked");
            fields[ACCOUNT] = TEXT("");
            ck_assert(is_answer(ASP_MESSAGE_OUTCOME, fields, OUTCOME_FIELDS, &outcome));
            fields[i] = bad[k];
            ck_assert_msg(!is_answer(ASP_MESSAGE_OUTCOME, fields, OUTCOME_FIELDS, &outcome),
                          "field %zu, case %zu", i, k);
        }
    }
}
END_TEST

START_TEST(an_answer_has_its_type_and_its_number_of_fields)
{
    struct field fields[64];
    struct asp_outcome outcome;

    for (size_t i = 0; i < UNIT_COUNT(fields); i++)
        fields[i] = i < OUTCOME_FIELDS ? good_answer[i] : TEXT("more");
    for (size_t count = 0; count <= UNIT_COUNT(fields); count++)
        ck_assert_msg(is_answer(ASP_MESSAGE_OUTCOME, fields, count, &outcome) ==
                          (count == OUTCOME_FIELDS),
                      "%zu fields", count);
    for (unsigned type = 0; type < 256; type++)
        ck_assert_msg(is_answer((enum asp_message_type)type, fields, OUTCOME_FIELDS, &outcome) ==
                          (type == ASP_MESSAGE_OUTCOME),
                      "type %u", type);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_asks_waits_as_long_as_a_verifier_takes);
    unit_add(suite, a_login_arrives_as_it_was_asked);
    unit_add(suite, what_is_too_long_arrives_too_long);
    unit_add(suite, what_would_be_cut_in_an_app_password_arrives_empty);
    unit_add(suite, what_is_just_short_enough_arrives_whole);
    unit_add(suite, an_app_password_that_is_not_cut_arrives);
    unit_add(suite, a_login_needs_user_service_and_secret_and_may_do_without_app_and_host);
    unit_add(suite, a_login_with_a_text_that_is_none_is_refused);
    unit_add(suite, a_login_has_its_type_and_its_number_of_fields);
    unit_add(suite, each_verdict_arrives_with_what_is_told_of_the_entry);
    unit_add(suite, to_version_1_the_wrong_case_is_a_wrong_secret_and_all_else_as_it_is);
    unit_add(suite, what_is_asked_and_answered_is_of_the_version_that_is_asked_for);
    unit_add(suite, whose_account_it_is_is_told_since_version_4);
    unit_add(suite, the_longest_label_app_and_account_arrive);
    unit_add(suite, no_word_but_a_verdicts_is_one);
    unit_add(suite, accepted_with_a_bad_id_label_app_or_account_is_no_answer);
    unit_add(suite, an_account_is_told_of_who_is_let_in_alone);
    unit_add(suite, an_answer_has_five_texts_that_fit);
    unit_add(suite, an_answer_has_its_type_and_its_number_of_fields);
}

int main(void)
{
    return unit_run("broker_login", fill);
}
