/* The neighbours of the module's entry points, played: libpam, the decision and the broker. */
#include "pam_asp_fixture.h"

#include "pam_asp/broker_client.h"
#include "pam_asp/conf_cache.h"
#include "pam_asp/login_log.h"
#include "pam_asp/name_service.h"
#include "pam_asp/pam_log.h"
#include "pam_asp/password_stack.h"
#include "pam_asp/token.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>

#define OURS "pam_asp_user"

struct pam_handle handle;
struct logged logged;

const char *user; /* as pam_get_user tells it */
int user_code;
const char *token;
int token_code;
struct asp_outcome decision;
struct asp_request asked; /* what asp_login was asked */
int logins;
int decisions;           /* that were logged */
struct asp_outcome told; /* the last of them */
enum asp_status broker_status;
struct asp_outcome broker_decision;
int brokers; /* how often it was asked */
int sodium_code;
int sodium_starts;
enum asp_status random_status;
enum asp_status conf_status;
int confs;    /* that are held */
int outcomes; /* the same */
int passwords;
bool strdup_fails;
static char *copy;
char conf_argument[UNIT_PATH + 16];

int pam_get_item(const pam_handle_t *pamh, int type, const void **value)
{
    *value = type == PAM_USER      ? pamh->user
             : type == PAM_SERVICE ? pamh->service
             : type == PAM_RHOST   ? pamh->host
                                   : NULL;
    return pamh->item_fails == type ? PAM_BAD_ITEM : PAM_SUCCESS;
}

int pam_get_user(pam_handle_t *pamh, const char **name, const char *prompt)
{
    ck_assert_ptr_null(prompt);
    (void)pamh;
    *name = user;
    return user_code;
}

int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
                 void (*cleanup)(pam_handle_t *pamh, void *data, int status))
{
    ck_assert_str_eq(name, OURS);
    if (pamh->set_fails)
        return PAM_BUF_ERR;
    if (pamh->free_data != NULL)
        pamh->free_data(pamh, pamh->data, 0);
    pamh->data = data;
    pamh->free_data = cleanup;
    pamh->has_data = true;
    return PAM_SUCCESS;
}

int pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
    ck_assert_str_eq(name, OURS);
    if (!pamh->has_data)
        return PAM_NO_MODULE_DATA;
    *data = pamh->data;
    return PAM_SUCCESS;
}

static int place_of(const char *text)
{
    static const char *const names[] = {"ASP_ID", "ASP_LABEL", "ASP_APP"};

    for (int i = 0; i < VARIABLES; i++) {
        if (strncmp(text, names[i], strcspn(text, "=")) == 0 &&
            strlen(names[i]) == strcspn(text, "="))
            return i;
    }
    ck_abort_msg("%s", text);
}

/* A name without = takes the variable away. */
int pam_putenv(pam_handle_t *pamh, const char *text)
{
    int at = place_of(text);

    pamh->put++;
    if (pamh->put == pamh->put_fails)
        return PAM_PERM_DENIED;
    (void)snprintf(pamh->variable[at], LINE, "%s", strchr(text, '=') != NULL ? text : "");
    return PAM_SUCCESS;
}

void pam_log(const pam_handle_t *pamh, int level, const char *format, ...)
{
    va_list args;

    ck_assert_ptr_eq(pamh, &handle);
    ck_assert_int_lt(logged.lines, LINES);
    logged.level[logged.lines] = level;
    va_start(args, format);
    (void)vsnprintf(logged.line[logged.lines++], LINE, format, args);
    va_end(args);
}

void log_auth_to_pam(void *pamh, int level, const char *line)
{
    pam_log(pamh, level, "%s", line);
}

int token_get(pam_handle_t *pamh, const struct arguments *arguments, const char **given)
{
    ck_assert_ptr_eq(pamh, &handle);
    ck_assert(!arguments->use_first_pass);
    *given = token;
    return token_code;
}

void password_was_set(pam_handle_t *pamh, const struct arguments *arguments, const char *name,
                      const char *service)
{
    ck_assert_ptr_eq(pamh, &handle);
    ck_assert_str_eq(arguments->conf_path, conf_argument + strlen("config="));
    ck_assert_str_eq(name, "alice");
    ck_assert_str_eq(service, "imap");
    passwords++;
}

void __wrap_asp_login(const struct asp_conf *conf, const struct asp_store_kept *kept,
                      const struct asp_name_service *names, const struct asp_request *request,
                      time_t now, struct asp_outcome *outcome);
