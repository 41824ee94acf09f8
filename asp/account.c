/* The entries of an account, and what is pending of it. */
#include "account.h"

#include "time_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void asp_account_init(struct asp_account *account, const char *user)
{
    memset(account, 0, sizeof *account);
    account->is_new = true;
    memcpy(account->user, user, strnlen(user, ASP_USER_MAX));
}

struct asp_entry *asp_account_append(struct asp_account *account)
{
    if (account->count == account->room) {
        size_t room = account->room == 0 ? 1 : 2 * account->room;
        struct asp_entry *grown = calloc(room, sizeof *grown);

        if (grown == NULL)
            return NULL;
        if (account->count > 0) {
            memcpy(grown, account->entries, account->count * sizeof *grown);
            sodium_memzero(account->entries, account->count * sizeof *grown);
        }
        free(account->entries);
        account->entries = grown;
        account->room = room;
    }
    return &account->entries[account->count++];
}

struct asp_entry *asp_account_find(const struct asp_account *account, const char *id)
{
    for (size_t i = 0; i < account->count; i++) {
        if (strcmp(account->entries[i].id, id) == 0)
            return &account->entries[i];
    }
    return NULL;
}

const struct asp_pending *asp_account_find_pending(const struct asp_account *account,
                                                   const char *id)
{
    for (size_t i = 0; i < account->pending_count; i++) {
        if (strcmp(account->pending[i].id, id) == 0)
            return &account->pending[i];
    }
    return NULL;
}

enum asp_status asp_account_add(struct asp_account *account, const struct asp_entry *entry)
{
    struct asp_entry *place = asp_account_append(account);

    if (place == NULL)
        return ASP_NO_MEMORY;
    *place = *entry;
    return ASP_OK;
}

void asp_account_remove(struct asp_account *account, struct asp_entry *entry)
{
    size_t at = (size_t)(entry - account->entries);

    memmove(entry, entry + 1, (account->count - at - 1) * sizeof *entry);
    account->count--;
    sodium_memzero(&account->entries[account->count], sizeof *entry);
}

/* In a new place, as entries are. */
enum asp_status asp_account_add_pending(struct asp_account *account,
                                        const struct asp_pending *pending)
{
    size_t count = account->pending_count;
    struct asp_pending *grown = calloc(count + 1, sizeof *grown);

    if (grown == NULL)
        return ASP_NO_MEMORY;
    if (count > 0)
        memcpy(grown, account->pending, count * sizeof *grown);
    grown[count] = *pending;
    (void)asp_account_drop_all_pending(account);
    account->pending = grown;
    account->pending_count = count + 1;
    return ASP_OK;
}

static void drop_pending_at(struct asp_account *account, size_t at)
{
    struct asp_pending *gone = &account->pending[at];

    memmove(gone, gone + 1, (account->pending_count - at - 1) * sizeof *gone);
    account->pending_count--;
}

bool asp_account_drop_pending(struct asp_account *account, const struct asp_pending *pending)
{
    const struct asp_pending *found = asp_account_find_pending(account, pending->id);

    if (found == NULL || strcmp(found->verifier, pending->verifier) != 0)
        return false;
    drop_pending_at(account, (size_t)(found - account->pending));
    return true;
}

void asp_account_drop_stale(struct asp_account *account, time_t now)
{
    for (size_t i = account->pending_count; i-- > 0;) {
        if (asp_pending_is_stale(&account->pending[i], now))
            drop_pending_at(account, i);
    }
}

bool asp_account_drop_all_pending(struct asp_account *account)
{
    bool any = account->pending_count > 0;

    free(account->pending);
    account->pending = NULL;
    account->pending_count = 0;
    return any;
}

static bool is_same(const struct asp_entry *one, const struct asp_entry *other)
{
    return strcmp(one->id, other->id) == 0 && strcmp(one->verifier, other->verifier) == 0;
}

/* This very app password as the account has it, or had it until history had no room for it; else
 * NULL. */
static const struct asp_entry *find_same(const struct asp_account *account,
                                         const struct asp_entry *entry)
{
    for (size_t i = 0; i < account->count; i++) {
        if (is_same(&account->entries[i], entry))
            return &account->entries[i];
    }
    for (size_t i = 0; i < account->aside_count; i++) {
        if (is_same(&account->aside[i], entry))
            return &account->aside[i];
    }
    return NULL;
}

size_t asp_account_ended(const struct asp_account *account, bool dropped, struct asp_entry *before,
                         size_t count)
{
    size_t ended = 0;

    for (size_t i = 0; i < count; i++) {
        const struct asp_entry *now = find_same(account, &before[i]);

        if (now != NULL && now->revoked == ASP_NEVER && !dropped)
            continue;
        before[ended] = now != NULL ? *now : before[i];
        if (before[ended].revoked == ASP_NEVER)
            memcpy(before[ended].reason, ASP_REASON_REMOVED, sizeof ASP_REASON_REMOVED);
        ended++;
    }
    return ended;
}

