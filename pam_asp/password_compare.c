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

static void add_account(struct password_accounts *accounts, const char *name)
{
    if (name[0] == '\0' || (accounts->count > 0 && strcmp(accounts->names[0], name) == 0))
        return;
    memcpy(accounts->names[accounts->count++], name, strlen(name) + 1);
}

/*
 * The account of the user, and one that an older version has made of this very spelling of her
 * name: the first is found by asking, which a login by the second does not do. Who has no account
 * may be about to have a first app password.
 */
static enum asp_status find_accounts(const struct asp_conf *conf, const struct asp_store *store,
                                     const char *user, struct password_accounts *accounts,
                                     struct asp_error *error)
{
    struct asp_account_name found;
    char known[ASP_USER_MAX + 1];
    enum asp_status status = asp_account_name(conf, store, &name_service, user, &found, error);

    if (status != ASP_OK && status != ASP_AMBIGUOUS && status != ASP_NOT_FOUND)
        return status;
    if (status == ASP_AMBIGUOUS)
        add_account(accounts, user);
    add_account(accounts, found.name);
    if (status != ASP_OK || found.known)
        return ASP_OK;
    switch (name_service.ask(name_service.context, user, known, sizeof known)) {
    case ASP_USER_KNOWN:
        add_account(accounts, known);
        break;
    case ASP_USER_NOT_KNOWN:
        break;
    case ASP_USER_NOT_TOLD:
        return asp_fail(error, ASP_IO, "the name service does not say who this user is: it failed");
    }
    return ASP_OK;
}

/*
 * Compares what shadow says now. A user who has no line there has her password elsewhere: that this
 * is reached is all that can be seen of the change. One who has a line, where another source is
 * configured, is left to that source.
 */
static enum asp_status reconcile(const struct asp_conf *conf, const struct asp_store *store,
                                 const char *name, const struct asp_revocation *how,
                                 struct asp_reconciled *result, struct asp_error *error)
{
    const bool everybody = asp_source_traits(conf->primary_source).at_login;
    struct asp_look look = {.now.source = conf->primary_source};
    enum asp_status status = ASP_OK;

    asp_look_begin(store, name, &look);
    result->primary = ASP_PRIMARY_UNKNOWN;
    while (status == ASP_OK && result->primary == ASP_PRIMARY_UNKNOWN) {
        asp_reconciled_free(result);
        result->primary = ASP_PRIMARY_SAME;
        if (!asp_look_again(name, &look, error))
            status = error->status;
        else if (everybody || look.now.says == ASP_SAYS_ABSENT)
            status = asp_reconcile(store, name, &look.now, how, true, result, error);
    }
    asp_look_end(&look);
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}

enum asp_status password_compare(const struct asp_conf *conf, const char *user, const char *service,
                                 login_log_write *log, void *context,
                                 struct password_accounts *accounts, struct asp_error *error)
{
    char by[ASP_BY_SIZE];
    struct asp_revocation how;
    struct asp_store store;
    enum asp_status status;

    accounts->count = 0;
    if (!asp_source_traits(conf->primary_source).is_compared)
        return ASP_OK;
    (void)snprintf(by, sizeof by, "pam:%s", service);
    how = asp_revocation_of(conf, time(NULL), by);
    status = asp_store_open(&store, conf, NULL, error);
    if (status == ASP_OK)
        status = find_accounts(conf, &store, user, accounts, error);
    for (size_t i = 0; i < accounts->count; i++) {
        struct asp_reconciled result = {0};
        struct asp_error why = {0};
        enum asp_status one = reconcile(conf, &store, accounts->names[i], &how, &result, &why);

        login_log_revocations(log, context, by, accounts->names[i], result.revoked, result.count);
        asp_reconciled_free(&result);
        if (one != ASP_OK && status == ASP_OK) {
            status = one;
            *error = why;
        }
    }
    asp_store_close(&store);
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}
