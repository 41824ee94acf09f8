/*
 * A module that keeps app passwords as most do: any number of hashes for a user, in a file, a line
 * each, without a word on which of them is asked for. So each is tried until one fits.
 *
 *   auth required loop.so FILE
 */
#include <crypt.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <string.h>

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    static struct crypt_data data;
    const char *password = NULL;
    char line[256];
    int code = PAM_AUTH_ERR;
    FILE *file = argc == 1 ? fopen(argv[0], "re") : NULL;

    (void)flags;
    if (file == NULL)
        return PAM_AUTHINFO_UNAVAIL;
    if (pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL) == PAM_SUCCESS) {
        while (code != PAM_SUCCESS && fgets(line, sizeof line, file) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            const char *made = crypt_r(password, line, &data);
            if (made != NULL && strcmp(made, line) == 0)
                code = PAM_SUCCESS;
        }
    }
    (void)fclose(file);
    return code;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}
