/* One pass over all accounts, against what the source of primaries says now. */
#include "compare_all.h"

#include "signals.h"

#include "asp-admin/primary/primary_source.h"
#include "asp-admin/system/name_list.h"
#include "asp/reconcile.h"

#include <stdio.h>
#include <string.h>

enum {
    /* A faulty program would sign everybody out: more than this many, and more than this share
     * of all accounts, is held back. */
    HELD_ABOVE = 20,
    HELD_ABOVE_PERCENT = 5,
    TRIES = 3, /* of a pass that a newer source has overtaken */
};

struct pass {
    struct admin *admin;
    struct primary_source source;
    struct name_list changed;
    struct name_list due; /* their fingerprint is to be taken */
    bool overtaken;       /* the source has changed since it was read */
    struct compare_result *result;
};

static void count_failure(struct compare_result *result, const struct asp_error *error)
{
    if (result->failed == 0)
        result->failure = *error;
    result->failed++;
    result->unknown++;
}

/* Nothing is written while the folder is read: a file that is replaced may come twice. */
static enum asp_status look(const char *user, void *context)
{
    struct pass *pass = context;
    struct compare_result *result = pass->result;
    struct asp_error error = {0};
    struct asp_primary_now now;
    struct asp_account account;
    enum asp_primary primary;
    enum asp_status status;
    struct name_list *list = NULL;

    if (signals_stop_is_pending())
        return ASP_INTERRUPTED;
    if (!asp_source_traits(pass->source.kind).is_compared) {
        result->accounts++;
        return ASP_OK;
    }
    status = asp_store_load(&pass->admin->store, user, "", &account, &error);
    if (status == ASP_NOT_FOUND)
        return ASP_OK;
    result->accounts++;
    if (status != ASP_OK) {
        count_failure(result, &error);
        return ASP_OK;
    }
    primary_source_find(&pass->source, user, &now);
    primary = asp_primary_compare(&account.primary, &now, pass->admin->now);
    if (primary == ASP_PRIMARY_UNKNOWN)
        result->unknown++;
    else if (primary == ASP_PRIMARY_CHANGED)
        list = &pass->changed;
    else if (asp_primary_is_due(&account.primary, &now))
        list = &pass->due;
    asp_account_free(&account);
    return list == NULL || name_list_add(list, user) ? ASP_OK : ASP_NO_MEMORY;
}

static void settle(struct pass *pass, const char *user, bool changed)
{
    struct admin *admin = pass->admin;
    struct compare_result *result = pass->result;
    struct asp_revocation how =
        asp_revocation_of(admin->conf, admin->now, admin->by, ASP_HOOK_BY_WATCH);
    struct asp_error error = {0};
    struct asp_reconciled done = {.count = 0};
    struct asp_primary_now now;
    enum asp_status status;

    primary_source_find(&pass->source, user, &now);
    status = asp_reconcile(&admin->store, user, &now, &how, false, &done, &error);
    /* The shadow file is read again; a command is asked at the next pass. */
    if (status == ASP_OK && done.primary == ASP_PRIMARY_UNKNOWN && now.asked == NULL)
        pass->overtaken = true;
    else if (status == ASP_OK && done.primary == ASP_PRIMARY_UNKNOWN)
        result->unknown++;
    else if (status != ASP_NOT_FOUND && changed)
        result->changed++;
    if (status != ASP_OK && status != ASP_NOT_FOUND)
        count_failure(result, &error);
    result->revoked += done.count;
    for (size_t i = 0; i < done.count; i++)
        admin_log_change(admin, user, "revoked", &done.revoked[i], ASP_REASON_PRIMARY);
    asp_reconciled_free(&done);
}

static enum asp_status settle_all(struct pass *pass, const struct name_list *names, bool changed)
{
    for (size_t i = 0; i < names->count && !pass->overtaken; i++) {
        if (signals_stop_is_pending())
            return ASP_INTERRUPTED;
        settle(pass, names->list[i], changed);
    }
    return ASP_OK;
}

static bool is_too_many(const struct pass *pass)
{
    return asp_source_traits(pass->source.kind).is_program && pass->changed.count > HELD_ABOVE &&
           pass->changed.count * 100 > pass->result->accounts * HELD_ABOVE_PERCENT;
}

static enum asp_status make_pass(struct pass *pass, bool confirmed, struct asp_error *error)
{
    struct admin *admin = pass->admin;
    struct compare_result *result = pass->result;
    enum asp_status status;

    status = primary_source_read(admin->conf, &pass->source, error);
    if (status == ASP_OK)
        status = asp_store_each(&admin->store, look, pass, error);
    if (status == ASP_NO_MEMORY)
        (void)asp_fail(error, status, "out of memory");
    if (status == ASP_OK && !confirmed && is_too_many(pass))
        result->changed = result->held = pass->changed.count;
    else if (status == ASP_OK)
        status = settle_all(pass, &pass->changed, true);
    if (status == ASP_OK)
        status = settle_all(pass, &pass->due, false);
    name_list_clear(&pass->changed);
    name_list_clear(&pass->due);
    primary_source_close(&pass->source);
    return status;
}

enum asp_status compare_all(struct admin *admin, bool confirmed, struct compare_result *result,
                            struct asp_error *error)
{
    enum asp_status status;

    memset(result, 0, sizeof *result);
    for (int i = 0; i < TRIES; i++) {
        struct pass pass = {.admin = admin, .result = result};

        result->accounts = result->unknown = result->failed = 0;
        status = make_pass(&pass, confirmed, error);
        if (status != ASP_OK || !pass.overtaken)
            return status;
    }
    return asp_fail(error, ASP_BUSY, ASP_SHADOW_PATH " changes all the time");
}
