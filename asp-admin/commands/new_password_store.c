/* What is done under the lock for a new app password, in two updates: compare, look for room, keep
 * it as pending; and once it was shown the same again, add it, revoke what it replaces. */
#include "new_password_store.h"

#include "given.h"
#include "new_password_primary.h"

#include "asp-admin/app.h"
#include "asp/clock.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Until what was lost is known, as long as another primary may take: and how often that is tried.
 */
enum { FIND_OUT_MS = 10000, PAUSE_MS = 100, NS_OF_MS = 1000000 };

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

/* Whose it is and since when, and its id once that is drawn. */
static void sign_entry(struct storing *storing)
{
    const struct admin *admin = storing->admin;
    struct asp_entry *entry = &storing->stored.entry;

    memcpy(entry->id, storing->pending.id, sizeof entry->id);
    memcpy(entry->verifier, storing->pending.verifier, sizeof entry->verifier);
    entry->created = admin->now;
    (void)snprintf(entry->created_by, sizeof entry->created_by, "%s", admin->by);
}

/* The new one takes over what the old one was good for, and nothing more: what a first use bound
 * stays bound by it. */
static enum asp_status inherit(struct storing *storing, const struct asp_entry *old,
                               struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    struct asp_entry *entry = &storing->stored.entry;

    *entry = *old;
    sign_entry(storing);
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
    return app_check(admin, entry->app, error);
}

/* What the entry is to be: as it was asked for, or after the one that it replaces. */
static enum asp_status choose_entry(struct storing *storing, const struct asp_account *account,
                                    struct asp_error *error)
{
    const struct new_password *wanted = storing->wanted;
    const struct asp_entry *old;

