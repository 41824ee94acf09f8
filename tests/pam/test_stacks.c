/* The module among others: account and setcred, the PAM environment, the token handed on, and the
 * shipped stacks. */
#include "verdict_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct verdict_fixture fixture;

static void make_fixture(void)
{
    verdict_fixture_make(&fixture, NULL);
    world_stack(&fixture.world, "imap", "auth required @TAP@\naccount required @TAP@\n");
}

/* --- account and setcred ---------------------------------------------------------------------- */

static int account(pam_handle_t *pamh)
{
    (void)pam_acct_mgmt(pamh, 0);
    return pam_tapped[TAP_ACCOUNT];
}

static int setcred(pam_handle_t *pamh)
{
    (void)pam_setcred(pamh, PAM_ESTABLISH_CRED);
    return pam_tapped[TAP_SETCRED];
}

/* Lesson: Dovecot's PAM. */
START_TEST(account_and_setcred_succeed_after_an_accepted_login)
{
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    struct conversation conversation = {.text = sample->password};
    pam_handle_t *pamh = handle_open(&fixture.world, "imap", "alice", NULL, &conversation);

    ck_code(pam_authenticate(pamh, 0), PAM_SUCCESS);
    ck_code(account(pamh), PAM_SUCCESS);
    ck_code(setcred(pamh), PAM_SUCCESS);
    (void)pam_setcred(pamh, PAM_DELETE_CRED);
    ck_code(pam_tapped[TAP_SETCRED], PAM_SUCCESS);
    ck_code(account(pamh), PAM_SUCCESS);
    (void)handle_close(pamh, PAM_SUCCESS);
}
END_TEST

START_TEST(account_and_setcred_ignore_what_auth_did_not_decide)
{
    struct conversation conversation = {.text = ""};
    pam_handle_t *pamh = handle_open(&fixture.world, "imap", "alice", NULL, &conversation);

    ck_code(account(pamh), PAM_IGNORE);
    ck_code(setcred(pamh), PAM_IGNORE);
    (void)handle_close(pamh, PAM_SUCCESS);
}
END_TEST

START_TEST(account_and_setcred_ignore_every_refusal)
{
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        if (sample->code == PAM_SUCCESS)
            continue;
        struct conversation conversation = {.text = sample->password};
        pam_handle_t *pamh =
            handle_open(&fixture.world, "imap", sample->user, sample->rhost, &conversation);
        ck_code_msg(pam_authenticate(pamh, 0), sample->code, "%s", sample->verdict);
        ck_code_msg(account(pamh), PAM_IGNORE, "%s", sample->verdict);
        ck_code_msg(setcred(pamh), PAM_IGNORE, "%s", sample->verdict);
        (void)handle_close(pamh, PAM_SUCCESS);
    }
}
END_TEST

START_TEST(account_and_setcred_ignore_another_user_of_the_same_handle)
{
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    struct conversation conversation = {.text = sample->password};
    pam_handle_t *pamh = handle_open(&fixture.world, "imap", "alice", NULL, &conversation);

    ck_code(pam_authenticate(pamh, 0), PAM_SUCCESS);
    ck_assert(pam_set_item(pamh, PAM_USER, "alice2") == PAM_SUCCESS);
    ck_code(account(pamh), PAM_IGNORE);
    ck_code(setcred(pamh), PAM_IGNORE);
    ck_assert(pam_set_item(pamh, PAM_USER, "alic") == PAM_SUCCESS);
    ck_code(account(pamh), PAM_IGNORE);
    ck_code(setcred(pamh), PAM_IGNORE);
    ck_assert(pam_set_item(pamh, PAM_USER, "alice") == PAM_SUCCESS);
    ck_code(account(pamh), PAM_SUCCESS);
    (void)handle_close(pamh, PAM_SUCCESS);
}
END_TEST

/* A second login on a handle; libpam has wiped the token of the first. */
static int again(pam_handle_t *pamh, struct conversation *conversation, const char *text)
{
    conversation->text = text;
    (void)pam_authenticate(pamh, 0);
    return pam_tapped[TAP_AUTH];
}

