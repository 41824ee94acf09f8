/* The token, asked for unless a module before us did. */
#include "token.h"

#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char *get(pam_handle_t *pamh)
{
    const void *token = NULL;

    return pam_get_item(pamh, PAM_AUTHTOK, &token) == PAM_SUCCESS ? token : NULL;
}

/* The prompt of pam_get_authtok, in the user's language. In the locale in which most services are
 * nothing is translated, and to find that out costs more than all else here. */
static const char *prompt(void)
{
    static const char text[] = "Password: ";
    const char *locale = nl_langinfo(_NL_LOCALE_NAME(LC_MESSAGES));

    return strcmp(locale, "C") == 0 ? text : dgettext("Linux-PAM", text);
}

/* The conversation is asked here: pam_get_authtok formats, copies and frees the prompt, at a third
 * of what it costs, and does nothing else with it but translate it. */
static int ask(pam_handle_t *pamh)
{
    const struct pam_message message = {
        .msg_style = PAM_PROMPT_ECHO_OFF,
        .msg = prompt(),
    };
    const struct pam_message *messages = &message;
    struct pam_response *response = NULL;
    const void *item = NULL;
    const struct pam_conv *conversation;
    int code = pam_get_item(pamh, PAM_CONV, &item);

    conversation = item;
    if (code != PAM_SUCCESS || conversation == NULL || conversation->conv == NULL)
        return PAM_AUTH_ERR;
    code = conversation->conv(1, &messages, &response, conversation->appdata_ptr);
    if (response == NULL)
        return code == PAM_SUCCESS ? PAM_AUTH_ERR : code;
    if (response->resp != NULL) {
        if (code == PAM_SUCCESS)
            code = pam_set_item(pamh, PAM_AUTHTOK, response->resp);
        sodium_memzero(response->resp, strlen(response->resp));
    }
    free(response->resp);
    free(response);
    return code;
}

int token_get(pam_handle_t *pamh, const struct arguments *arguments, const char **token)
{
    int code = PAM_SUCCESS;

    *token = get(pamh);
    if (*token == NULL && !arguments->use_first_pass) {
        code = ask(pamh);
        *token = get(pamh);
    }
    if (code == PAM_BUF_ERR)
        return PAM_BUF_ERR;
    return code == PAM_SUCCESS && *token != NULL && (*token)[0] != '\0' ? PAM_SUCCESS
                                                                        : PAM_AUTH_ERR;
}
