/* What auth answers: the table of verdicts and codes, conversations that go wrong, and passwords of
 * every shape. */
#include "verdict_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct verdict_fixture fixture;

static void make_fixture(void)
{
    verdict_fixture_make(&fixture, NULL);
}

/* --- the table -------------------------------------------------------------------------------- */

START_TEST(each_verdict_gives_its_code)
{
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        ck_code_msg(verdict_fixture_login(&fixture, sample), sample->code, "%s", sample->verdict);
    }
}
END_TEST

/* Lesson: pam-u2f CVE-2025-23013. */
START_TEST(the_module_itself_never_answers_ignore)
{
    world_stack(&fixture.world, "imap", "auth required @TAP@\n");
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        struct conversation conversation = {.text = sample->password};
        pam_handle_t *pamh =
            handle_open(&fixture.world, "imap", sample->user, sample->rhost, &conversation);
        int code = pam_authenticate(pamh, 0);
        ck_code_msg(pam_tapped[TAP_AUTH], sample->code, "%s", sample->verdict);
        (void)handle_close(pamh, code);
    }
}
END_TEST

/* --- conversations ---------------------------------------------------------------------------- */

static int answered(enum reply reply, int code, const char *text)
{
    struct conversation conversation = {.reply = reply, .code = code, .text = text};
    return login_with(&fixture.world, "imap", "alice", "192.0.2.7", &conversation);
}

START_TEST(a_missing_conversation_function_is_refused)
{
    ck_code(answered(REPLY_MISSING, 0, NULL), PAM_AUTH_ERR);
}
END_TEST

START_TEST(a_failing_conversation_is_refused)
{
    static const int codes[] = {PAM_CONV_ERR, PAM_ABORT, PAM_SYSTEM_ERR, PAM_CONV_AGAIN,
                                PAM_IGNORE};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        ck_code_msg(answered(REPLY_FAILURE, codes[i], NULL), PAM_AUTH_ERR,
                    "conversation answers %d", codes[i]);
}
END_TEST

/* Lesson: pam-u2f CVE-2021-31924. */
START_TEST(a_reply_that_is_null_or_empty_is_refused)
{
    ck_code(answered(REPLY_NOTHING, 0, NULL), PAM_AUTH_ERR);
    ck_code(answered(REPLY_NO_ANSWER, 0, NULL), PAM_AUTH_ERR);
    ck_code(answered(REPLY_TEXT, 0, ""), PAM_AUTH_ERR);
}
END_TEST

/* Lesson: pam-u2f CVE-2021-31924. */
START_TEST(the_token_is_asked_for_first_whoever_the_user)
{
    static const char *const users[] = {"alice", "nobody-here", "broken", "../alice", ""};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        struct conversation conversation = {.text = "correct horse"};
        (void)login_with(&fixture.world, "imap", users[i], NULL, &conversation);
        ck_assert_msg(conversation.prompts == 1, "user \"%s\": %d prompts", users[i],
                      conversation.prompts);
        struct conversation empty = {.text = ""};
        ck_code_msg(login_with(&fixture.world, "imap", users[i], NULL, &empty), PAM_AUTH_ERR,
                    "user \"%s\", empty reply", users[i]);
    }
}
END_TEST

START_TEST(the_users_name_is_asked_for_when_the_application_has_none)
{
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    struct conversation conversation = {.text = sample->password, .login = "alice"};
    ck_code(login_with(&fixture.world, "imap", NULL, NULL, &conversation), PAM_SUCCESS);
    conversation.login = "nobody-here";
    ck_code(login_with(&fixture.world, "imap", NULL, NULL, &conversation), PAM_USER_UNKNOWN);
}
END_TEST

/* --- passwords -------------------------------------------------------------------------------- */

static int with(const char *password)
{
    return login(&fixture.world, "imap", "alice", "192.0.2.7", password);
}

/* Lesson: what phones do to a password. */
START_TEST(separators_and_line_ends_are_ignored)
{
    char plain[PASSWORD_MAX], text[4 * PASSWORD_MAX];
    const char *dashed = verdict_fixture_find(&fixture, "accepted")->password;

    bare(plain, dashed);
    ck_code(with(dashed), PAM_SUCCESS);
    ck_code(with(plain), PAM_SUCCESS);
    (void)snprintf(text, sizeof text, "  --%.3s %.9s- - -%s  ", plain, plain + 3, plain + 12);
    ck_code(with(text), PAM_SUCCESS);
    (void)snprintf(text, sizeof text, "%s\n", dashed);
    ck_code(with(text), PAM_SUCCESS);
    /* As phones and pages have it: wrapped, with a tab, a no-break space, dashes and a byte order
     * mark of theirs. */
    (void)snprintf(text, sizeof text,
                   "\xef\xbb\xbf%.5s\xe2\x80\x93%.5s\r\n  %.5s\xc2\xa0%.5s\t%s\xe2\x80\x8b\n\n",
                   plain, plain + 5, plain + 10, plain + 15, plain + 20);
    ck_code(with(text), PAM_SUCCESS);
}
END_TEST