START_TEST(a_later_refusal_takes_back_what_an_earlier_login_gave)
{
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *refused = &fixture.samples[i];
        if (refused->code == PAM_SUCCESS || strcmp(refused->user, "alice") != 0)
            continue;
        struct conversation conversation = {
            .text = verdict_fixture_find(&fixture, "accepted")->password};
        pam_handle_t *pamh =
            handle_open(&fixture.world, "imap", "alice", refused->rhost, &conversation);
        ck_code(pam_authenticate(pamh, 0), PAM_SUCCESS);
        ck_code(again(pamh, &conversation, refused->password), refused->code);
        ck_code_msg(account(pamh), PAM_IGNORE, "%s", refused->verdict);
        ck_code_msg(setcred(pamh), PAM_IGNORE, "%s", refused->verdict);
        ck_assert_msg(pam_getenv(pamh, "ASP_ID") == NULL && pam_getenv(pamh, "ASP_APP") == NULL &&
                          pam_getenv(pamh, "ASP_LABEL") == NULL,
                      "%s leaves the environment of the login before", refused->verdict);
        (void)handle_close(pamh, PAM_SUCCESS);
    }
}
END_TEST

/* Lesson: pam-u2f CVE-2021-31924. */
START_TEST(an_empty_reply_takes_back_what_an_earlier_login_gave)
{
    struct conversation conversation = {.text =
                                            verdict_fixture_find(&fixture, "accepted")->password};
    pam_handle_t *pamh = handle_open(&fixture.world, "imap", "alice", NULL, &conversation);

    ck_code(pam_authenticate(pamh, 0), PAM_SUCCESS);
    ck_code(again(pamh, &conversation, ""), PAM_AUTH_ERR);
    ck_code(account(pamh), PAM_IGNORE);
    ck_code(setcred(pamh), PAM_IGNORE);
    (void)handle_close(pamh, PAM_SUCCESS);
}
END_TEST

START_TEST(handles_do_not_know_of_each_other)
{
    struct conversation right = {.text = verdict_fixture_find(&fixture, "accepted")->password},
                        wrong = {.text = "x"};
    pam_handle_t *mine = handle_open(&fixture.world, "imap", "alice", NULL, &right);
    pam_handle_t *yours = handle_open(&fixture.world, "imap", "alice", NULL, &wrong);

    ck_code(pam_authenticate(mine, 0), PAM_SUCCESS);
    ck_code(account(yours), PAM_IGNORE);
    ck_code(pam_authenticate(yours, 0), PAM_CRED_INSUFFICIENT);
    ck_code(account(yours), PAM_IGNORE);
    ck_code(account(mine), PAM_SUCCESS);
    (void)handle_close(mine, PAM_SUCCESS);
    (void)handle_close(yours, PAM_SUCCESS);
}
END_TEST

/* --- environment ------------------------------------------------------------------------------ */

static void check_env(pam_handle_t *pamh, const char *name, const char *value)
{
    const char *is = pam_getenv(pamh, name);
    ck_assert_msg(is != NULL && strcmp(is, value) == 0, "%s is %s and must be %s", name,
                  is == NULL ? "not set" : is, value);
}

START_TEST(an_accepted_login_names_its_app_password_in_the_environment)
{
    static const char *const labels[] = {"Phone", "B\xc3\xbcro \"2\" = x\\", "$(id)"};
    char password[PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        create(&world, password, "alice", "--label", labels[i], "--app", "mail", NULL);
        struct conversation conversation = {.text = password};
        pam_handle_t *pamh = handle_open(&world, "imap", "alice", NULL, &conversation);
        ck_code(pam_authenticate(pamh, 0), PAM_SUCCESS);
        check_env(pamh, "ASP_ID", id_of(password));
        check_env(pamh, "ASP_LABEL", labels[i]);
        check_env(pamh, "ASP_APP", "mail");
        (void)handle_close(pamh, PAM_SUCCESS);
    }
}
END_TEST

START_TEST(a_first_use_names_the_app_that_it_bound)
{
    char password[PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "x", NULL);
    struct conversation conversation = {.text = password};
    pam_handle_t *pamh = handle_open(&world, "caldav", "alice", NULL, &conversation);
    ck_code(pam_authenticate(pamh, 0), PAM_SUCCESS);
    check_env(pamh, "ASP_APP", "calendar");
    (void)handle_close(pamh, PAM_SUCCESS);
}
END_TEST

