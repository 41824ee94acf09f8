/*
 * pam_asp.so: what PAM calls, and the one table from verdicts to its codes. The rules are libasp's.
 */
#include "arguments.h"
#include "broker_client.h"
#include "conf_cache.h"
#include "login_log.h"
#include "name_service.h"
#include "pam_log.h"
#include "password_stack.h"
#include "token.h"

#include "asp/label.h"
#include "asp/log_line.h"
#include "asp/login.h"
#include "asp/random.h"

#include <security/pam_modules.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* Under this name the handle remembers for which user auth was ours. */
#define OURS "pam_asp_user"

enum { TOKEN_MAX = 4096 };

static int code_of(enum asp_verdict verdict)
{
    switch (verdict) {
    case ASP_ACCEPTED:
        return PAM_SUCCESS;
    case ASP_NO_ACCOUNT:
        return PAM_USER_UNKNOWN;
    case ASP_NOT_AN_APP_PASSWORD:
        return PAM_CRED_INSUFFICIENT;
    case ASP_UNAVAILABLE:
        return PAM_AUTHINFO_UNAVAIL;
    case ASP_WRONG_SECRET:
    case ASP_WRONG_CASE:
    case ASP_IS_REVOKED:
    case ASP_IS_EXPIRED:
    case ASP_IS_UNUSED:
    case ASP_WRONG_APP:
    case ASP_WRONG_NETWORK:
    case ASP_PRIMARY_CHANGED_SINCE:
    case ASP_PRIMARY_IS_LOCKED:
        break;
    }
    return PAM_AUTH_ERR;
}

