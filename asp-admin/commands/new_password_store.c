/* What is done under the lock for a new app password: compare, make room, add, revoke what it
 * replaces. */
#include "new_password_store.h"

#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

/* The name service was asked for all but those who may be virtual. */
static void note_known(const struct admin *admin, struct asp_account *account,
                       const struct asp_primary_now *now)
{
    if (!admin->options->is_virtual && !admin->conf->virtual_users)
        (void)asp_primary_note(&account->primary, now, ASP_SIGHT_KNOWN);
}

/* Before anything is added: what was made under an earlier primary password goes. */
static enum asp_status compare_primary(struct storing *storing, struct asp_account *account,
                                       struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    const struct asp_primary_now *now = &storing->now;
    struct stored_password *stored = &storing->stored;
    struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    enum asp_primary primary;
    bool written;

    if (now->says == ASP_SAYS_NOTHING)
        return ASP_OK;
    note_known(admin, account, now);
    primary = asp_primary_compare(&account->primary, now, admin->now);
    /* What a command said is compared with what the one before us has written, and may be older. */
    if ((now->asked == NULL || primary == ASP_PRIMARY_CHANGED ||
         asp_primary_is_due(&account->primary, now)) &&
        asp_primary_is_overtaken(account, now)) {
        storing->overtaken = now->asked == NULL;
        return asp_fail(error, ASP_BUSY,
                        "the primary password of %s was changed just now: try again",
                        account->user);
    }
    if (primary == ASP_PRIMARY_ABSENT)
        return asp_fail(error, ASP_NOT_FOUND,
                        "%s had a line in /etc/shadow, or was known to the system, and is gone: "
                        "asp-admin remove forgets the account",
                        account->user);
    if (primary == ASP_PRIMARY_CHANGED &&
        asp_account_copy(account, false, &stored->revoked, &stored->revoked_count) != ASP_OK)
        return no_memory(error);
    (void)asp_primary_settle(account, now, &how, false, &written);
    note_known(admin, account, now); /* in a fingerprint that was taken just now, too */
    return ASP_OK;
}

/* The new one takes over what the old one was good for, and nothing more: what a first use bound
 * stays bound by it. */
static enum asp_status inherit(struct storing *storing, const struct asp_entry *old,
                               struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    struct asp_entry *entry = &storing->stored.entry;

    *entry = *old;
    entry->revoked = ASP_NEVER;
    memset(entry->revoked_by, 0, sizeof entry->revoked_by);
    memset(entry->reason, 0, sizeof entry->reason);
    memset(entry->replaced_by, 0, sizeof entry->replaced_by);
    entry->hook_due = false;
    if (entry->bound != ASP_NEVER)
        entry->bound = admin->now;
    if (storing->wanted->sets_expires)
        entry->expires = storing->wanted->entry.expires;
    if (entry->expires != ASP_NEVER && entry->expires <= admin->now)
        return asp_fail(error, ASP_INVALID,
                        "%s has expired: say until when the new one is good, with --expires",
                        old->id);
    return admin_check_app(admin, entry->app, error);
}

/* What the entry is to be: as it was asked for, or after the one that it replaces. */
static enum asp_status choose_entry(struct storing *storing, const struct asp_account *account,
                                    struct asp_error *error)
{
    const struct new_password *wanted = storing->wanted;
    const struct asp_entry *old;

    if (wanted->replaces == NULL) {
        storing->stored.entry = wanted->entry;
        return ASP_OK;
    }
    old = admin_find_entry(storing->admin, account, wanted->replaces, error);
    if (old == NULL)
        return ASP_NOT_FOUND;
    storing->stored.replaced = *old;
    return inherit(storing, old, error);
}

/* Label and limit, counted among the active ones, the one that is to be replaced left out. */
static enum asp_status check_room(struct storing *storing, const struct asp_account *account,
                                  struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    const char *replaces = storing->wanted->replaces;
    struct stored_password *stored = &storing->stored;

    stored->active = 0;
    if (admin_check_label(admin, account, &storing->usage, stored->entry.label, replaces, error) !=
        ASP_OK)
        return ASP_TAKEN;
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *other = &account->entries[i];

        stored->active += (replaces == NULL || strcmp(other->id, replaces) != 0) &&
                          asp_usage_state(&storing->usage, other, admin->now) == ASP_ACTIVE;
    }
    if (stored->active >= (size_t)admin->conf->limit)
        return asp_fail(error, ASP_FULL,
                        "%s has %zu active app passwords, and the limit is %d: revoke one first",
                        admin->user, stored->active, admin->conf->limit);
    stored->active++;
    return ASP_OK;
}