START_TEST(a_refusal_leaves_no_environment)
{
    world_stack(&fixture.world, "bare", "auth required @ASP@\n");
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        if (sample->code == PAM_SUCCESS)
            continue;
        struct conversation conversation = {.text = sample->password};
        pam_handle_t *pamh =
            handle_open(&fixture.world, "bare", sample->user, sample->rhost, &conversation);
        int code = pam_authenticate(pamh, 0);
        char **list = pam_getenvlist(pamh);
        ck_assert_msg(list != NULL && list[0] == NULL, "%s leaves %s", sample->verdict,
                      list == NULL ? "no list" : list[0]);
        ck_assert(code != PAM_SUCCESS);
        free(list);
        (void)handle_close(pamh, code);
    }
}
END_TEST

/* --- the shipped stacks ----------------------------------------------------------------------- */

/* The lines of the contract, to the space. */
static const char account_lines[] =
    "account  sufficient                                                   pam_asp.so\n"
    "account  required                                                     pam_unix.so\n";
static const char only[] =
    "auth     required                                                     pam_asp.so\n";
static const char either[] =
    "auth     [success=done cred_insufficient=ignore user_unknown=ignore authinfo_unavail=ignore "
    "default=die]  pam_asp.so\n"
    "auth     required                                                     pam_unix.so "
    "try_first_pass\n";
static const char enrolled[] =
    "auth     [success=done user_unknown=ignore default=die]               pam_asp.so\n"
    "auth     required                                                     pam_unix.so "
    "try_first_pass\n";

/* The shipped file NAME with the module under test and the stand-in as pam_unix, as service `imap`
 * of WORLD. */
static void ship(const struct world *world, const char *name, const char *auth)
{
    char path[2 * WORLD_PATH_MAX], shipped[8192], lines[8192];
    size_t used = 0;

    (void)snprintf(path, sizeof path, "%s/%s", harness_path("ASP_STACKS"), name);
    (void)file_read(path, shipped, sizeof shipped);
    ck_assert_msg(holds(shipped, auth), "%s has not the lines of the contract", name);
    ck_assert_msg(holds(shipped, account_lines), "%s has not the account lines", name);
    for (const char *at = shipped; *at != '\0'; at++) {
        const char *with = NULL;
        if (strncmp(at, "pam_asp.so", 10) == 0)
            with = "@ASP@", at += 9;
        else if (strncmp(at, "pam_unix.so", 11) == 0)
            with = "@STANDIN@ password=primary account=13", at += 10;
        used += (size_t)snprintf(lines + used, sizeof lines - used, "%.*s",
                                 with == NULL ? 1 : (int)strlen(with), with == NULL ? at : with);
        ck_assert(used < sizeof lines);
    }
    world_stack(world, "imap", lines);
}

struct outcome {
    int auth;
    int account;
    bool reached; /* the module behind ours was */
    int prompts;
};

static struct outcome through(const struct world *world, const char *user, const char *password)
{
    struct outcome outcome;
    struct conversation conversation = {.text = password};
    pam_handle_t *pamh = handle_open(world, "imap", user, "192.0.2.7", &conversation);

    outcome.auth = pam_authenticate(pamh, 0);
    outcome.reached = pam_getenv(pamh, "STANDIN") != NULL;
    outcome.account = pam_acct_mgmt(pamh, 0);
    outcome.prompts = conversation.prompts;
    (void)handle_close(pamh, outcome.auth);
    ck_assert_int_eq(outcome.prompts, 1);
    return outcome;
}

/* The stand-in's account answers 13, PAM_ACCT_EXPIRED, to show which module was asked. */
static void expect(const struct world *world, const char *user, const char *password, int auth,
                   bool reached)
{
    struct outcome is = through(world, user, password);
    ck_code_msg(is.auth, auth, "%s with %s", user, password);
    ck_assert_msg(is.reached == reached, "%s with %s: pam_unix %s", user, password,
                  is.reached ? "was reached" : "was not reached");
    if (auth == PAM_SUCCESS)
        ck_code_msg(is.account, reached ? PAM_ACCT_EXPIRED : PAM_SUCCESS, "account of %s with %s",
                    user, password);
}

/* Every refusal of the fixture, but those in which the stack goes on, ends there. */
static void expect_refusals(const char *goes_on_for)
{
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        if (sample->code == PAM_SUCCESS)
            continue;
        bool goes_on = holds(goes_on_for, sample->verdict);
        expect(&fixture.world, sample->user, sample->password,
               goes_on ? PAM_AUTH_ERR : sample->code, goes_on);
    }
}