/* A text item; NULL when it is not set. */
static const char *item(pam_handle_t *pamh, int type)
{
    const void *value = NULL;

    return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

static void free_user(pam_handle_t *pamh, void *data, int error_status)
{
    (void)pamh;
    (void)error_status;
    free(data);
}

static int remember(pam_handle_t *pamh, const char *user)
{
    char *copy = strdup(user);
    int code;

    if (copy == NULL)
        return PAM_BUF_ERR;
    code = pam_set_data(pamh, OURS, copy, free_user);
    if (code != PAM_SUCCESS)
        free(copy);
    return code;
}

/* An earlier login in this handle is no longer ours once there is another try. */
static void forget(pam_handle_t *pamh)
{
    const void *ours = NULL;

    if (pam_get_data(pamh, OURS, &ours) != PAM_SUCCESS || ours == NULL)
        return;
    (void)pam_set_data(pamh, OURS, NULL, NULL);
    (void)pam_putenv(pamh, "ASP_ID");
    (void)pam_putenv(pamh, "ASP_LABEL");
    (void)pam_putenv(pamh, "ASP_APP");
}

/* PAM_SUCCESS when auth was ours in this handle for the user of now, else PAM_IGNORE. */
static int was_ours(pam_handle_t *pamh)
{
    const char *user = item(pamh, PAM_USER);
    const void *ours = NULL;

    if (user == NULL || pam_get_data(pamh, OURS, &ours) != PAM_SUCCESS || ours == NULL)
        return PAM_IGNORE;
    return strcmp(user, ours) == 0 ? PAM_SUCCESS : PAM_IGNORE;
}

/* `name` ends with the sign =. */
static int put_env(pam_handle_t *pamh, const char *name, const char *value)
{
    char line[16 + ASP_LABEL_SIZE];
    size_t length = strlen(name);

    memcpy(line, name, length);
    memcpy(line + length, value, strlen(value) + 1);
    return pam_putenv(pamh, line);
}

/* What an accepted login leaves in the handle. */
static int accept_login(pam_handle_t *pamh, const char *user, const struct asp_outcome *outcome)
{
    int code = put_env(pamh, "ASP_ID=", outcome->id);

    if (code == PAM_SUCCESS)
        code = put_env(pamh, "ASP_LABEL=", outcome->label);
    if (code == PAM_SUCCESS)
        code = put_env(pamh, "ASP_APP=", outcome->app);
    if (code == PAM_SUCCESS)
        code = remember(pamh, user);
    return code == PAM_SUCCESS ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* The items are read after the conversation, which may have set them anew. */
static int ask(pam_handle_t *pamh, const struct arguments *arguments, struct asp_request *request)
{
    const char *user = NULL;
    int code = pam_get_user(pamh, &user, NULL);

    if (code != PAM_SUCCESS || user == NULL) {
        pam_log(pamh, LOG_NOTICE, "no user was named: the application's conversation failed");
        return code == PAM_BUF_ERR ? PAM_BUF_ERR : PAM_AUTH_ERR;
    }
    code = token_get(pamh, arguments, &request->secret);
    if (code != PAM_SUCCESS) {
        pam_log(pamh, LOG_NOTICE, "no password was given");
        return code;
    }
    request->secret_length = strnlen(request->secret, TOKEN_MAX);
    request->user = item(pamh, PAM_USER);
    request->service = item(pamh, PAM_SERVICE);
    request->host = item(pamh, PAM_RHOST);
    if (request->user != NULL && request->service != NULL)
        return PAM_SUCCESS;
    pam_log(pamh, LOG_ERR, "the application does not say the user or the service");
    return PAM_AUTH_ERR;
}

/*
 * This process may not read or write what the login needs: a host that is not root, or one that is
 * fenced in. The broker decides, and has logged it then. Without one, what was decided here stands;
 * what was not is unavailable, and the line says what to start.
 */
static bool broker_decides(const struct asp_conf *conf, const struct asp_request *request,
                           struct asp_outcome *outcome)
{
    struct asp_outcome answer;
    struct asp_error error = {0};

    if (broker_client_ask(conf, request, &answer, &error) != ASP_OK) {
        if (asp_log_line_is_error(outcome)) {
            struct asp_error here = outcome->cause;
            char line[ASP_ERROR_LINE];
            char broker_line[ASP_ERROR_LINE];

            (void)asp_fail(&outcome->cause, here.status, "%.480s; %.480s",
                           asp_error_line(&here, line), asp_error_line(&error, broker_line));
        }
        return false;
    }
    asp_outcome_free(outcome);
    *outcome = answer;
    return true;
}

static int decide(pam_handle_t *pamh, const struct arguments *arguments,
                  const struct shared_conf *shared)
{
    const struct asp_conf *conf = conf_cache_read(shared);
    struct asp_request request = {.app = arguments->app};
    struct asp_outcome outcome;
    int code = ask(pamh, arguments, &request);

    if (code != PAM_SUCCESS)
        return code;
    asp_login(conf, conf_cache_kept(shared), &name_service, &request, time(NULL), &outcome);
    if (!outcome.denied || !broker_decides(conf, &request, &outcome))
        login_log_decision(log_auth_to_pam, pamh, conf, &request, &outcome);
    code = code_of(outcome.verdict);
    if (code == PAM_AUTHINFO_UNAVAIL && outcome.cause.status == ASP_NO_MEMORY)
        code = PAM_BUF_ERR;
    if (code == PAM_SUCCESS)
        code = accept_login(pamh, request.user, &outcome);
    asp_outcome_free(&outcome);
    return code;
}

/* sodium_init takes a lock each time, and one that another thread holds stays locked for good in a
 * process that is forked meanwhile. So it is not called again once it has succeeded. */
static bool sodium_is_ready(struct asp_error *error)
{
    static atomic_bool ready;

    if (atomic_load(&ready))
        return true;
    if (asp_random_check_start(error) != ASP_OK)
        return false;
    (void)asp_fail(error, ASP_IO, "libsodium does not start");
    if (sodium_init() >= 0)
        atomic_store(&ready, true);
    return atomic_load(&ready);
}

/* What cannot be read for a limit of the host is no fault of who wrote it. */
static int code_without_conf(enum asp_status status)
{
    switch (status) {
    case ASP_NO_MEMORY:
        return PAM_BUF_ERR;
    case ASP_NO_FILES:
        return PAM_AUTHINFO_UNAVAIL;
    default:
        return PAM_SERVICE_ERR;
    }
}

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct arguments arguments;
    struct asp_error error;
    char line[ASP_ERROR_LINE];
    struct shared_conf *conf = NULL;
    const char *wrong = arguments_read(argc, argv, &arguments);
    int code;

    (void)flags;
    asp_error_begin(&error);
    forget(pamh);
    if (wrong != NULL) {
        pam_log(pamh, LOG_ERR, "wrong argument %s: see pam_asp(8)", wrong);
        return PAM_SERVICE_ERR;
    }
    if (!sodium_is_ready(&error)) {
        pam_log(pamh, LOG_ERR, "%s", error.text);
        return PAM_AUTHINFO_UNAVAIL;
    }
    if (conf_cache_acquire(arguments.conf_path, arguments.conf_required, &conf, &error) != ASP_OK) {
        pam_log(pamh, LOG_ERR, "configuration: %s", asp_error_line(&error, line));
        return code_without_conf(error.status);
    }
    if (arguments.debug)
        pam_log(pamh, LOG_DEBUG, "configuration %s, store %s", arguments.conf_path,
                conf_cache_read(conf)->store);
    code = decide(pamh, &arguments, conf);
    conf_cache_release(conf);
    return code;
}

EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    (void)argc;
    (void)argv;
    return was_ours(pamh);
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    (void)argc;
    (void)argv;
    return was_ours(pamh);
}

/* The change of the primary password never fails because of us. */
EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct arguments arguments;
    struct asp_error error = {0};
    const char *wrong = arguments_read(argc, argv, &arguments);
    const char *user = item(pamh, PAM_USER);
    const char *service = item(pamh, PAM_SERVICE);

    if ((flags & PAM_UPDATE_AUTHTOK) == 0)
        return PAM_SUCCESS;
    if (wrong != NULL)
        pam_log(pamh, LOG_ERR, "wrong argument %s: see pam_asp(8)", wrong);
    else if (!sodium_is_ready(&error))
        pam_log(pamh, LOG_ERR, "%s", error.text);
    else if (user != NULL && service != NULL)
        password_was_set(pamh, &arguments, user, service);
    return PAM_SUCCESS;
}