/* Makes the secret and adds the entry. */
static enum asp_status add_entry(struct storing *storing, struct asp_account *account,
                                 struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    struct asp_entry *entry = &storing->stored.entry;
    struct asp_secret secret = {0};
    bool taken[ASP_IDS];
    enum asp_status status;

    asp_account_ids(account, taken);
    if (asp_secret_make(taken, &secret) != ASP_OK)
        return asp_fail(error, ASP_FULL,
                        "%s has no id left: revoke what is expired, or lower `history`",
                        admin->user);
    memcpy(entry->id, secret.id, sizeof entry->id);
    entry->created = admin->now;
    (void)snprintf(entry->created_by, sizeof entry->created_by, "%s", admin->by);
    status = asp_verifier_make(&admin->conf->cost, account->user, &secret, entry->verifier);
    if (status == ASP_OK)
        asp_secret_show(&secret, storing->stored.shown);
    asp_secret_wipe(&secret);
    if (status != ASP_OK)
        return asp_fail(error, status, "there is no memory for the hash");
    return asp_account_add(account, entry) == ASP_OK ? ASP_OK : no_memory(error);
}

static void revoke_replaced(const struct storing *storing, struct asp_account *account)
{
    const struct admin *admin = storing->admin;
    struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    struct asp_entry *old;

    if (storing->wanted->replaces == NULL)
        return;
    old = asp_account_find(account, storing->wanted->replaces);
    memcpy(old->replaced_by, storing->stored.entry.id, sizeof old->replaced_by);
    (void)asp_entry_revoke(old, how.when, how.by, ASP_REASON_ROTATED, how.hook_due);
}

static enum asp_status keep_before(struct account_before *before, const struct asp_account *account,
                                   struct asp_error *error)
{
    before->was_none = account->is_new;
    if (asp_account_copy(account, true, &before->entries, &before->count) != ASP_OK)
        return no_memory(error);
    return ASP_OK;
}

/* An asp_change: all of it, in order. */
static enum asp_status add(struct asp_account *account, void *context, struct asp_error *error)
{
    struct storing *storing = context;
    enum asp_status status = compare_primary(storing, account, error);

    if (status == ASP_OK)
        status = choose_entry(storing, account, error);
    if (status == ASP_OK)
        status = keep_before(&storing->before, account, error);
    if (status == ASP_OK)
        status = check_room(storing, account, error);
    if (status == ASP_OK)
        status = add_entry(storing, account, error);
    if (status != ASP_OK)
        return status;
    revoke_replaced(storing, account);
    asp_account_prune(account, (size_t)storing->admin->conf->history);
    asp_account_ids(account, storing->before.left);
    return ASP_OK;
}

enum asp_status new_password_store(struct storing *storing, struct asp_error *error)
{
    return admin_update(storing->admin, storing->wanted->makes_account, add, storing, error);
}

static bool was_before(const struct account_before *before, const char *id)
{
    for (size_t i = 0; i < before->count; i++) {
        /* Every entry has one. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        if (strcmp(before->entries[i].id, id) == 0)
            return true;
    }
    return false;
}

/* What it is now, unless that is this change's doing. NULL: others have taken it away. */
static const struct asp_entry *without_us(const struct storing *storing,
                                          const struct asp_account *account,
                                          const struct asp_entry *before)
{
    const struct asp_entry *now = asp_account_find(account, before->id);

    if (now == NULL)
        return storing->before.left[asp_id_index(before->id)] ? NULL : before;
    return storing->wanted->replaces != NULL &&
                   strcmp(now->replaced_by, storing->stored.entry.id) == 0
               ? before
               : now;
}

/*
 * An asp_change: the one that it replaced, and what history had no room for, are as they were. What
 * others have changed meanwhile stays.
 */
static enum asp_status take_back(struct asp_account *account, void *context,
                                 struct asp_error *error)
{
    const struct storing *storing = context;
    const struct account_before *before = &storing->before;
    struct asp_account restored;
    enum asp_status status = ASP_OK;

    asp_account_init(&restored, account->user);
    restored.primary = account->primary;
    for (size_t i = 0; status == ASP_OK && i < before->count; i++) {
        const struct asp_entry *entry = without_us(storing, account, &before->entries[i]);

        if (entry != NULL)
            status = asp_account_add(&restored, entry);
    }
    for (size_t i = 0; status == ASP_OK && i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (!was_before(before, entry->id) &&
            strcmp(entry->verifier, storing->stored.entry.verifier) != 0)
            status = asp_account_add(&restored, entry);
    }
    if (status != ASP_OK) {
        asp_account_free(&restored);
        return no_memory(error);
    }
    asp_account_free(account);
    *account = restored;
    return before->was_none && account->count == 0 ? ASP_DROP : ASP_OK;
}

enum asp_status new_password_take_back(struct storing *storing, struct asp_error *error)
{
    return asp_store_update(&storing->admin->store, storing->admin->user, false, take_back, storing,
                            error);
}

void storing_free(struct storing *storing)
{
    asp_entries_free(storing->before.entries, storing->before.count);
    asp_entries_free(storing->stored.revoked, storing->stored.revoked_count);
    asp_usage_free(&storing->usage);
    sodium_memzero(storing, sizeof *storing);
}
