/* What create and rotate do under the lock. */
#include "new_password_store.h"

#include "asp/reconcile.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Label and limit, counted among the active ones, the one that is to be replaced left out. */
static enum asp_status check_room(struct new_password *password, const struct asp_account *account,
                                  struct asp_error *error)
{
    const int limit = password->admin->conf->limit;

    password->active = 0;
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *other = &account->entries[i];

        if ((password->old_id != NULL && strcmp(other->id, password->old_id) == 0) ||
            asp_usage_state(&password->usage, other, password->admin->now) != ASP_ACTIVE)
            continue;
        password->active++;
        if (strcmp(other->label, password->entry.label) == 0)
            return asp_fail(error, ASP_TAKEN,
                            "%s already has an active app password with this label (%s)",
                            password->admin->user, other->id);
    }
    if (password->active >= (size_t)limit)
        return asp_fail(error, ASP_FULL,
                        "%s has %zu active app passwords, and the limit is %d: revoke one first",
                        password->admin->user, password->active, limit);
    password->active++;
    return ASP_OK;
}

/* Makes the secret and adds the entry. */
static enum asp_status add_entry(struct new_password *password, struct asp_account *account,
                                 struct asp_error *error)
{
    struct admin *admin = password->admin;
    bool taken[ASP_IDS];
    enum asp_status status;

    asp_account_ids(account, taken);
    if (asp_secret_make(taken, &password->secret) != ASP_OK)
        return asp_fail(error, ASP_FULL,
                        "%s has no id left: revoke what is expired, lower `history`, or let watch "
                        "run the hooks that are due",
                        admin->user);
    memcpy(password->entry.id, password->secret.id, sizeof password->entry.id);
    password->entry.created = admin->now;
    (void)snprintf(password->entry.created_by, sizeof password->entry.created_by, "%s", admin->by);
    status = asp_verifier_make(&admin->conf->cost, account->user, &password->secret,
                               password->entry.verifier);
    if (status != ASP_OK)
        return asp_fail(error, status, "there is no memory for the hash");
    status = asp_account_add(account, &password->entry);
    if (status != ASP_OK)
        return asp_fail(error, status, "out of memory");
    asp_secret_show(&password->secret, password->shown);
    return ASP_OK;
}

/* Before anything is added: what was made under an earlier primary password goes. */
static enum asp_status compare_primary(struct new_password *password, struct asp_account *account,
                                       struct asp_error *error)
{
    const struct admin *admin = password->admin;
    struct asp_revocation how =
        asp_revocation_of(admin->conf, admin->now, admin->by, ASP_HOOK_BY_CALLER);
    enum asp_primary primary;
    bool written;

    if (password->now.says == ASP_SAYS_NOTHING)
        return ASP_OK;
    primary = asp_primary_compare(&account->primary, &password->now, admin->now);
    /* What a command said is compared with what the one before us has written, and may be older. */
    if ((password->now.asked == NULL || primary == ASP_PRIMARY_CHANGED ||
         asp_primary_is_due(&account->primary, password->now.source)) &&
        asp_primary_is_overtaken(account, &password->now))
        return asp_fail(error, ASP_BUSY,
                        "the primary password of %s was changed just now: try again",
                        account->user);
    switch (primary) {
    case ASP_PRIMARY_CHANGED:
        if (asp_account_copy(account, false, &password->revoked, &password->revoked_count) !=
            ASP_OK)
            return asp_fail(error, ASP_NO_MEMORY, "out of memory");
        break;
    case ASP_PRIMARY_ABSENT:
        return asp_fail(error, ASP_NOT_FOUND,
                        "%s had a primary password, and is gone from /etc/shadow", account->user);
    default:
        break;
    }
    (void)asp_primary_settle(account, &password->now, &how, false, &written);
    return ASP_OK;
}

/* What this change is to be taken back to. */
static enum asp_status keep_before(struct new_password *password, const struct asp_account *account,
                                   struct asp_error *error)
{
    if (asp_account_copy(account, true, &password->before, &password->before_count) != ASP_OK)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    return ASP_OK;
}

static enum asp_status add_with_room(struct new_password *password, struct asp_account *account,
                                     struct asp_error *error)
{
    enum asp_status status = keep_before(password, account, error);

