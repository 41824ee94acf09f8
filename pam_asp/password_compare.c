/* A new primary password, and the account that it is compared with. */
#include "password_compare.h"

#include "name_service.h"

#include "asp/buffer.h"
#include "asp/reconcile.h"

#include <stdio.h>
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

/*
 * Compares what shadow says now. A user who has no line there has her password elsewhere: that this
 * is reached is all that can be seen of the change. One who has a line, where another source is
 * configured, is left to that source.
 */
static enum asp_status reconcile(const struct asp_conf *conf, const char *user,
                                 const struct asp_revocation *how, struct asp_account_name *found,
                                 struct asp_reconciled *result, struct asp_error *error)
{
    const bool everybody = asp_source_traits(conf->primary_source).at_login;
    struct asp_look look = {.now.source = conf->primary_source};
    struct asp_store store;
    enum asp_status status = asp_store_open(&store, conf, NULL, error);

    if (status == ASP_OK)
        status = asp_account_name(conf, &store, &name_service, user, found, error);
    /* Who has no account may be about to have a first app password. */
    if (status == ASP_NOT_FOUND && found->name[0] != '\0')
        status = ASP_OK;
    result->primary = ASP_PRIMARY_UNKNOWN;
    while (status == ASP_OK && result->primary == ASP_PRIMARY_UNKNOWN) {
        asp_reconciled_free(result);
        result->primary = ASP_PRIMARY_SAME;
        if (!asp_look_again(found->name, &look, error))
            status = error->status;
        else if (everybody || look.now.says == ASP_SAYS_ABSENT)
            status = asp_reconcile(&store, found->name, &look.now, how, true, result, error);
    }
    asp_look_end(&look);
    asp_store_close(&store);
    return status;
}

enum asp_status password_compare(const struct asp_conf *conf, const char *user, const char *service,
                                 login_log_write *log, void *context, struct asp_error *error)
{
    char by[ASP_BY_SIZE];
    struct asp_account_name found = {0};
    struct asp_revocation how;
    struct asp_reconciled result = {0};
    enum asp_status status;

    if (!asp_source_traits(conf->primary_source).is_compared)
        return ASP_OK;
    (void)snprintf(by, sizeof by, "pam:%s", service);
    how = asp_revocation_of(conf, time(NULL), by);
    status = reconcile(conf, user, &how, &found, &result, error);
    login_log_revocations(log, context, by, found.name, result.revoked, result.count);
    asp_reconciled_free(&result);
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}
