/* What create and rotate do under the lock. */
#include "new_password.h"

#include "asp/reconcile.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Label and limit, counted among the active ones, the one that is to be replaced left out. */
static enum asp_status check_room(struct making *making, const struct asp_account *account,
                                  struct asp_error *error)
{
    const int limit = making->admin->conf->limit;

    making->active = 0;
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *other = &account->entries[i];

        if ((making->old_id != NULL && strcmp(other->id, making->old_id) == 0) ||
            asp_usage_state(&making->usage, other, making->admin->now) != ASP_ACTIVE)
            continue;
        making->active++;
        if (strcmp(other->label, making->entry.label) == 0)
            return asp_fail(error, ASP_TAKEN,
                            "%s already has an active app password with this label (%s)",
                            making->admin->user, other->id);
    }
    if (making->active >= (size_t)limit)
        return asp_fail(error, ASP_FULL,
                        "%s has %zu active app passwords, and the limit is %d: revoke one first",
                        making->admin->user, making->active, limit);
    making->active++;
    return ASP_OK;
}

/* Makes the secret and adds the entry. */
static enum asp_status add_entry(struct making *making, struct asp_account *account,
                                 struct asp_error *error)
{
    struct admin *admin = making->admin;
    bool taken[ASP_IDS];
    enum asp_status status;

    asp_account_ids(account, taken);
    if (asp_secret_make(taken, &making->secret) != ASP_OK)
        return asp_fail(error, ASP_FULL,
                        "%s has no id left: revoke what is expired, lower `history`, or let watch "
                        "run the hooks that are due",
                        admin->user);
    memcpy(making->entry.id, making->secret.id, sizeof making->entry.id);
    making->entry.created = admin->now;
    (void)snprintf(making->entry.created_by, sizeof making->entry.created_by, "%s", admin->by);
    status = asp_verifier_make(&admin->conf->cost, account->user, &making->secret,
                               making->entry.verifier);
    if (status != ASP_OK)
        return asp_fail(error, status, "there is no memory for the hash");
    status = asp_account_add(account, &making->entry);
    if (status != ASP_OK)
        return asp_fail(error, status, "out of memory");
    asp_secret_show(&making->secret, making->shown);
    return ASP_OK;
}

/* Before anything is added: what was made under an earlier primary password goes. */
static enum asp_status compare_primary(struct making *making, struct asp_account *account,
                                       struct asp_error *error)
{
    const struct admin *admin = making->admin;
    struct asp_revocation how = revocation_of(admin, false);
    enum asp_primary primary;
    bool written;

    if (making->now.says == ASP_SAYS_NOTHING)
        return ASP_OK;
    primary = asp_primary_compare(&account->primary, &making->now, admin->now);
    /* What a command said is compared with what the one before us has written, and may be older. */
    if ((making->now.asked == NULL || primary == ASP_PRIMARY_CHANGED ||
         asp_primary_is_due(&account->primary, making->now.source)) &&
        asp_primary_is_overtaken(account, &making->now))
        return asp_fail(error, ASP_BUSY,
                        "the primary password of %s was changed just now: try again",
                        account->user);
    switch (primary) {
    case ASP_PRIMARY_CHANGED:
        if (asp_account_copy(account, false, &making->swept, &making->swept_count) != ASP_OK)
            return asp_fail(error, ASP_NO_MEMORY, "out of memory");
        break;
    case ASP_PRIMARY_ABSENT:
        return asp_fail(error, ASP_NOT_FOUND,
                        "%s had a primary password, and is gone from /etc/shadow", account->user);
    default:
        break;
    }
    (void)asp_primary_settle(account, &making->now, &how, false, &written);
    return ASP_OK;
}

/* What this change is to be taken back to. */
static enum asp_status keep_before(struct making *making, const struct asp_account *account,
                                   struct asp_error *error)
{
    if (asp_account_copy(account, true, &making->before, &making->before_count) != ASP_OK)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    return ASP_OK;
}

static enum asp_status add_with_room(struct making *making, struct asp_account *account,
                                     struct asp_error *error)
{
    enum asp_status status = keep_before(making, account, error);

    if (status == ASP_OK)
        status = check_room(making, account, error);
    if (status == ASP_OK)
        status = add_entry(making, account, error);
    return status;
}

static void finish(struct making *making, struct asp_account *account)
{
    asp_account_prune(account, (size_t)making->admin->conf->history);
    asp_account_ids(account, making->after);
}

