/* The password of a login: what an application's conversation may answer, what comes of it, and
 * that nothing of it is left. libpam is played here. */
#include "unit.h"

#include "pam_asp/token.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>

/* What the handle has, and how its functions fail. */
struct pam_handle {
    const char *token;
    const struct pam_conv *conversation;
    int conversation_code;
    int set_code;
};

static struct pam_handle handle;
static struct arguments arguments;
static const char *token;

/* What the application answers. */
static int code;
static const char *answer; /* NULL: a response without text */
static bool no_response;
static bool sets_itself; /* it has set the token by then */

/* What was asked, and given back. */
static int asked;
static int translated;
static const char *expected; /* the prompt */
static char *text;           /* of the response, */
static size_t length;
static struct pam_response *response;
static int freed;

int pam_get_item(const pam_handle_t *pamh, int type, const void **value)
{
    if (type == PAM_AUTHTOK) {
        *value = pamh->token != NULL ? pamh->token : "of nobody";
        return pamh->token != NULL ? PAM_SUCCESS : PAM_BAD_ITEM;
    }
    ck_assert_int_eq(type, PAM_CONV);
    *value = pamh->conversation;
    return pamh->conversation_code;
}

/* The handle has a copy. */
int pam_set_item(pam_handle_t *pamh, int type, const void *value)
{
    static char copy[64];

    ck_assert_int_eq(type, PAM_AUTHTOK);
    if (pamh->set_code == PAM_SUCCESS) {
        (void)snprintf(copy, sizeof copy, "%s", (const char *)value);
        pamh->token = copy;
    }
    return pamh->set_code;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *data)
{
    ck_assert_int_eq(count, 1);
    ck_assert_ptr_eq(data, &asked);
    ck_assert_int_eq(messages[0]->msg_style, PAM_PROMPT_ECHO_OFF);
    ck_assert_str_eq(messages[0]->msg, expected);
    asked++;
    if (sets_itself)
        handle.token = "itself";
    if (no_response)
        return code;
    *responses = response = calloc(1, sizeof *response);
    ck_assert_ptr_nonnull(response);
    if (answer != NULL) {
        length = strlen(answer);
        response->resp = text = strdup(answer);
    }
    return code;
}

static const struct pam_conv conversation = {.conv = converse, .appdata_ptr = &asked};

/* What was answered is wiped before it is nobody's. */
void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    if (memory != NULL && memory == text) {
        for (size_t i = 0; i < length; i++)
            ck_assert_int_eq(text[i], 0);
        text = NULL;
        freed++;
    }
    if (memory != NULL && memory == response) {
        response = NULL;
        freed++;
    }
    __real_free(memory);
}

char *__wrap_dcgettext(const char *domain, const char *message, int category);
char *__wrap_dcgettext(const char *domain, const char *message, int category)
{
    static char german[] = "Passwort: ";

    (void)category;
    ck_assert_str_eq(domain, "Linux-PAM");
    ck_assert_str_eq(message, "Password: ");
    translated++;
    return german;
}

char *__wrap_dgettext(const char *domain, const char *message);
char *__wrap_dgettext(const char *domain, const char *message)
{
    return __wrap_dcgettext(domain, message, LC_MESSAGES);
}

/* It is asked for, and answered. */
static void begin(void)
{
    handle = (struct pam_handle){.conversation = &conversation};
    arguments = (struct arguments){.use_first_pass = false};
    code = PAM_SUCCESS;
    answer = "secret";
    expected = "Password: ";
    asked = freed = 0;
    token = "none";
}

static int get(void)
{
    int result = token_get(&handle, &arguments, &token);

    ck_assert_ptr_null(text);
    ck_assert_ptr_null(response);
    return result;
}

START_TEST(what_is_answered_is_the_token_of_all_who_come_after)
{
    begin();
    ck_assert_int_eq(get(), PAM_SUCCESS);
    ck_assert_str_eq(token, "secret");
    ck_assert_ptr_eq(token, handle.token);
    ck_assert_int_eq(asked, 1);
    ck_assert_int_eq(freed, 2);
    ck_assert_int_eq(translated, 0);
    ck_assert_int_eq(get(), PAM_SUCCESS);
    ck_assert_int_eq(asked, 1);
}
END_TEST

