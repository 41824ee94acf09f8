/*
 * Stands in for pam_unix behind pam_asp: knows one password for everybody, and asks for it as
 * pam_unix does. That it was reached is left in the PAM environment, as STANDIN=auth or
 * STANDIN=account.
 *
 *   password=TEXT    the primary password
 *   account=NUMBER   the answer to account, as with an aged primary password
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>

static const char *argument(int argc, const char **argv, const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], name, length) == 0)
            return argv[i] + length;
    }
    return NULL;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *wanted = argument(argc, argv, "password=");
    const char *token = NULL;

    (void)flags;
    if (pam_putenv(pamh, "STANDIN=auth") != PAM_SUCCESS)
        return PAM_SYSTEM_ERR;
    if (pam_get_authtok(pamh, PAM_AUTHTOK, &token, NULL) != PAM_SUCCESS)
        return PAM_AUTH_ERR;
    return wanted != NULL && token != NULL && strcmp(wanted, token) == 0 ? PAM_SUCCESS
                                                                         : PAM_AUTH_ERR;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *code = argument(argc, argv, "account=");

    (void)flags;
    if (pam_putenv(pamh, "STANDIN=account") != PAM_SUCCESS)
        return PAM_SYSTEM_ERR;
    return code == NULL ? PAM_SUCCESS : atoi(code);
}
