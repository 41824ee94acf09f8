/* Whose account a login is for: the name that a service gives, and whom the name service knows by
 * it. */
#include "login_fixture.h"

#include <string.h>

START_TEST(a_name_is_folded_where_the_configuration_says_so)
{
    begin("user_name = \"lower\";", for_mail);
    ck_assert_str_eq(try("ALICE", "imap", typed), "accepted");
    end();
}
END_TEST

START_TEST(a_name_that_is_not_well_formed_has_no_account)
{
    static const char *const users[] = {"",       ".",    "..",      "../alice", "users/alice",
                                        "-alice", "ali*", "alice\n", "./alice"};

    begin("", for_mail);
    for (size_t i = 0; i < UNIT_COUNT(users); i++) {
        ck_assert_str_eq(try(users[i], "imap", typed), "no-account");
        ck_assert_str_eq(outcome.id, "");
    }
    end();
}
END_TEST

static unsigned questions;

static enum asp_answer know_alice(void *context, const char *name, char *called, size_t size)
{
    ck_assert_uint_gt(size, sizeof "alice");
    questions++;
    if (strcmp(name, "ALICE") == 0 || strcmp(name, "a*") == 0)
        strcpy(called, "alice");
    else if (strcmp(name, "CORP\\alice") == 0)
        return ASP_USER_NOT_TOLD;
    else
        return ASP_USER_NOT_KNOWN;
    return *(const enum asp_answer *)context;
}

START_TEST(whom_the_name_service_calls_alice_is_alice)
{
    enum asp_answer known = ASP_USER_KNOWN;
    struct asp_use use;

    begin("", for_mail);
    login_names = (struct asp_name_service){know_alice, &known};
    questions = 0;
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_str_eq(outcome.account, "alice");
    ck_assert_uint_eq(questions, 0);
    ck_assert_str_eq(try("ALICE", "smtp", typed), "accepted");
    ck_assert_str_eq(outcome.account, "alice");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_uint_eq(questions, 1);
    ck_assert(use_now(&use));
    ck_assert_str_eq(use.service, "smtp");
    ck_assert_str_eq(try("a*", "imap", typed), "accepted");
    ck_assert_str_eq(try("Alice", "imap", typed), "no-account");
    ck_assert_str_eq(outcome.account, "");
    ck_assert_uint_eq(questions, 3);
    end();
}
END_TEST

START_TEST(a_question_that_fails_or_cannot_be_asked_is_unavailable)
{
    enum asp_answer known = ASP_USER_KNOWN;

    begin("", for_mail);
    login_names = (struct asp_name_service){know_alice, &known};
    ck_assert_str_eq(try("CORP\\alice", "imap", typed), "unavailable");
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "name service"));
    ck_assert(!outcome.question && !outcome.denied);

    login_names.ask = NULL;
    ck_assert_str_eq(try("ALICE", "imap", typed), "unavailable");
    ck_assert(outcome.question);
    ck_assert_int_eq(outcome.cause.status, ASP_IO);
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "name service"));
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert(!outcome.question);
    end();
}
END_TEST

START_TEST(an_account_that_would_be_passed_over_is_unavailable)
{
    begin("user_name = \"lower\";", for_mail);
    unit_put(&store, "Alice", NULL, 0);
    ck_assert_str_eq(try("Alice", "imap", typed), "unavailable");
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "alice"));
    ck_assert_str_eq(try("ALICE", "imap", typed), "accepted");
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, a_name_is_folded_where_the_configuration_says_so);
    unit_add_on_engines(suite, a_name_that_is_not_well_formed_has_no_account);
    unit_add_on_engines(suite, whom_the_name_service_calls_alice_is_alice);
    unit_add_on_engines(suite, a_question_that_fails_or_cannot_be_asked_is_unavailable);
    unit_add_on_engines(suite, an_account_that_would_be_passed_over_is_unavailable);
}

int main(void)
{
    return unit_run("login_name", fill);
}