START_TEST(what_another_module_has_asked_for_is_taken)
{
    begin();
    handle.token = "first";
    arguments.use_first_pass = _i == 1;
    ck_assert_int_eq(get(), PAM_SUCCESS);
    ck_assert_str_eq(token, "first");
    ck_assert_int_eq(asked, 0);
    handle.token = "";
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    ck_assert_int_eq(asked, 0);
}
END_TEST

START_TEST(who_is_to_take_the_first_one_asks_for_none)
{
    begin();
    arguments.use_first_pass = true;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    ck_assert_ptr_null(token);
    ck_assert_int_eq(asked, 0);
}
END_TEST

/* Lesson: pam-u2f CVE-2021-31924. */
START_TEST(an_answer_that_is_none_is_no_token)
{
    begin();
    answer = "";
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    ck_assert_int_eq(freed, 2);
    begin();
    answer = NULL;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    ck_assert_int_eq(freed, 1);
    begin();
    no_response = true;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    sets_itself = true;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    ck_assert_str_eq(handle.token, "itself");
}
END_TEST

/* With an answer, without its text and without a response; it may have set the token itself. */
START_TEST(an_application_that_fails_has_answered_nothing)
{
    static const int codes[] = {PAM_CONV_ERR, PAM_ABORT, PAM_BUF_ERR};

    for (size_t i = 0; i < UNIT_COUNT(codes); i++) {
        begin();
        code = codes[i];
        sets_itself = _i == 3;
        no_response = _i >= 2;
        answer = _i == 1 ? NULL : "secret";
        ck_assert_int_eq(get(), code == PAM_BUF_ERR ? PAM_BUF_ERR : PAM_AUTH_ERR);
        ck_assert_int_eq(asked, 1);
        ck_assert_int_eq(freed, no_response ? 0 : _i == 1 ? 1 : 2);
        ck_assert(sets_itself || handle.token == NULL);
    }
}
END_TEST

START_TEST(a_token_that_the_handle_cannot_keep_is_none)
{
    begin();
    handle.set_code = PAM_BUF_ERR;
    ck_assert_int_eq(get(), PAM_BUF_ERR);
    ck_assert_int_eq(freed, 2);
    begin();
    handle.set_code = PAM_SYSTEM_ERR;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
}
END_TEST

START_TEST(an_application_that_has_no_conversation_is_not_asked)
{
    static const struct pam_conv none;

    begin();
    handle.conversation = NULL;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    handle.conversation = &none;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    handle.conversation = &conversation;
    handle.conversation_code = PAM_BAD_ITEM;
    ck_assert_int_eq(get(), PAM_AUTH_ERR);
    ck_assert_int_eq(asked, 0);
}
END_TEST

START_TEST(in_another_locale_the_prompt_is_translated)
{
    /* To musl it is the one in which nothing is translated. */
    if (setlocale(LC_MESSAGES, "C.UTF-8") == NULL ||
        strcmp(nl_langinfo(_NL_LOCALE_NAME(LC_MESSAGES)), "C") == 0)
        return;
    begin();
    expected = "Passwort: ";
    ck_assert_int_eq(get(), PAM_SUCCESS);
    ck_assert_int_eq(translated, 1);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_is_answered_is_the_token_of_all_who_come_after);
    unit_loop(suite, what_another_module_has_asked_for_is_taken, 2);
    unit_add(suite, who_is_to_take_the_first_one_asks_for_none);
    unit_add(suite, an_answer_that_is_none_is_no_token);
    unit_loop(suite, an_application_that_fails_has_answered_nothing, 4);
    unit_add(suite, a_token_that_the_handle_cannot_keep_is_none);
    unit_add(suite, an_application_that_has_no_conversation_is_not_asked);
    unit_add(suite, in_another_locale_the_prompt_is_translated);
}

int main(void)
{
    return unit_run("token", fill);
}
