/* What the module asks the user for: the prompt of pam_get_authtok, to the letter, in the same
 * language; and what becomes of the answer. */
#include "harness.h"

#include <fcntl.h>
#include <libintl.h>
#include <locale.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROMPT "Password: "

enum { LONG_ANSWER = 500 }; /* as nothing else is that is allocated meanwhile */

/* What a conversation was asked, and where its answer lay. */
struct asked {
    int count;
    int style;
    char text[128];
    const char *answer;
    uintptr_t place;
};

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *data)
{
    struct asked *asked = data;

    asked->count += count;
    asked->style = messages[0]->msg_style;
    (void)snprintf(asked->text, sizeof asked->text, "%s", messages[0]->msg);
    *responses = calloc((size_t)count, sizeof **responses);
    if (*responses == NULL)
        return PAM_BUF_ERR;
    (*responses)[0].resp = strdup(asked->answer);
    asked->place = (uintptr_t)(*responses)[0].resp;
    return PAM_SUCCESS;
}

/* What a service whose one module is the one of this line asks alice, who answers that. */
static struct asked ask(const struct world *world, const char *module, const char *answer)
{
    struct asked asked = {.answer = answer};
    const struct pam_conv with = {.conv = converse, .appdata_ptr = &asked};
    pam_handle_t *pamh = NULL;
    char line[128];

    (void)snprintf(line, sizeof line, "auth required %s\n", module);
    world_stack(world, "imap", line);
    ck_code(pam_start_confdir("imap", "alice", &with, world->confdir, &pamh), PAM_SUCCESS);
    ck_assert_int_ne(pam_authenticate(pamh, 0), PAM_SUCCESS);
    ck_code(pam_end(pamh, PAM_AUTH_ERR), PAM_SUCCESS);
    return asked;
}

/* What alice, who has an app password, is asked by the module and by libpam. */
static struct asked asks_the_same(void)
{
    char password[PASSWORD_MAX];
    struct world world;
    struct asked ours;
    struct asked libpams;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "Phone", "--app", "mail", NULL);
    ours = ask(&world, "@ASP@", "nobody's");
    libpams = ask(&world, "@STANDIN@", "nobody's");
    ck_assert_int_eq(ours.count, 1);
    ck_assert_int_eq(libpams.count, 1);
    ck_assert_int_eq(ours.style, PAM_PROMPT_ECHO_OFF);
    ck_assert_int_eq(libpams.style, PAM_PROMPT_ECHO_OFF);
    ck_assert_str_eq(ours.text, libpams.text);
    return ours;
}

/* Lesson: Dovecot's PAM. */
START_TEST(the_prompt_is_that_of_pam_get_authtok)
{
    struct asked asked;

    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C"));
    asked = asks_the_same();
    ck_assert_str_eq(asked.text, PROMPT);
}
END_TEST

START_TEST(the_prompt_is_in_the_language_of_the_user)
{
    struct asked asked;

    ck_assert(setenv("LANGUAGE", "de", 1) == 0);
    if (setlocale(LC_ALL, "C.UTF-8") == NULL) {
        harness_skip("the prompt in another language", "there is no locale C.UTF-8");
        return;
    }
    asked = asks_the_same();
    if (strcmp(dgettext("Linux-PAM", PROMPT), PROMPT) == 0)
        harness_skip("the prompt in another language", "libpam's translations are not installed");
    else
        ck_assert_str_ne(asked.text, PROMPT);
}
END_TEST

/* The module frees it. It is read as a debugger does, for it is nobody's any more. */
START_TEST(what_was_answered_is_wiped_before_it_is_freed)
{
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char answer[LONG_ANSWER + 1] = "";
    char left[LONG_ANSWER];
    struct world world;
    struct asked asked;

#ifdef M_PERTURB
    (void)mallopt(M_PERTURB, 0); /* it would wipe what is freed */
#endif
    memset(answer, 's', LONG_ANSWER);
    world_make(&world, NULL);
    asked = ask(&world, "@ASP@", answer);
    ck_assert_int_eq(asked.count, 1);
    ck_assert_int_eq(pread(memory, left, sizeof left, (off_t)asked.place), sizeof left);
    ck_assert_ptr_null(memmem(left, sizeof left, "ssssssss", 8));
    (void)close(memory);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("token");

    tcase_add_test(tests, the_prompt_is_that_of_pam_get_authtok);
    tcase_add_test(tests, the_prompt_is_in_the_language_of_the_user);
    tcase_add_test(tests, what_was_answered_is_wiped_before_it_is_freed);
    return harness_run();
}