/* Lesson: pam_userdb CVE-2013-7041, CVE-2026-54411. */
START_TEST(what_is_near_an_app_password_is_none)
{
    static const char *const shapes[] = {"%s.",        "_%s",    "%sz",    "0%s",
                                         "%s\xc2\xb7", "%s\x80", "%s\xa0", "%sZ"};
    char text[4 * PASSWORD_MAX];
    const char *dashed = verdict_fixture_find(&fixture, "accepted")->password;

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t at = (size_t)(strstr(shapes[i], "%s") - shapes[i]);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)at, shapes[i], dashed,
                       shapes[i] + at + 2);
        ck_code_msg(with(text), PAM_CRED_INSUFFICIENT, "shape %zu", i);
    }
    for (size_t length = 1; length < strlen(dashed); length++) {
        (void)snprintf(text, sizeof text, "%.*s", (int)length, dashed);
        ck_code_msg(with(text), PAM_CRED_INSUFFICIENT, "first %zu characters", length);
    }
}
END_TEST

/* Lesson: pam_userdb CVE-2013-7041, CVE-2026-54411. */
/* Lesson: what phones do to a password. */
START_TEST(case_matters_and_is_told_from_what_is_none)
{
    char text[PASSWORD_MAX];
    const char *right = verdict_fixture_find(&fixture, "accepted")->password;

    for (size_t i = 0; right[i] != '\0'; i++) {
        if (right[i] < 'a' || right[i] > 'z')
            continue;
        (void)snprintf(text, sizeof text, "%s", right);
        text[i] = (char)(text[i] - 'a' + 'A');
        ck_code_msg(with(text), PAM_AUTH_ERR, "character %zu in upper case", i);
        /* With another secret it may be anything, a primary password too. */
        text[20] = text[20] == '7' ? '8' : '7';
        if (i != 20)
            ck_code_msg(with(text), PAM_CRED_INSUFFICIENT, "character %zu in upper case", i);
    }
}
END_TEST

/* Lesson: pam_userdb CVE-2013-7041, CVE-2026-54411. */
START_TEST(every_character_of_the_secret_counts)
{
    char text[PASSWORD_MAX];
    const char *right = verdict_fixture_find(&fixture, "accepted")->password;

    for (size_t i = 2; right[i] != '\0'; i++) {
        if (right[i] == '-')
            continue;
        (void)snprintf(text, sizeof text, "%s", right);
        text[i] = text[i] == 'x' ? 'y' : 'x';
        ck_code_msg(with(text), PAM_AUTH_ERR, "character %zu changed", i);
    }
}
END_TEST

START_TEST(a_secret_opens_only_under_its_own_id_and_user)
{
    char crossed[PASSWORD_MAX], theirs[PASSWORD_MAX], hers[PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    create(&world, hers, "alice", "--label", "a", "--app", "mail", NULL);
    create(&world, crossed, "alice", "--label", "b", "--app", "mail", NULL);
    create(&world, theirs, "bob", "--label", "a", "--app", "mail", NULL);
    memcpy(crossed + 2, hers + 2, strlen(hers) - 2);
    ck_code(login(&world, "imap", "alice", NULL, crossed), PAM_AUTH_ERR);
    ck_assert(login(&world, "imap", "alice", NULL, theirs) != PAM_SUCCESS);
    ck_assert(login(&world, "imap", "bob", NULL, hers) != PAM_SUCCESS);
    memcpy(theirs + 2, hers + 2, strlen(hers) - 2);
    ck_code(login(&world, "imap", "bob", NULL, theirs), PAM_AUTH_ERR);
    ck_code(login(&world, "imap", "alice", NULL, hers), PAM_SUCCESS);
}
END_TEST

/* Lesson: linux-pam CVE-2015-3238. */
START_TEST(passwords_of_any_length_are_refused_and_never_cut_to_a_match)
{
    static const size_t lengths[] = {513, 514, 1023, 1024, 65536, 1 << 20};
    char plain[PASSWORD_MAX];
    char *text = malloc((1 << 20) + 1);

    ck_assert(text != NULL);
    bare(plain, verdict_fixture_find(&fixture, "accepted")->password);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t length = lengths[i], tail = length - strlen(plain);
        memset(text, 'x', length);
        text[length] = '\0';
        ck_code_msg(with(text), PAM_CRED_INSUFFICIENT, "%zu times x", length);
        memcpy(text, plain, strlen(plain));
        ck_code_msg(with(text), PAM_CRED_INSUFFICIENT, "%zu bytes, the right ones first", length);
        memset(text + strlen(plain), ' ', tail);
        ck_code_msg(with(text), PAM_CRED_INSUFFICIENT, "%zu bytes, spaces behind", length);
        memset(text, '-', tail);
        memcpy(text + tail, plain, strlen(plain));
        ck_code_msg(with(text), PAM_CRED_INSUFFICIENT, "%zu bytes, dashes before", length);
    }
    free(text);
}
END_TEST

