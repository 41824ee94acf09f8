#include "reconcile.h"

#include "shadow.h"
#include "when.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct settling {
    const struct asp_primary_now *now;
    const struct asp_revocation *how;
    bool reached;
    struct asp_reconciled *result;
};

/* Copies of the entries that a change would revoke. */
static enum asp_status keep_copies(const struct asp_account *account, struct asp_reconciled *result,
                                   struct asp_error *error)
{
    result->revoked = calloc(account->count + 1, sizeof *result->revoked);
    if (result->revoked == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < account->count; i++) {
        if (account->entries[i].revoked == ASP_NEVER)
            result->revoked[result->count++] = account->entries[i];
    }
    return ASP_OK;
}

static enum asp_status settle(struct asp_account *account, void *context, struct asp_error *error)
{
    const struct settling *settling = context;
    struct asp_reconciled *result = settling->result;
    bool written;

    /* What was read before the lock may be overtaken, and would undo what was made since. */
    if (asp_shadow_is_stale(settling->now)) {
        result->primary = ASP_PRIMARY_UNKNOWN;
        return ASP_UNCHANGED;
    }
    if (keep_copies(account, result, error) != ASP_OK)
        return ASP_NO_MEMORY;
    result->primary =
        asp_primary_settle(account, settling->now, settling->how, settling->reached, &written);
    if (result->primary != ASP_PRIMARY_CHANGED)
        result->count = 0;
    return written ? ASP_OK : ASP_UNCHANGED;
}

enum asp_status asp_reconcile(const struct asp_store *store, const char *user,
                              const struct asp_primary_now *now, const struct asp_revocation *how,
                              bool reached, struct asp_reconciled *result, struct asp_error *error)
{
    struct settling settling = {now, how, reached, result};
    struct asp_account account;
    enum asp_status status;
    bool due;

    memset(result, 0, sizeof *result);
    status = asp_store_load(store, user, "", &account, error);
    if (status != ASP_OK)
        return status;
    result->primary = asp_primary_compare(&account.primary, now, how->when);
    due = now->says != ASP_SAYS_NOTHING && asp_primary_is_due(&account.primary, now->source);
    asp_account_free(&account);
    if (result->primary != ASP_PRIMARY_CHANGED && !due &&
        !(reached && now->says == ASP_SAYS_ABSENT))
        return ASP_OK;

    status = asp_store_update(store, user, false, settle, &settling, error);
    if (status != ASP_OK && status != ASP_UNCHANGED) {
        result->count = 0;
        return status;
    }
    return ASP_OK;
}

void asp_reconciled_free(struct asp_reconciled *result)
{
    if (result->revoked != NULL)
        sodium_memzero(result->revoked, result->count * sizeof *result->revoked);
    free(result->revoked);
    memset(result, 0, sizeof *result);
}
