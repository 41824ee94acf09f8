/* Whose account a name stands for, as the module asks the name service: one that answers as it is
 * told, and counts. */
#include "devlog.h"
#include "stored.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

static struct world world;
static char phone[PASSWORD_MAX];

/* What stands before libc's for the module as well. */
static struct {
    int questions;
    char asked[256]; /* the last one */
    int failure;     /* what it returns, if anything */
    int number;      /* errno after nobody was found */
    size_t room;     /* what it needs; less is too little */
} names;

int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
               struct passwd **result)
{
    static const char *const alices[] = {"alice", "ALICE", "alice@corp", "CORP\\alice"};

    names.questions++;
    (void)snprintf(names.asked, sizeof names.asked, "%s", name);
    *result = NULL;
    if (names.failure != 0)
        return names.failure;
    if (size < names.room)
        return ERANGE;
    for (size_t i = 0; i < sizeof alices / sizeof *alices; i++) {
        if (strcmp(name, alices[i]) == 0) {
            strcpy(room, "alice");
            *entry = (struct passwd){.pw_name = room};
            *result = entry;
        }
    }
    if (*result == NULL)
        errno = names.number;
    return 0;
}

static void make_world(void)
{
    world_make(&world, NULL);
    create(&world, phone, "alice", "--label", "Phone", "--app", "mail", NULL);
    world_stack(&world, "enrolled",
                "auth [success=done user_unknown=ignore default=die] @ASP@\n"
                "auth required @STANDIN@ password=primary\n");
}

static void begin(void)
{
    const char *refused = devlog_open();

    ck_assert_msg(refused == NULL, "%s", refused);
    memset(&names, 0, sizeof names);
}

START_TEST(an_accepted_login_by_the_accounts_own_name_asks_nothing)
{
    ck_code(login(&world, "imap", "alice", NULL, phone), PAM_SUCCESS);
    ck_code(login(&world, "imap", "alice", NULL, "wrong"), PAM_CRED_INSUFFICIENT);
    ck_assert_int_eq(names.questions, 0);
}
END_TEST

/* Lesson: identity by spelling. */
START_TEST(every_spelling_that_the_name_service_knows_is_the_one_account)
{
    static const char *const spellings[] = {"ALICE", "alice@corp", "CORP\\alice"};
    char expected[128];

    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        const char *written =
            strcmp(spellings[i], "CORP\\alice") == 0 ? "CORP\\x5calice" : spellings[i];

        ck_code(login(&world, "imap", spellings[i], NULL, phone), PAM_SUCCESS);
        ck_assert_str_eq(names.asked, spellings[i]);
        (void)snprintf(expected, sizeof expected, "user=\"%s\" account=\"alice\" service=\"imap\"",
                       written);
        ck_assert(holds(devlog_take()->line[0].text, expected));
        /* What is no app password of hers does not go on to the primary. */
        ck_code(login(&world, "enrolled", spellings[i], NULL, "primary"), PAM_CRED_INSUFFICIENT);
        (void)devlog_take();
    }
    ck_assert_int_eq(names.questions, 6);
    ck_code(login(&world, "imap", "Alice", NULL, phone), PAM_USER_UNKNOWN);
    ck_code(login(&world, "enrolled", "Alice", NULL, "primary"), PAM_SUCCESS);
}
END_TEST

START_TEST(a_name_service_that_fails_is_unavailable_and_nobody_falls_through)
{
    static const int failures[] = {EIO, ENOENT, EINTR, ENOMEM, EMFILE, ERANGE};

    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        struct logged *logged;

        names.failure = failures[i];
        ck_code_msg(login(&world, "enrolled", "ALICE", NULL, "primary"), PAM_AUTHINFO_UNAVAIL, "%s",
                    strerror(failures[i]));
        logged = devlog_take();
        ck_assert_int_eq(logged->count, 1);
        ck_assert(holds(logged->line[0].text, "verdict=unavailable"));
        ck_assert(holds(logged->line[0].text, "name service"));
        ck_code(login(&world, "imap", "alice", NULL, phone), PAM_SUCCESS);
        (void)devlog_take();
    }
}
END_TEST

START_TEST(nobody_found_for_want_of_room_is_a_failure)
{
    static const int numbers[] = {EMFILE, ENFILE, ENOMEM};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        names.number = numbers[i];
        ck_code_msg(login(&world, "enrolled", "bob", NULL, "primary"), PAM_AUTHINFO_UNAVAIL, "%s",
                    strerror(numbers[i]));
    }
    names.number = ENOENT;
    ck_code(login(&world, "enrolled", "bob", NULL, "primary"), PAM_SUCCESS);
}
END_TEST

START_TEST(an_answer_that_is_long_gets_its_room)
{
    names.room = 200000;
    ck_code(login(&world, "imap", "ALICE", NULL, phone), PAM_SUCCESS);
    names.room = 100000000;
    ck_code(login(&world, "imap", "ALICE", NULL, phone), PAM_AUTHINFO_UNAVAIL);
}
END_TEST

START_TEST(a_password_that_is_set_under_another_spelling_is_the_accounts)
{
    static const char *const spellings[] = {"ALICE", "alice@corp"};
    struct world other;
    char password[PASSWORD_MAX];

    world_make(&other, "primary: { source = \"shadow\"; };");
    world_stack(&other, "passwd", "password required @ASP@\n");
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct conversation conversation = {.text = "x"};
        pam_handle_t *pamh;

        create(&other, password, "alice", "--label", spellings[i], "--app", "mail", NULL);
        pamh = handle_open(&other, "passwd", spellings[i], NULL, &conversation);
        ck_code(pam_chauthtok(pamh, 0), PAM_SUCCESS);
        (void)handle_close(pamh, PAM_SUCCESS);
        /* She has no line in /etc/shadow: that it was reached counts. */
        ck_returned_str_eq(stored_entry(&other, "alice", password).state, "revoked");
    }
    names.failure = EIO;
    create(&other, password, "alice", "--label", "x", "--app", "mail", NULL);
    pam_handle_t *pamh = handle_open(&other, "passwd", "ALICE", NULL, &(struct conversation){0});
    (void)devlog_take();
    ck_code(pam_chauthtok(pamh, 0), PAM_SUCCESS);
    (void)handle_close(pamh, PAM_SUCCESS);
    ck_assert(holds(devlog_take()->line[0].raw, "name service"));
    ck_returned_str_eq(stored_entry(&other, "alice", password).state, "active");
}
END_TEST

int main(void)
{
    TCase *tcase = harness_begin("names");

    devlog_require();
    tcase_add_unchecked_fixture(tcase, make_world, NULL);
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, an_accepted_login_by_the_accounts_own_name_asks_nothing);
    tcase_add_test(tcase, every_spelling_that_the_name_service_knows_is_the_one_account);
    tcase_add_test(tcase, a_name_service_that_fails_is_unavailable_and_nobody_falls_through);
    tcase_add_test(tcase, nobody_found_for_want_of_room_is_a_failure);
    tcase_add_test(tcase, an_answer_that_is_long_gets_its_room);
    tcase_add_test(tcase, a_password_that_is_set_under_another_spelling_is_the_accounts);
    return harness_run();
}