size_t asp_account_revoke_all(struct asp_account *account, time_t when, const char *by,
                              const char *reason, bool hook_due)
{
    size_t revoked = 0;

    (void)asp_account_drop_all_pending(account);
    for (size_t i = 0; i < account->count; i++)
        revoked += asp_entry_revoke(&account->entries[i], when, by, reason, hook_due);
    return revoked;
}

/* In a new place each time, so that nothing is left of it in a freed one. */
static bool set_aside(struct asp_account *account, const struct asp_entry *entry)
{
    size_t count = account->aside_count;
    struct asp_entry *grown = calloc(count + 1, sizeof *grown);

    if (grown == NULL)
        return false;
    if (count > 0)
        memcpy(grown, account->aside, count * sizeof *grown);
    grown[count] = *entry;
    asp_entries_free(account->aside, count);
    account->aside = grown;
    account->aside_count++;
    return true;
}

bool asp_account_has_alive(const struct asp_account *account, const struct asp_entry *entry)
{
    const struct asp_entry *own = asp_account_find(account, entry->id);

    return own != NULL && own->revoked == ASP_NEVER && strcmp(own->verifier, entry->verifier) == 0;
}

/* What of the account's own entries has its hook due, once those are revoked that go: where it is
 * there again, its mark is there, else it is set aside. One that is alive again has ended nothing.
 */
static bool hand_on_due(struct asp_account *account, struct asp_account *next)
{
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];
        struct asp_entry *again = asp_account_find(next, entry->id);

        if (!entry->hook_due)
            continue;
        if (again == NULL || again->created != entry->created ||
            strcmp(again->verifier, entry->verifier) != 0) {
            if (!set_aside(account, entry))
                return false;
        } else if (again->revoked != ASP_NEVER) {
            again->hook_due = true;
        }
    }
    return true;
}

enum asp_status asp_account_replace(struct asp_account *account, const struct asp_account *by,
                                    time_t when, const char *who, const char *reason, bool hook_due)
{
    struct asp_account next = {0};

    if (asp_account_copy(by, true, &next.entries, &next.count) != ASP_OK)
        return ASP_NO_MEMORY;
    for (size_t i = 0; i < account->count; i++) {
        if (!asp_account_has_alive(by, &account->entries[i]))
            (void)asp_entry_revoke(&account->entries[i], when, who, reason, hook_due);
    }
    if (!hand_on_due(account, &next)) {
        asp_account_free(&next);
        return ASP_NO_MEMORY;
    }
    asp_entries_free(account->entries, account->count);
    account->entries = next.entries;
    account->count = next.count;
    account->room = next.count + 1;
    account->primary = by->primary;
    account->follows[0] = '\0';
    account->not_yet = false;
    (void)asp_account_drop_all_pending(account);
    return ASP_OK;
}

void asp_account_prune(struct asp_account *account, size_t keep)
{
    for (;;) {
        struct asp_entry *first = NULL;
        size_t revoked = 0;

        for (size_t i = 0; i < account->count; i++) {
            struct asp_entry *entry = &account->entries[i];

            if (entry->revoked == ASP_NEVER)
                continue;
            revoked++;
            if (first == NULL || entry->revoked < first->revoked)
                first = entry;
        }
        if (revoked <= keep || !set_aside(account, first))
            return;
        asp_account_remove(account, first);
    }
}

void asp_account_ids(const struct asp_account *account, bool taken[ASP_IDS])
{
    memset(taken, 0, ASP_IDS * sizeof *taken);
    for (size_t i = 0; i < account->count; i++)
        taken[asp_id_index(account->entries[i].id)] = true;
    for (size_t i = 0; i < account->pending_count; i++)
        taken[asp_id_index(account->pending[i].id)] = true;
}

enum asp_status asp_account_copy(const struct asp_account *account, bool all,
                                 struct asp_entry **copies, size_t *count)
{
    *count = 0;
    *copies = calloc(account->count + 1, sizeof **copies);
    if (*copies == NULL)
        return ASP_NO_MEMORY;
    for (size_t i = 0; i < account->count; i++) {
        if (all || account->entries[i].revoked == ASP_NEVER)
            (*copies)[(*count)++] = account->entries[i];
    }
    return ASP_OK;
}

void asp_entries_free(struct asp_entry *copies, size_t count)
{
    if (copies != NULL)
        sodium_memzero(copies, count * sizeof *copies);
    free(copies);
}

void asp_account_free(struct asp_account *account)
{
    asp_entries_free(account->entries, account->count);
    asp_entries_free(account->aside, account->aside_count);
    (void)asp_account_drop_all_pending(account);
    memset(account, 0, sizeof *account);
}
