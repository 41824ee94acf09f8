/*
 * Logins through the real libpam. Nothing of Check is called here: it would be counted with the
 * login, and the driver has no runner.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pam_tapped[TAPS];
void (*pam_tap_returned)(void);

void mask(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)(*text ^ '\x80');
}

/* The response to one prompt; NULL when memory is out. The secret is nowhere but in it. */
static char *answer(struct conversation *conversation, int style)
{
    if (style == PAM_PROMPT_ECHO_ON)
        return strdup(conversation->login == NULL ? "" : conversation->login);
    conversation->prompts++;
    if (conversation->reply == REPLY_NOTHING)
        return NULL;
    size_t length = conversation->text == NULL ? conversation->length : strlen(conversation->text);
    char *text = malloc(length + 1);
    if (text == NULL)
        return NULL;
    if (conversation->text == NULL)
        memset(text, 'x', length);
    else
        memcpy(text, conversation->text, length);
    text[length] = '\0';
    if (conversation->masked)
        mask(text);
    return text;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *data)
{
    struct conversation *conversation = data;

    if (conversation->reply == REPLY_FAILURE)
        return conversation->code;
    if (conversation->reply == REPLY_NO_ANSWER)
        return PAM_SUCCESS;
    struct pam_response *made = calloc((size_t)count, sizeof *made);
    if (made == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        int style = messages[i]->msg_style;
        if (style == PAM_PROMPT_ECHO_ON || style == PAM_PROMPT_ECHO_OFF)
            made[i].resp = answer(conversation, style);
    }
    *responses = made;
    return PAM_SUCCESS;
}

pam_handle_t *handle_open(const struct world *world, const char *service, const char *user,
                          const char *rhost, struct conversation *conversation)
{
    struct pam_conv with = {
        .conv = conversation->reply == REPLY_MISSING ? NULL : converse,
        .appdata_ptr = conversation,
    };
    pam_handle_t *pamh = NULL;

    int code = pam_start_confdir(service, user, &with, world->confdir, &pamh);
    if (code == PAM_SUCCESS && rhost != NULL)
        code = pam_set_item(pamh, PAM_RHOST, rhost);
    if (code != PAM_SUCCESS) {
        (void)fprintf(stderr, "pam_start: %s\n", code_name(code));
        abort();
    }
    return pamh;
}

int handle_close(pam_handle_t *pamh, int code)
{
    return pam_end(pamh, code) == PAM_SUCCESS ? code : PAM_ABORT;
}

int login_with(const struct world *world, const char *service, const char *user, const char *rhost,
               struct conversation *conversation)
{
    pam_handle_t *pamh = handle_open(world, service, user, rhost, conversation);
    return handle_close(pamh, pam_authenticate(pamh, 0));
}

int login(const struct world *world, const char *service, const char *user, const char *rhost,
          const char *password)
{
    struct conversation conversation = {.text = password};
    return login_with(world, service, user, rhost, &conversation);
}

const char *code_name(int code)
{
    static const char *const names[] = {
        [PAM_SUCCESS] = "PAM_SUCCESS",
        [PAM_OPEN_ERR] = "PAM_OPEN_ERR",
        [PAM_SYMBOL_ERR] = "PAM_SYMBOL_ERR",
        [PAM_SERVICE_ERR] = "PAM_SERVICE_ERR",
        [PAM_SYSTEM_ERR] = "PAM_SYSTEM_ERR",
        [PAM_BUF_ERR] = "PAM_BUF_ERR",
        [PAM_PERM_DENIED] = "PAM_PERM_DENIED (or PAM_IGNORE)",
        [PAM_AUTH_ERR] = "PAM_AUTH_ERR",
        [PAM_CRED_INSUFFICIENT] = "PAM_CRED_INSUFFICIENT",
        [PAM_AUTHINFO_UNAVAIL] = "PAM_AUTHINFO_UNAVAIL",
        [PAM_USER_UNKNOWN] = "PAM_USER_UNKNOWN",
        [PAM_ACCT_EXPIRED] = "PAM_ACCT_EXPIRED",
        [PAM_CONV_ERR] = "PAM_CONV_ERR",
        [PAM_AUTHTOK_ERR] = "PAM_AUTHTOK_ERR",
        [PAM_IGNORE] = "PAM_IGNORE",
        [PAM_ABORT] = "PAM_ABORT",
        [PAM_MODULE_UNKNOWN] = "PAM_MODULE_UNKNOWN",
        [PAM_CONV_AGAIN] = "PAM_CONV_AGAIN",
        [PAM_INCOMPLETE] = "PAM_INCOMPLETE",
    };
    static _Thread_local char number[24];

    if (code >= 0 && (size_t)code < sizeof names / sizeof *names && names[code] != NULL)
        return names[code];
    (void)snprintf(number, sizeof number, "code %d", code);
    return number;
}