    if (wanted->replaces == NULL) {
        storing->stored.entry = wanted->entry;
        sign_entry(storing);
        return ASP_OK;
    }
    old = given_find_entry(storing->admin, account, wanted->replaces, error);
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

/* Makes the secret and keeps of it what is pending. */
static enum asp_status draw(struct storing *storing, struct asp_account *account,
                            struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    struct asp_pending *pending = &storing->pending;
    struct asp_secret secret = {0};
    bool taken[ASP_IDS];
    enum asp_status status;

    asp_account_ids(account, taken);
    status = asp_due_ids(&admin->store, account->user, taken, error);
    if (status != ASP_OK)
        return status;
    if (asp_secret_make(taken, &secret) != ASP_OK)
        return asp_fail(error, ASP_FULL,
                        "%s has no id left: revoke what is expired, or lower `history`; what was "
                        "revoked keeps its own until hooks.revoked was run for it",
                        admin->user);
    memcpy(pending->id, secret.id, sizeof pending->id);
    pending->made = time(NULL);
    (void)asp_store_now(&admin->store, &pending->made, NULL); /* told with the account */
    status = asp_verifier_make(&admin->conf->cost, account->user, &secret, pending->verifier);
    if (status == ASP_OK)
        asp_secret_show(&secret, storing->stored.shown);
    asp_secret_wipe(&secret);
    if (status != ASP_OK)
        return asp_fail(error, status, "there is no memory for the hash");
    sign_entry(storing);
    return asp_account_add_pending(account, pending) == ASP_OK ? ASP_OK : no_memory(error);
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

static void forget_revoked(struct stored_password *stored)
{
    asp_entries_free(stored->revoked, stored->revoked_count);
    stored->revoked = NULL;
    stored->revoked_count = 0;
}

bool new_password_is_doubtful(const struct storing *storing)
{
    return storing->is_replaced && admin_is_own(storing->admin);
}

/* An asp_change: the first. Nothing is alive by it that was not. */
static enum asp_status keep_pending(struct asp_account *account, void *context,
                                    struct asp_error *error)
{
    struct storing *storing = context;
    enum asp_status status;

    forget_revoked(&storing->stored);
    status = new_password_compare(storing, account, error);
    if (status == ASP_OK && new_password_is_doubtful(storing))
        return ASP_OK;
    if (status == ASP_OK)
        status = choose_entry(storing, account, error);
    if (status == ASP_OK)
        status = check_room(storing, account, error);
    if (status == ASP_OK)
        status = draw(storing, account, error);
    if (status == ASP_OK && account->is_new)
        account->not_yet = true;
    return status;
}

enum asp_status new_password_store(struct storing *storing, struct asp_error *error)
{
    return admin_update(storing->admin, storing->wanted->makes_account, keep_pending, storing,
                        error);
}

/* Others may have taken it away. */
static enum asp_status take_pending(struct storing *storing, struct asp_account *account,
                                    struct asp_error *error)
{
    if (asp_account_drop_pending(account, &storing->pending))
        return ASP_OK;
    if (!account->is_new && !asp_fingerprint_same(&account->primary, &storing->primary))
        return new_password_fail_changed(account->user, error);
    return asp_fail(
        error, ASP_BUSY,
        "all app passwords of %s were revoked, or the account was removed or replaced, before "
        "it was shown, or that took too long",
        account->user);
}

/* As it stands now. What others have revoked meanwhile stays revoked, and nothing takes its place.
 */
static enum asp_status choose_again(struct storing *storing, const struct asp_account *account,
                                    struct asp_error *error)
{
    const bool was_active = new_password_revokes(storing);
    enum asp_status status = choose_entry(storing, account, error);

    if (status == ASP_OK && was_active && !new_password_revokes(storing))
        return asp_fail(error, ASP_BUSY, "%s was revoked meanwhile", storing->wanted->replaces);
    return status;
}

/* It was written, and the answer lost. */
static bool is_alive(const struct storing *storing, const struct asp_account *account)
{
    const struct asp_entry *entry = asp_account_find(account, storing->pending.id);

    return entry != NULL && strcmp(entry->verifier, storing->pending.verifier) == 0;
}

static enum asp_status add_alive(struct storing *storing, struct asp_account *account,
                                 struct asp_error *error)
{
    enum asp_status status = take_pending(storing, account, error);

    if (status == ASP_OK)
        status = new_password_compare_again(storing, account, error);
    if (status == ASP_OK)
        status = choose_again(storing, account, error);
    if (status == ASP_OK)
        status = check_room(storing, account, error);
    if (status != ASP_OK)
        return status;
    if (asp_account_add(account, &storing->stored.entry) != ASP_OK)
        return no_memory(error);
    account->not_yet = false;
    revoke_replaced(storing, account);
    asp_account_prune(account, (size_t)storing->admin->conf->history);
    return ASP_OK;
}

/* An asp_change: the second. What is alive is written once more: then it is known to be. */
static enum asp_status make_alive(struct asp_account *account, void *context,
                                  struct asp_error *error)
{
    struct storing *storing = context;
    enum asp_status status =
        is_alive(storing, account) ? ASP_OK : add_alive(storing, account, error);

    storing->is_refused = status != ASP_OK;
    return status;
}

/* It may have been done all the same: an answer is lost, or none can be had. */
static bool is_unknown(const struct storing *storing, enum asp_status status)
{
    return status != ASP_OK && !storing->is_refused;
}

enum asp_status new_password_make_alive(struct storing *storing, struct asp_error *error)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * (long)NS_OF_MS};
    enum asp_status status = admin_update(storing->admin, true, make_alive, storing, error);
    int64_t end;

    if (status != ASP_UNKNOWN)
        return status;
    end = asp_clock_ms() + FIND_OUT_MS;
    while (is_unknown(storing, status) && asp_clock_ms() < end) {
        (void)nanosleep(&pause, NULL);
        status = admin_update(storing->admin, true, make_alive, storing, error);
    }
    return is_unknown(storing, status) ? ASP_UNKNOWN : status;
}

/* An asp_change. */
static enum asp_status drop(struct asp_account *account, void *context, struct asp_error *error)
{
    struct storing *storing = context;

    (void)error;
    return asp_account_drop_pending(account, &storing->pending) ? ASP_OK : ASP_UNCHANGED;
}

void new_password_drop(struct storing *storing)
{
    (void)asp_store_update(&storing->admin->store, storing->admin->user, true, drop, storing, NULL);
}

bool new_password_revokes(const struct storing *storing)
{
    return storing->wanted->replaces != NULL && storing->stored.replaced.revoked == ASP_NEVER;
}

void storing_free(struct storing *storing)
{
    forget_revoked(&storing->stored);
    asp_usage_free(&storing->usage);
    asp_look_end(&storing->look);
    primary_source_close(&storing->own);
    sodium_memzero(storing, sizeof *storing);
}