void __wrap_asp_login(const struct asp_conf *conf, const struct asp_store_kept *kept,
                      const struct asp_name_service *names, const struct asp_request *request,
                      time_t now, struct asp_outcome *outcome)
{
    ck_assert_str_eq(conf->store, "/var/lib/of-this-test");
    ck_assert_ptr_nonnull(kept);
    ck_assert_ptr_eq(names, &name_service);
    ck_assert_int_ge(now, time(NULL) - 100);
    ck_assert_int_eq(confs, 1);
    asked = *request;
    *outcome = decision;
    outcomes++;
    logins++;
}

void __wrap_asp_outcome_free(struct asp_outcome *outcome);
void __wrap_asp_outcome_free(struct asp_outcome *outcome)
{
    ck_assert_ptr_nonnull(outcome);
    outcomes--;
}

enum asp_status broker_client_ask(const struct asp_conf *conf, const struct asp_request *request,
                                  struct asp_outcome *outcome, struct asp_error *error)
{
    ck_assert_str_eq(conf->store, "/var/lib/of-this-test");
    ck_assert_str_eq(request->user, "alice");
    brokers++;
    if (broker_status != ASP_OK)
        return asp_fail(error, broker_status, "no broker");
    *outcome = broker_decision;
    outcomes++;
    return ASP_OK;
}

void __wrap_login_log_decision(login_log_write *log, void *context, const struct asp_conf *conf,
                               const struct asp_request *request,
                               const struct asp_outcome *outcome);
void __wrap_login_log_decision(login_log_write *log, void *context, const struct asp_conf *conf,
                               const struct asp_request *request, const struct asp_outcome *outcome)
{
    ck_assert(log == log_auth_to_pam && context == &handle);
    ck_assert_ptr_nonnull(conf);
    ck_assert_str_eq(request->user, "alice");
    told = *outcome;
    decisions++;
}

enum asp_status __real_conf_cache_acquire(const char *path, bool required,
                                          struct shared_conf **shared, struct asp_error *error);
enum asp_status __wrap_conf_cache_acquire(const char *path, bool required,
                                          struct shared_conf **shared, struct asp_error *error);
enum asp_status __wrap_conf_cache_acquire(const char *path, bool required,
                                          struct shared_conf **shared, struct asp_error *error)
{
    enum asp_status status;

    ck_assert(required);
    if (conf_status != ASP_OK)
        return asp_fail(error, conf_status, "it is played");
    status = __real_conf_cache_acquire(path, required, shared, error);
    confs += status == ASP_OK;
    return status;
}

void __real_conf_cache_release(struct shared_conf *shared);
void __wrap_conf_cache_release(struct shared_conf *shared);
void __wrap_conf_cache_release(struct shared_conf *shared)
{
    confs--;
    __real_conf_cache_release(shared);
}

int __wrap_sodium_init(void);
int __wrap_sodium_init(void)
{
    sodium_starts++;
    return sodium_code;
}

enum asp_status __wrap_asp_random_check_start(struct asp_error *error);
enum asp_status __wrap_asp_random_check_start(struct asp_error *error)
{
    return random_status == ASP_OK ? ASP_OK : asp_fail(error, random_status, "no random numbers");
}

/* The name of whose login it was is kept by the handle, or freed. */
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    if (text != handle.user)
        return __real_strdup(text);
    copy = strdup_fails ? NULL : __real_strdup(text);
    return copy;
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    if (memory == copy)
        copy = NULL;
    __real_free(memory);
}

void begin(void)
{
    static char text[] = "store = \"/var/lib/of-this-test\";";

    (void)snprintf(conf_argument, sizeof conf_argument, "config=%s",
                   unit_path(unit_folder(), "asp.conf"));
    file_write(conf_argument + strlen("config="), text, strlen(text));
    handle = (struct pam_handle){.user = "alice", .service = "imap", .host = "192.0.2.7"};
    user = "alice";
    sodium_starts = 0;
    token = "7k012-34567";
    decision =
        (struct asp_outcome){.verdict = ASP_ACCEPTED, .app = "mail", .id = "7k", .label = "Phone"};
}

int call(entry_point *function, int flags, const char *more)
{
    const char *argv[] = {conf_argument, more};
    int code;

    memset(&logged, 0, sizeof logged);
    code = function(&handle, flags, more != NULL ? 2 : 1, argv);
    ck_assert_int_eq(confs, 0);
    ck_assert_int_eq(outcomes, 0);
    ck_assert_ptr_eq(copy, handle.data);
    return code;
}

void end(void)
{
    if (handle.free_data != NULL)
        handle.free_data(&handle, handle.data, 0);
    ck_assert_ptr_null(copy);
}