/* Lesson: linux-pam CVE-2015-3238. */
START_TEST(up_to_512_bytes_are_read)
{
    static const size_t lengths[] = {100, 256, 511, 512};
    char plain[PASSWORD_MAX], text[513];

    bare(plain, verdict_fixture_find(&fixture, "accepted")->password);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t length = lengths[i];
        memset(text, ' ', length);
        text[length] = '\0';
        memcpy(text, plain, 12);
        memcpy(text + length - 13, plain + 12, 13);
        ck_code_msg(with(text), PAM_SUCCESS, "%zu bytes", length);
    }
}
END_TEST

/* Lesson: sshd. */
START_TEST(sshds_decoy_is_just_a_wrong_password)
{
    ck_code(with("\b\n\r\177INCORRECT"), PAM_CRED_INSUFFICIENT);
    ck_code(login(&fixture.world, "imap", "nobody-here", NULL, "\b\n\r\177INCORRECT"),
            PAM_USER_UNKNOWN);
}
END_TEST

/* --- users ------------------------------------------------------------------------------------ */

/* Lesson: useradd. */
/* Lesson: linux-pam PR 652. */
START_TEST(a_name_that_is_not_well_formed_has_no_account)
{
    static const char *const names[] = {
        "",   ".",     "..", "../users/alice", "./alice", "/alice", "alice/",    "al:ice",
        "a*", "?lice", "*",  "-alice",         "alice\n", "\x01",   "al\x7fice", "users/alice"};
    const char *right = verdict_fixture_find(&fixture, "accepted")->password;
    char name[257];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_code_msg(login(&fixture.world, "imap", names[i], NULL, right), PAM_USER_UNKNOWN,
                    "user \"%s\"", names[i]);
    for (size_t length = 200; length <= 256; length++) {
        memset(name, 'a', length);
        name[length] = '\0';
        ck_code_msg(login(&fixture.world, "imap", name, NULL, right), PAM_USER_UNKNOWN, "%zu bytes",
                    length);
    }
    memset(name, ' ', 67);
    name[67] = '\0';
    ck_code_msg(login(&fixture.world, "imap", name, NULL, right), PAM_USER_UNKNOWN, "%s",
                "201 bytes when encoded");
}
END_TEST

/* Lesson: useradd. */
/* Lesson: linux-pam PR 652. */
START_TEST(no_users_file_is_anothers)
{
    static const char *const names[] = {"alice",    "alice.used",   "alice.new",  "Alice",
                                        "alice%2E", ".alice",       "al ice",     "al%20ice",
                                        "a@b.org",  "\xc3\xa9lise", "alice.lock", "+alice",
                                        "alice~",   "a\\b",         "a\"b"};
    enum { COUNT = sizeof names / sizeof *names };
    char passwords[COUNT][PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    for (int i = 0; i < COUNT; i++)
        create(&world, passwords[i], names[i], "--label", "x", "--app", "mail", NULL);
    for (int user = 0; user < COUNT; user++) {
        for (int i = 0; i < COUNT; i++) {
            int code = login(&world, "imap", names[user], NULL, passwords[i]);
            ck_assert_msg((code == PAM_SUCCESS) == (user == i), "%s with the password of %s: %s",
                          names[user], names[i], code_name(code));
        }
    }
}
END_TEST

START_TEST(user_names_are_exact_or_folded_as_configured)
{
    char password[PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "x", "--app", "mail", NULL);
    ck_code(login(&world, "imap", "ALICE", NULL, password), PAM_USER_UNKNOWN);
    world_configure(&world, "user_name = \"lower\";");
    ck_code(login(&world, "imap", "ALICE", NULL, password), PAM_SUCCESS);
    ck_code(login(&world, "imap", "alice", NULL, password), PAM_SUCCESS);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("codes");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, each_verdict_gives_its_code);
    tcase_add_test(tests, the_module_itself_never_answers_ignore);
    tcase_add_test(tests, a_missing_conversation_function_is_refused);
    tcase_add_test(tests, a_failing_conversation_is_refused);
    tcase_add_test(tests, a_reply_that_is_null_or_empty_is_refused);
    tcase_add_test(tests, the_token_is_asked_for_first_whoever_the_user);
    tcase_add_test(tests, the_users_name_is_asked_for_when_the_application_has_none);
    tcase_add_test(tests, separators_and_line_ends_are_ignored);
    tcase_add_test(tests, what_is_near_an_app_password_is_none);
    tcase_add_test(tests, case_matters_and_is_told_from_what_is_none);
    tcase_add_test(tests, every_character_of_the_secret_counts);
    tcase_add_test(tests, a_secret_opens_only_under_its_own_id_and_user);
    tcase_add_test(tests, passwords_of_any_length_are_refused_and_never_cut_to_a_match);
    tcase_add_test(tests, up_to_512_bytes_are_read);
    tcase_add_test(tests, sshds_decoy_is_just_a_wrong_password);
    tcase_add_test(tests, a_name_that_is_not_well_formed_has_no_account);
    tcase_add_test(tests, no_users_file_is_anothers);
    tcase_add_test(tests, user_names_are_exact_or_folded_as_configured);
    return harness_run();
}
