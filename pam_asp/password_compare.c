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

/* Those of one user. */
struct accounts {
    struct account {
        char name[ASP_USER_MAX + 1];
        bool is_own; /* the name service knows a user by it, so it follows nobody */
    } list[2];
    size_t count;
};

static void add_account(struct accounts *accounts, const char *name, bool is_own)
{
    struct account *account = &accounts->list[accounts->count];
    char file[ASP_USER_FILE + 1];

    if (!asp_user_encode(name, file)) /* there is none */
        return;
    if (accounts->count > 0 && strcmp(accounts->list[0].name, name) == 0)
        account = &accounts->list[0];
    else
        accounts->count++;
    memcpy(account->name, name, strlen(name) + 1);
    account->is_own = account->is_own || is_own;
}

/* The user's own account is found by asking, which a login by one of this very spelling does not
 * do: by what was typed or, where that is not known, without its domain. */
static enum asp_status ask_for_own(const char *typed, const char *spelled,
                                   struct accounts *accounts, struct asp_error *error)
{
    char known[ASP_USER_MAX + 1];
    enum asp_answer answer = name_service.ask(name_service.context, typed, known, sizeof known);

    if (answer == ASP_USER_NOT_KNOWN && strcmp(spelled, typed) != 0)
        answer = name_service.ask(name_service.context, spelled, known, sizeof known);
    if (answer == ASP_USER_NOT_TOLD)
        return asp_fail(error, ASP_IO, "the name service does not say who this user is: it failed");
    if (answer == ASP_USER_KNOWN)
        add_account(accounts, known, true);
    return ASP_OK;
}

static enum asp_status find_accounts(const struct asp_conf *conf, const struct asp_store *store,
                                     const char *user, struct accounts *accounts,
                                     struct asp_error *error)
{
    struct asp_account_name found;
    enum asp_status status = asp_account_name(conf, store, &name_service, user, &found, error);

    if (status != ASP_OK && status != ASP_AMBIGUOUS && status != ASP_NOT_FOUND)
        return status;
    if (status == ASP_AMBIGUOUS)
        add_account(accounts, user, false);
    /* Who has no account may be about to have a first app password. */
    add_account(accounts, found.name, found.known);
    if ((status == ASP_OK && !found.known) || (status == ASP_AMBIGUOUS && found.name[0] == '\0'))
        return ask_for_own(user, found.name[0] != '\0' ? found.name : user, accounts, error);
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
    struct asp_look look = {.now.source = conf->primary_source};
    enum asp_status status = ASP_OK;

    look.is_own = account->is_own;
    result->primary = ASP_PRIMARY_UNKNOWN;
    while (status == ASP_OK && result->primary == ASP_PRIMARY_UNKNOWN) {
        asp_reconciled_free(result);
        asp_look_begin(store, account->name, &look);
        result->primary = ASP_PRIMARY_SAME;
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

/* Before anything is compared: what is made by an answer to the old password meanwhile is refused,
 * or revoked then. */
static void note(const struct asp_store *store, const char *account, struct outcome *outcome)
{
    struct asp_error error = {0};
    enum asp_status status = asp_store_note_password(store, account, &error);

    if (status != ASP_INVALID) /* there can be none of it */
        keep_first(outcome, status, &error);
}

/* What was found is compared also where not all was. */
static enum asp_status compare_all(const struct asp_conf *conf, const struct asp_store *store,
                                   const char *user, const char *service, login_log_write *log,
                                   void *context, struct asp_error *error)
{
    char by[ASP_BY_SIZE];
    struct accounts accounts = {.count = 0};
    struct asp_revocation how;
    struct outcome outcome = {ASP_OK, error};
    struct asp_error why = {0};

    note(store, user, &outcome);
    keep_first(&outcome, find_accounts(conf, store, user, &accounts, &why), &why);
    for (size_t i = 0; i < accounts.count; i++) {
        if (strcmp(accounts.list[i].name, user) != 0)
            note(store, accounts.list[i].name, &outcome);
    }
    (void)snprintf(by, sizeof by, "pam:%s", service);
    how = asp_revocation_of(conf, time(NULL), by);
    for (size_t i = 0; i < accounts.count; i++) {
        const struct account *account = &accounts.list[i];
        struct asp_reconciled result = {0};

        keep_first(&outcome, reconcile(conf, store, account, &how, &result, &why), &why);
        login_log_revocations(log, context, by, account->name, result.revoked, result.count);
        asp_reconciled_free(&result);
    }
    return outcome.status;
}

enum asp_status password_compare(const struct asp_conf *conf, const char *user, const char *service,
                                 login_log_write *log, void *context, struct asp_error *error)
{
    struct asp_store store;
    enum asp_status status;

    if (!asp_source_traits(conf->primary_source).is_compared)
        return ASP_OK;
    status = asp_store_open(&store, conf, NULL, error);
    if (status == ASP_OK)
        status = compare_all(conf, &store, user, service, log, context, error);
    asp_store_close(&store);
    return status;
}