    if (status == ASP_OK)
        status = check_room(password, account, error);
    if (status == ASP_OK)
        status = add_entry(password, account, error);
    return status;
}

static void finish(struct new_password *password, struct asp_account *account)
{
    asp_account_prune(account, (size_t)password->admin->conf->history);
    asp_account_ids(account, password->after);
}

enum asp_status new_password_create(struct asp_account *account, void *context,
                                    struct asp_error *error)
{
    struct new_password *password = context;
    enum asp_status status = compare_primary(password, account, error);

    password->new_account = account->is_new;
    if (status == ASP_OK)
        status = add_with_room(password, account, error);
    if (status == ASP_OK)
        finish(password, account);
    return status;
}

/* The new one takes over what the old one was good for, and nothing more: what a first use bound
 * stays bound by it. */
static enum asp_status inherit(struct new_password *password, const struct asp_entry *old,
                               struct asp_error *error)
{
    const struct admin *admin = password->admin;
    struct asp_entry *entry = &password->entry;

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

enum asp_status new_password_rotate(struct asp_account *account, void *context,
                                    struct asp_error *error)
{
    struct new_password *password = context;
    struct admin *admin = password->admin;
    enum asp_status status = compare_primary(password, account, error);
    struct asp_entry *old;

    if (status != ASP_OK)
        return status;
    old = asp_account_find(account, password->old_id);
    if (old == NULL)
        return asp_fail(error, ASP_NOT_FOUND, "%s has no app password %s", admin->user,
                        password->old_id);
    password->old = *old;
    status = inherit(password, old, error);
    if (status == ASP_OK)
        status = add_with_room(password, account, error);
    if (status != ASP_OK)
        return status;

    /* Adding may have moved it. */
    old = asp_account_find(account, password->old_id);
    memcpy(old->replaced_by, password->entry.id, sizeof old->replaced_by);
    (void)asp_entry_revoke(old, admin->now, admin->by, ASP_REASON_ROTATED, false);
    finish(password, account);
    return ASP_OK;
}

static bool was_before(const struct new_password *password, const char *id)
{
    for (size_t i = 0; i < password->before_count; i++) {
        /* Every entry has one. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        if (strcmp(password->before[i].id, id) == 0)
            return true;
    }
    return false;
}

/* What it is now, unless that is this change's doing. NULL: others have taken it away. */
static const struct asp_entry *without_us(const struct new_password *password,
                                          const struct asp_account *account,
                                          const struct asp_entry *before)
{
    const struct asp_entry *now = asp_account_find(account, before->id);

    if (now == NULL)
        return password->after[asp_id_index(before->id)] ? NULL : before;
    return password->old_id != NULL && strcmp(now->replaced_by, password->entry.id) == 0 ? before
                                                                                         : now;
}

/*
 * Nobody saw the password: it is as if it had never been made, the one that it replaced and what
 * history had no room for are as they were. What others have changed meanwhile stays.
 */
enum asp_status new_password_take_back(struct asp_account *account, void *context,
                                       struct asp_error *error)
{
    const struct new_password *password = context;
    struct asp_account restored;
    enum asp_status status = ASP_OK;

    asp_account_init(&restored, account->user);
    restored.primary = account->primary;
    for (size_t i = 0; status == ASP_OK && i < password->before_count; i++) {
        const struct asp_entry *entry = without_us(password, account, &password->before[i]);

        if (entry != NULL)
            status = asp_account_add(&restored, entry);
    }
    for (size_t i = 0; status == ASP_OK && i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (!was_before(password, entry->id) &&
            strcmp(entry->verifier, password->entry.verifier) != 0)
            status = asp_account_add(&restored, entry);
    }
    if (status != ASP_OK) {
        asp_account_free(&restored);
        return asp_fail(error, status, "out of memory");
    }
    asp_account_free(account);
    *account = restored;
    return password->new_account && account->count == 0 ? ASP_DROP : ASP_OK;
}

void new_password_free(struct new_password *password)
{
    asp_entries_free(password->before, password->before_count);
    asp_entries_free(password->revoked, password->revoked_count);
    primary_source_close(&password->source);
    asp_usage_free(&password->usage);
    sodium_memzero(password, sizeof *password);
}
