/*
 * Stands in for the module whose name its file bears, and answers what the environment of the
 * program says: STEERED_NAME=KIND AUTH ACCOUNT, the codes as numbers, NAME without its ending.
 *
 *   password   asks for the token; auth is the answer to one that is not the text of
 * STEERED_PASSWORD. The text of STEERED_LATER it takes when pam_asp was asked before. rule gives
 * both answers whatever is asked
 *
 * Under the name pam_asp it hands everything on to the module that STEERED_MODULE names.
 */
#include <dlfcn.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED "pam_steered_asked"

enum { NAME_MAX_LENGTH = 64 };

typedef int entry_point(pam_handle_t *, int, int, const char **);

static void find_name(char name[NAME_MAX_LENGTH])
{
    Dl_info info;
    const char *base = "";

    if (dladdr(ASKED, &info) != 0 && strrchr(info.dli_fname, '/') != NULL)
        base = strrchr(info.dli_fname, '/') + 1;
    (void)snprintf(name, NAME_MAX_LENGTH, "%.*s", (int)strcspn(base, "."), base);
}

static int hand_on(const char *symbol, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *path = getenv("STEERED_MODULE");
    void *module = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    union {
        void *object;
        entry_point *function;
    } found = {.object = module == NULL ? NULL : dlsym(module, symbol)};
    int code = found.object == NULL ? PAM_SYMBOL_ERR : found.function(pamh, flags, argc, argv);

    (void)pam_set_data(pamh, ASKED, (void *)(size_t)ASKED, NULL);
    if (module != NULL)
        (void)dlclose(module);
    return code;
}

static int take_password(pam_handle_t *pamh, int argc, const char **argv, int refusal)
{
    const char *primary = getenv("STEERED_PASSWORD");
    const char *later = getenv("STEERED_LATER");
    const void *asked = NULL;
    const char *token = NULL;
    int code;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "use_first_pass") == 0 &&
            (pam_get_item(pamh, PAM_AUTHTOK, (const void **)&token) != PAM_SUCCESS ||
             token == NULL))
            return refusal;
    }
    code = pam_get_authtok(pamh, PAM_AUTHTOK, &token, NULL);
    if (code != PAM_SUCCESS || token == NULL)
        return refusal;
    if (pam_get_data(pamh, ASKED, &asked) == PAM_SUCCESS && asked != NULL && later != NULL &&
        strcmp(token, later) == 0)
        return PAM_SUCCESS;
    return primary != NULL && strcmp(token, primary) == 0 ? PAM_SUCCESS : refusal;
}

static int answer(const char *symbol, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    char name[NAME_MAX_LENGTH];
    char variable[NAME_MAX_LENGTH + 16];
    char kind[16] = "";
    int auth = PAM_ABORT;
    int account = PAM_ABORT;
    const char *value;

    find_name(name);
    if (strcmp(name, "pam_asp") == 0)
        return hand_on(symbol, pamh, flags, argc, argv);
    (void)snprintf(variable, sizeof variable, "STEERED_%s", name);
    value = getenv(variable);
    if (value == NULL || sscanf(value, "%15s %d %d", kind, &auth, &account) != 3)
        return PAM_ABORT;
    if (strcmp(symbol, "pam_sm_acct_mgmt") == 0)
        return account;
    return strcmp(kind, "password") == 0 ? take_password(pamh, argc, argv, auth) : auth;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return answer("pam_sm_authenticate", pamh, flags, argc, argv);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return answer("pam_sm_acct_mgmt", pamh, flags, argc, argv);
}