enum asp_status making_create(struct asp_account *account, void *context, struct asp_error *error)
{
    struct making *making = context;
    enum asp_status status = compare_primary(making, account, error);

    making->new_account = account->is_new;
    if (status == ASP_OK)
        status = add_with_room(making, account, error);
    if (status == ASP_OK)
        finish(making, account);
    return status;
}

/* The new one takes over what the old one was good for, and nothing more: what a first use bound
 * stays bound by it. */
static enum asp_status inherit(struct making *making, const struct asp_entry *old,
                               struct asp_error *error)
{
    const struct admin *admin = making->admin;
    struct asp_entry *entry = &making->entry;

    *entry = *old;
    entry->revoked = ASP_NEVER;
    memset(entry->revoked_by, 0, sizeof entry->revoked_by);
    memset(entry->reason, 0, sizeof entry->reason);
    memset(entry->replaced_by, 0, sizeof entry->replaced_by);
    entry->hook_due = false;
    if (entry->bound != ASP_NEVER)
        entry->bound = admin->now;
    if (admin->options->expires != NULL)
        (void)asp_when_read(admin->options->expires, admin->now, &entry->expires);
    if (entry->expires != ASP_NEVER && entry->expires <= admin->now)
        return asp_fail(error, ASP_INVALID,
                        "%s has expired: say until when the new one is good, with --expires",
                        old->id);
    return admin_may_make(admin, entry->app, error);
}

enum asp_status making_rotate(struct asp_account *account, void *context, struct asp_error *error)
{
    struct making *making = context;
    struct admin *admin = making->admin;
    enum asp_status status = compare_primary(making, account, error);
    struct asp_entry *old;

    if (status != ASP_OK)
        return status;
    old = asp_account_find(account, making->old_id);
    if (old == NULL)
        return asp_fail(error, ASP_NOT_FOUND, "%s has no app password %s", admin->user,
                        making->old_id);
    making->old = *old;
    status = inherit(making, old, error);
    if (status == ASP_OK)
        status = add_with_room(making, account, error);
    if (status != ASP_OK)
        return status;

    /* Adding may have moved it. */
    old = asp_account_find(account, making->old_id);
    memcpy(old->replaced_by, making->entry.id, sizeof old->replaced_by);
    (void)asp_entry_revoke(old, admin->now, admin->by, ASP_REASON_ROTATED, false);
    finish(making, account);
    return ASP_OK;
}

static bool was_before(const struct making *making, const char *id)
{
    for (size_t i = 0; i < making->before_count; i++) {
        /* Every entry has one. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        if (strcmp(making->before[i].id, id) == 0)
            return true;
    }
    return false;
}

/* What it is now, unless that is this change's doing. NULL: others have taken it away. */
static const struct asp_entry *without_us(const struct making *making,
                                          const struct asp_account *account,
                                          const struct asp_entry *before)
{
    const struct asp_entry *now = asp_account_find(account, before->id);

    if (now == NULL)
        return making->after[asp_id_index(before->id)] ? NULL : before;
    return making->old_id != NULL && strcmp(now->replaced_by, making->entry.id) == 0 ? before : now;
}

/*
 * Nobody saw the password: it is as if it had never been made, the one that it replaced and what
 * history had no room for are as they were. What others have changed meanwhile stays.
 */
enum asp_status making_take_back(struct asp_account *account, void *context,
                                 struct asp_error *error)
{
    const struct making *making = context;
    struct asp_account restored;
    enum asp_status status = ASP_OK;

    asp_account_init(&restored, account->user);
    restored.primary = account->primary;
    for (size_t i = 0; status == ASP_OK && i < making->before_count; i++) {
        const struct asp_entry *entry = without_us(making, account, &making->before[i]);

        if (entry != NULL)
            status = asp_account_add(&restored, entry);
    }
    for (size_t i = 0; status == ASP_OK && i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (!was_before(making, entry->id) && strcmp(entry->verifier, making->entry.verifier) != 0)
            status = asp_account_add(&restored, entry);
    }
    if (status != ASP_OK) {
        asp_account_free(&restored);
        return asp_fail(error, status, "out of memory");
    }
    asp_account_free(account);
    *account = restored;
    return making->new_account && account->count == 0 ? ASP_DROP : ASP_OK;
}

void making_free(struct making *making)
{
    asp_entries_free(making->before, making->before_count);
    asp_entries_free(making->swept, making->swept_count);
    source_close(&making->source);
    asp_usage_free(&making->usage);
    sodium_memzero(making, sizeof *making);
}
