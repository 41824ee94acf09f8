/*
 * Stands between libpam and the module that its first argument names: hands every call on, and
 * leaves the code that came back in `pam_tapped` of the program under test. A stack folds codes (an
 * ignored PAM_IGNORE can't be told from a module that is not there), and libpam makes its own of
 * them when the kernel's audit fails; here they are seen as they are.
 */
#include "tap.h"

#include <dlfcn.h>
#include <security/pam_modules.h>
#include <stddef.h>

typedef int entry_point(pam_handle_t *, int, int, const char **);

static int hand_on(pam_handle_t *pamh, int flags, int argc, const char **argv, enum tap facility)
{
    static const char *const symbols[TAPS] = {"pam_sm_authenticate", "pam_sm_setcred",
                                              "pam_sm_acct_mgmt"};
    union {
        void *object;
        entry_point *function;
    } found;

    pam_tapped[facility] = -1;
    void *module = argc > 0 ? dlopen(argv[0], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (module == NULL)
        return PAM_OPEN_ERR;
    found.object = dlsym(module, symbols[facility]);
    if (found.object != NULL)
        pam_tapped[facility] = found.function(pamh, flags, argc - 1, argv + 1);
    if (facility == TAP_AUTH && pam_tap_returned != NULL)
        pam_tap_returned();
    (void)dlclose(module);
    return pam_tapped[facility] == -1 ? PAM_SYMBOL_ERR : pam_tapped[facility];
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return hand_on(pamh, flags, argc, argv, TAP_AUTH);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return hand_on(pamh, flags, argc, argv, TAP_SETCRED);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return hand_on(pamh, flags, argc, argv, TAP_ACCOUNT);
}