START_TEST(only_app_passwords)
{
    ship(&fixture.world, "asp-only", only);
    expect(&fixture.world, "alice", verdict_fixture_find(&fixture, "accepted")->password,
           PAM_SUCCESS, false);
    expect(&fixture.world, "alice", "primary", PAM_CRED_INSUFFICIENT, false);
    expect(&fixture.world, "nobody-here", "primary", PAM_USER_UNKNOWN, false);
    expect(&fixture.world, "broken", "primary", PAM_AUTHINFO_UNAVAIL, false);
    expect_refusals("");
}
END_TEST

START_TEST(either_an_app_password_or_the_primary)
{
    ship(&fixture.world, "asp-either", either);
    expect(&fixture.world, "alice", verdict_fixture_find(&fixture, "accepted")->password,
           PAM_SUCCESS, false);
    expect(&fixture.world, "alice", "primary", PAM_SUCCESS, true);
    expect(&fixture.world, "nobody-here", "primary", PAM_SUCCESS, true);
    expect(&fixture.world, "broken", "primary", PAM_SUCCESS, true);
    expect(&fixture.world, "alice", "wrong", PAM_AUTH_ERR, true);
    expect_refusals("no-account not-an-app-password unavailable");
}
END_TEST

START_TEST(who_is_enrolled_by_app_passwords_only)
{
    ship(&fixture.world, "asp-enrolled", enrolled);
    expect(&fixture.world, "alice", verdict_fixture_find(&fixture, "accepted")->password,
           PAM_SUCCESS, false);
    expect(&fixture.world, "alice", "primary", PAM_CRED_INSUFFICIENT, false);
    expect(&fixture.world, "nobody-here", "primary", PAM_SUCCESS, true);
    expect(&fixture.world, "broken", "primary", PAM_AUTHINFO_UNAVAIL, false);
    expect_refusals("no-account");
}
END_TEST

START_TEST(an_account_stays_enrolled_until_it_is_removed)
{
    char password[PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    ship(&world, "asp-enrolled", enrolled);
    create(&world, password, "alice", "--label", "x", NULL);
    admin_do(&world, "revoke", "alice", "--all", NULL);
    expect(&world, "alice", "primary", PAM_CRED_INSUFFICIENT, false);
    admin_do(&world, "remove", "alice", NULL);
    expect(&world, "alice", "primary", PAM_SUCCESS, true);
}
END_TEST

START_TEST(a_wrong_configuration_opens_none_of_the_stacks)
{
    static const char *const names[] = {"asp-only", "asp-either", "asp-enrolled"};
    static const char *const lines[] = {only, either, enrolled};
    struct world world;

    world_make(&world, "limit = \"many\";");
    for (int i = 0; i < 3; i++) {
        ship(&world, names[i], lines[i]);
        struct conversation conversation = {.text = "primary"};
        ck_code_msg(login_with(&world, "imap", "alice", NULL, &conversation), PAM_SERVICE_ERR, "%s",
                    names[i]);
    }
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("stacks");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, account_and_setcred_succeed_after_an_accepted_login);
    tcase_add_test(tests, account_and_setcred_ignore_what_auth_did_not_decide);
    tcase_add_test(tests, account_and_setcred_ignore_every_refusal);
    tcase_add_test(tests, account_and_setcred_ignore_another_user_of_the_same_handle);
    tcase_add_test(tests, a_later_refusal_takes_back_what_an_earlier_login_gave);
    tcase_add_test(tests, an_empty_reply_takes_back_what_an_earlier_login_gave);
    tcase_add_test(tests, handles_do_not_know_of_each_other);
    tcase_add_test(tests, an_accepted_login_names_its_app_password_in_the_environment);
    tcase_add_test(tests, a_first_use_names_the_app_that_it_bound);
    tcase_add_test(tests, a_refusal_leaves_no_environment);
    tcase_add_test(tests, only_app_passwords);
    tcase_add_test(tests, either_an_app_password_or_the_primary);
    tcase_add_test(tests, who_is_enrolled_by_app_passwords_only);
    tcase_add_test(tests, an_account_stays_enrolled_until_it_is_removed);
    tcase_add_test(tests, a_wrong_configuration_opens_none_of_the_stacks);
    return harness_run();
}
