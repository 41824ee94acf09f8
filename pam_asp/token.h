/*
 * The token of a login: what the user has given as the password.
 */
#ifndef PAM_ASP_TOKEN_H
#define PAM_ASP_TOKEN_H

#include "arguments.h"

#include <security/pam_modules.h>

/*
 * PAM_AUTHTOK, or what the application's conversation answers, which becomes PAM_AUTHTOK for the
 * modules behind this one: as pam_get_authtok(3), with its prompt in the user's language.
 * PAM_SUCCESS: `*token` is libpam's, not the caller's to wipe. PAM_BUF_ERR, or PAM_AUTH_ERR where
 * there is none or it is empty.
 */
int token_get(pam_handle_t *pamh, const struct arguments *arguments, const char **token);

#endif
