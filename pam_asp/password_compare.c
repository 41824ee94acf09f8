/* A new primary password, and the account that it is compared with. */
#include "password_compare.h"

#include "name_service.h"

#include "asp/buffer.h"
#include "asp/reconcile.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

void password_not_compared(login_log_write *log, void *context, const char *user,
                           const struct asp_error *error)
{
    char cause[ASP_ERROR_LINE];
    struct asp_buffer line = {0};

    asp_buffer_add(&line, NOT_COMPARED "user=");
    asp_buffer_add_logged(&line, user);
    asp_buffer_add(&line, " cause=");
    asp_buffer_add_logged(&line, asp_error_line(error, cause));
    if (!line.failed)
        log(context, LOG_ERR, line.text);
    asp_buffer_free(&line);
}

struct account {
    char name[ASP_USER_MAX + 1]; /* empty: there can be none */
    bool is_own;                 /* the name service knows a user by it, so it follows nobody */
    bool again;                  /* it was compared before that was known */
};

static struct account account_of(const char *name, bool is_own)
{
    struct account account = {.is_own = is_own};
    char encoded[ASP_USER_ENCODED + 1];

    if (asp_user_encode(name, encoded))
        memcpy(account.name, name, strlen(name) + 1);
    return account;
}

/* The user's own account is found by asking, which a login by one of this very spelling does not
 * do: by what was typed or, where that is not known, without its domain. */
static enum asp_status ask_for_own(const char *typed, const char *spelled, struct account *own,
                                   struct asp_error *error)
{
    char known[ASP_USER_MAX + 1] = "";
    enum asp_answer answer = name_service.ask(name_service.context, typed, known, sizeof known);

    if (answer == ASP_USER_NOT_KNOWN && strcmp(spelled, typed) != 0)
        answer = name_service.ask(name_service.context, spelled, known, sizeof known);
    if (answer == ASP_USER_NOT_TOLD)
        return asp_fail(error, ASP_IO, "the name service does not say who this user is: it failed");
    *own = account_of(answer == ASP_USER_KNOWN ? known : "", true);
    return ASP_OK;
}

/*
 * Compares what shadow says now. A user who has no line there has her password elsewhere: that this
 * is reached is all that can be seen of the change. One who has a line, where another source is
 * configured, is left to that source.
 */
static enum asp_status reconcile(const struct asp_conf *conf, const struct asp_store *store,
                                 const struct account *account, const struct asp_revocation *how,
                                 struct asp_reconciled *result, struct asp_error *error)
{
    const bool everybody = asp_source_traits(conf->primary_source).at_login;
    struct asp_look look = {.now = {.source = conf->primary_source, .realm = asp_realm_of(conf)}};
    enum asp_status status = ASP_OK;

    look.is_own = account->is_own;
    result->primary = ASP_PRIMARY_UNKNOWN;
    while (status == ASP_OK && result->primary == ASP_PRIMARY_UNKNOWN) {
        asp_reconciled_free(result);
        asp_look_begin(store, account->name, &look);
        result->primary = ASP_PRIMARY_SAME;
        /* To be reached is a change once, and there may be new ones by now. */
        if (account->again && look.follows[0] == '\0')
            break;
        if (!asp_look_again(account->name, &look, error))
            status = error->status;
        else if (everybody || look.now.says == ASP_SAYS_ABSENT)
            status = asp_reconcile(store, account->name, &look.now, how, true, result, error);
    }
    asp_look_end(&look);
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}

/* Of what is done one by one, the first that failed. */
struct outcome {
    enum asp_status status;
    struct asp_error *error;
};

static void keep_first(struct outcome *outcome, enum asp_status status,
                       const struct asp_error *error)
{
    if (status == ASP_OK || outcome->status != ASP_OK)
        return;
    outcome->status = status;
    *outcome->error = *error;
}

/* One password that was set. */
struct setting {
    const struct asp_conf *conf;
    const struct asp_store *store;
    const char *user; /* as it was typed */
    struct asp_revocation how;
    login_log_write *log;
    void *context;
    struct outcome outcome;
};

/* Before it is compared: what is made by an answer to the old password meanwhile is refused, or
 * revoked then. */
static void note(struct setting *setting, const char *account)
{
    struct asp_error error = {0};
    enum asp_status status = asp_store_note_password(setting->store, account, &error);

    if (status != ASP_INVALID) /* there can be none of it */
        keep_first(&setting->outcome, status, &error);
}

static void compare(struct setting *setting, const struct account *account)
{
    struct asp_reconciled result = {0};
    struct asp_error error = {0};
    enum asp_status status;

    if (account->name[0] == '\0')
        return;
    if (strcmp(account->name, setting->user) != 0)
        note(setting, account->name);
    status = reconcile(setting->conf, setting->store, account, &setting->how, &result, &error);
    keep_first(&setting->outcome, status, &error);
    login_log_revocations(setting->log, setting->context, setting->how.by, account->name,
                          result.revoked, result.count);
    asp_reconciled_free(&result);
}

/* What is found without asking is compared before anybody is asked, who may not answer. */
static void compare_all(struct setting *setting)
{
    const char *user = setting->user;
    struct asp_error error = {0};
    struct asp_account_name found;
    struct account account;
    bool ambiguous;
    enum asp_status status;

    note(setting, user);
    status = asp_account_name(setting->conf, setting->store, &name_service, user, &found, &error);
    if (status != ASP_OK && status != ASP_AMBIGUOUS && status != ASP_NOT_FOUND) {
        keep_first(&setting->outcome, status, &error);
        return;
    }
    ambiguous = status == ASP_AMBIGUOUS;
    account = account_of(user, false);
    if (ambiguous)
        compare(setting, &account);
    /* Who has no account may be about to have a first app password. */
    account = account_of(found.name, found.known);
    compare(setting, &account);
    if (status == ASP_NOT_FOUND || (found.known && found.name[0] != '\0'))
        return;
    status = ask_for_own(user, found.name[0] != '\0' ? found.name : user, &account, &error);
    keep_first(&setting->outcome, status, &error);
    account.again =
        strcmp(account.name, found.name) == 0 || (ambiguous && strcmp(account.name, user) == 0);
    if (status == ASP_OK)
        compare(setting, &account);
}

enum asp_status password_compare(const struct asp_conf *conf, struct asp_store_kept *kept,
                                 const char *user, const char *service, login_log_write *log,
                                 void *context, struct asp_error *error)
{
    char by[ASP_BY_SIZE];
    struct asp_store store;
    struct setting setting = {
        conf, &store, user, asp_revocation_of(conf, time(NULL), by), log, context, {ASP_OK, error}};
    enum asp_status status;

    if (!asp_source_traits(conf->primary_source).is_compared)
        return ASP_OK;
    (void)snprintf(by, sizeof by, "pam:%s", service);
    status = asp_store_open(&store, conf, kept, error);
    if (status == ASP_OK)
        status = asp_store_now(&store, &setting.how.when, error);
    if (status == ASP_OK) {
        compare_all(&setting);
        status = setting.outcome.status;
    }
    asp_store_close(&store);
    return status;
}
