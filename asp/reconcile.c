/* One account, brought up to what its user's primary password is now. */
#include "reconcile.h"

#include <string.h>

enum { TRIES = 5 }; /* for one user, while the shadow file goes on being changed */

void asp_look_begin(const struct asp_store *store, const char *user, struct asp_look *look)
{
    struct asp_account account;

    if (asp_store_load(store, user, "", &account, NULL) != ASP_OK)
        return;
    memcpy(look->follows, account.follows, sizeof look->follows);
    asp_account_free(&account);
}

bool asp_look_again(const char *user, struct asp_look *look, struct asp_error *error)
{
    const enum asp_source kind = look->now.source;
    const struct asp_realm realm = look->now.realm;

    if (look->now.asked != NULL)
        return false;
    if (look->tries++ == TRIES) {
        (void)asp_fail(error, ASP_BUSY, ASP_SHADOW_PATH " is not whole, or changes all the time");
        return false;
    }
    asp_shadow_free(&look->newer);
    if (asp_shadow_read(ASP_SHADOW_PATH, &look->newer, error) != ASP_OK)
        return false;
    asp_shadow_find(&look->newer, user, look->is_own ? NULL : look->follows, &look->now);
    look->now.source = kind;
    look->now.realm = realm;
    return true;
}

void asp_look_end(struct asp_look *look)
{
    asp_shadow_free(&look->newer);
    memset(look, 0, sizeof *look);
}

struct settling {
    const struct asp_primary_now *now;
    const struct asp_revocation *how;
    bool reached;
    struct asp_reconciled *result;
};

static void forget_copies(struct asp_reconciled *result)
{
    asp_entries_free(result->revoked, result->count);
    result->revoked = NULL;
    result->count = 0;
}

static enum asp_status settle(struct asp_account *account, void *context, struct asp_error *error)
{
    const struct settling *settling = context;
    struct asp_reconciled *result = settling->result;
    bool written;

    forget_copies(result);
    /* What was read before the lock may be overtaken, and would undo what was made since. */
    if (asp_primary_is_overtaken(account, settling->now)) {
        result->primary = ASP_PRIMARY_UNKNOWN;
        return ASP_UNCHANGED;
    }
    if (asp_account_copy(account, false, &result->revoked, &result->count) != ASP_OK)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    result->primary =
        asp_primary_settle(account, settling->now, settling->how, settling->reached, &written);
    if (result->primary != ASP_PRIMARY_CHANGED)
        forget_copies(result);
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
    /* Who makes her first one sees a change herself, but not of a user who has no line. While the
     * lock was waited for, what was pending may have been made an account of. */
    if (status == ASP_NOT_FOUND && reached && now->says == ASP_SAYS_ABSENT) {
        status = asp_store_drop_pending(store, user, error);
        if (status == ASP_OK)
            status = asp_store_load(store, user, "", &account, error);
    }
    if (status != ASP_OK)
        return status;
    result->primary = asp_primary_compare(&account.primary, now, how->when);
    due = asp_primary_is_due(&account.primary, now);
    asp_account_free(&account);
    if (result->primary != ASP_PRIMARY_CHANGED && !due &&
        !(reached && now->says == ASP_SAYS_ABSENT))
        return ASP_OK;

    status = asp_store_update(store, user, false, settle, &settling, error);
    if (status != ASP_OK && status != ASP_UNCHANGED) {
        forget_copies(result);
        return status;
    }
    return ASP_OK;
}

struct following {
    const char *follows;
    const struct asp_primary_now *now;
    const struct asp_revocation *how;
    struct asp_reconciled *result;
};

static enum asp_status follow(struct asp_account *account, void *context, struct asp_error *error)
{
    const struct following *following = context;
    const struct asp_revocation *how = following->how;
    struct asp_reconciled *result = following->result;

    forget_copies(result);
    /* Who was found to be gone stays that until she is back. */
    if (strcmp(account->follows, following->follows) == 0 || account->primary.absent ||
        following->now->says == ASP_SAYS_NOTHING ||
        asp_primary_is_elsewhere(&account->primary, following->now) ||
        (following->follows[0] != '\0' && asp_user_fault(following->follows) != NULL) ||
        asp_primary_is_overtaken(account, following->now))
        return ASP_UNCHANGED;
    if (how != NULL && asp_account_copy(account, false, &result->revoked, &result->count) != ASP_OK)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    if (how != NULL) {
        (void)asp_account_revoke_all(account, how->when, how->by, ASP_REASON_PRIMARY,
                                     how->hook_due);
        asp_account_prune(account, how->keep);
    }
    memcpy(account->follows, following->follows, strlen(following->follows) + 1);
    asp_primary_take(following->now, &account->primary);
    return ASP_OK;
}

enum asp_status asp_reconcile_follow(const struct asp_store *store, const char *user,
                                     const char *follows, const struct asp_primary_now *now,
                                     const struct asp_revocation *how,
                                     struct asp_reconciled *result, struct asp_error *error)
{
    struct following following = {follows, now, how, result};
    enum asp_status status;

    memset(result, 0, sizeof *result);
    status = asp_store_update(store, user, false, follow, &following, error);
    if (status != ASP_OK)
        forget_copies(result);
    return status;
}

struct noting {
    const struct asp_primary_now *now;
    enum asp_sight sight;
    struct asp_noted *noted;
};

static enum asp_status note(struct asp_account *account, void *context, struct asp_error *error)
{
    const struct noting *noting = context;
    struct asp_noted *noted = noting->noted;
    bool written;

    (void)error;
    noted->was_absent = noted->is_absent = account->primary.absent;
    noted->overtaken = asp_primary_is_overtaken(account, noting->now);
    if (noted->overtaken)
        return ASP_UNCHANGED;
    written = asp_primary_note(&account->primary, noting->now, noting->sight);
    noted->is_absent = account->primary.absent;
    return written ? ASP_OK : ASP_UNCHANGED;
}

enum asp_status asp_reconcile_note(const struct asp_store *store, const char *user,
                                   const struct asp_primary_now *now, enum asp_sight sight,
                                   struct asp_noted *noted, struct asp_error *error)
{
    struct noting noting = {now, sight, noted};
    struct asp_account account;
    enum asp_status status = asp_store_load(store, user, "", &account, error);
    bool due;

    memset(noted, 0, sizeof *noted);
    if (status != ASP_OK)
        return status;
    noted->was_absent = noted->is_absent = account.primary.absent;
    due = asp_primary_note(&account.primary, now, sight);
    asp_account_free(&account);
    if (!due)
        return ASP_OK;
    status = asp_store_update(store, user, false, note, &noting, error);
    if (status != ASP_OK)
        noted->is_absent = noted->was_absent;
    return status == ASP_UNCHANGED ? ASP_OK : status;
}

void asp_reconciled_free(struct asp_reconciled *result)
{
    forget_copies(result);
}
