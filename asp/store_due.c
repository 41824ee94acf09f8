/* The store's front for the one who runs hooks. */
#include "store_due.h"

#include "account_file.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

enum asp_status asp_turn_take(const struct asp_store *store, const char *user,
                              struct asp_turn *turn, struct asp_error *error)
{
    enum asp_status status;

    *turn = ASP_TURN_FREE;
    if (!asp_user_encode(user, turn->name))
        return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
    status = store->engine->take_turn(store, turn->name, &turn->own, error);
    if (status == ASP_OK)
        turn->store = store;
    return status;
}

bool asp_turn_is_held(const struct asp_turn *turn)
{
    return turn->store != NULL;
}

void asp_turn_give(struct asp_turn *turn)
{
    if (turn->store != NULL)
        turn->store->engine->give_turn(turn->store, turn->name, &turn->own);
    *turn = ASP_TURN_FREE;
}

/* What is due */

static bool account_has(const struct asp_account *account, const struct asp_entry *entry)
{
    const struct asp_entry *found = asp_account_find(account, entry->id);

    return found != NULL && found->created == entry->created &&
           strcmp(found->verifier, entry->verifier) == 0;
}

/* All that is gathered of one user before it is put in order. */
struct gathering {
    const struct asp_store *store;
    const char *user;
    const char *name;
    struct asp_account account; /* as it is, or empty */
    struct asp_account found;   /* what is due, in the order in which it was found */
    struct asp_due *due;
    struct asp_error *error;
};

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

static enum asp_status gather_marked(struct gathering *gathering)
{
    const struct asp_account *account = &gathering->account;

    for (size_t i = 0; i < account->count; i++) {
        if (!account->entries[i].hook_due)
            continue;
        if (asp_account_add(&gathering->found, &account->entries[i]) != ASP_OK)
            return no_memory(gathering->error);
        gathering->due->marked = true;
    }
    return ASP_OK;
}

static enum asp_status keep_key(struct asp_due *due, const char *key, struct asp_error *error)
{
    char(*grown)[ASP_DUE_KEY] = reallocarray(due->keys, due->key_count + 1, sizeof *grown);

    if (grown == NULL)
        return no_memory(error);
    due->keys = grown;
    memcpy(grown[due->key_count++], key, ASP_DUE_KEY);
    return ASP_OK;
}

/* ASP_UNCHANGED: there is nothing due in it. */
static enum asp_status gather_kept(struct gathering *gathering, const struct asp_account *kept)
{
    bool any = false;

    for (size_t i = 0; i < kept->count; i++) {
        if (account_has(&gathering->account, &kept->entries[i]))
            continue;
        if (asp_account_add(&gathering->found, &kept->entries[i]) != ASP_OK)
            return no_memory(gathering->error);
        any = true;
    }
    return any ? ASP_OK : ASP_UNCHANGED;
}

/* ASP_OK: the caller frees `kept`. ASP_NOT_FOUND: it has gone meanwhile. */
static enum asp_status read_text(const struct asp_store *store, const char *user, const char *name,
                                 const char *key, struct asp_account *kept, struct asp_error *error)
{
    struct asp_stored stored = {0};
    enum asp_status status = store->engine->read_due(store, name, key, &stored, error);

    if (status != ASP_OK)
        return status;
    status = asp_account_read(stored.bytes, stored.length, user, NULL, kept, error);
    asp_stored_free(&stored);
    return status;
}

/* An asp_due_visit of this name. While the account is held nobody is about to change it: what it
 * still has was never taken out, and what is not whole was never put. */
static enum asp_status gather_text(const char *name, const char *key, void *context)
{
    struct gathering *gathering = context;
    const struct asp_store *store = gathering->store;
    struct asp_account kept;
    enum asp_status status;

    status = read_text(store, gathering->user, name, key, &kept, gathering->error);
    if (status == ASP_NOT_FOUND)
        return ASP_OK;
    if (status == ASP_OK) {
        status = gather_kept(gathering, &kept);
        asp_account_free(&kept);
    }
    if (status == ASP_UNCHANGED || status == ASP_CORRUPT)
        return store->engine->drop_due(store, name, key, gathering->error);
    return status == ASP_OK ? keep_key(gathering->due, key, gathering->error) : status;
}

/* An asp_store_step. */
static enum asp_status gather_held(struct asp_store_held *held, void *context,
                                   struct asp_error *error)
{
    struct gathering *gathering = context;
    const struct asp_store *store = gathering->store;
    enum asp_status status =
        asp_store_load(store, gathering->user, NULL, &gathering->account, error);
    const bool is_gone = status == ASP_NOT_FOUND;

    if (is_gone) {
        asp_account_init(&gathering->account, gathering->user);
        status = ASP_OK;
    }
    /* What had no room is older than what is there. */
    if (status == ASP_OK)
        status = store->engine->each_due(store, gathering->name, gather_text, gathering, error);
    if (status == ASP_OK)
        status = gather_marked(gathering);
    asp_account_free(&gathering->account);
    /* At the end: with the lock's name goes what keeps others away. */
    if (is_gone)
        store->engine->forget(store, held);
    return status;
}

/* Reason after reason. */
static enum asp_status put_in_order(const struct asp_account *found, struct asp_due *due,
                                    struct asp_error *error)
{
    bool *taken = calloc(found->count + 1, sizeof *taken);

    due->entries = calloc(found->count + 1, sizeof *due->entries);
    for (size_t i = 0; taken != NULL && due->entries != NULL && i < found->count; i++) {
        for (size_t j = i; j < found->count; j++) {
            if (taken[j] || strcmp(found->entries[i].reason, found->entries[j].reason) != 0)
                continue;
            taken[j] = true;
            due->entries[due->count++] = found->entries[j];
        }
    }
    free(taken);
    return due->count == found->count ? ASP_OK : no_memory(error);
}

static enum asp_status note_text(const char *name, const char *key, void *context)
{
    (void)name;
    (void)key;
    *(bool *)context = true;
    return ASP_OK;
}

/* Most have none, and then no lock is taken. */
static enum asp_status has_text(const struct asp_store *store, const char *name, bool *has,
                                struct asp_error *error)
{
    *has = false;
    return store->engine->each_due(store, name, note_text, has, error);
}

static enum asp_status gather(struct gathering *gathering, struct asp_error *error)
{
    const struct asp_store *store = gathering->store;
    bool has;
    enum asp_status status = has_text(store, gathering->name, &has, error);

    if (status != ASP_OK)
        return status;
    if (has)
        return store->engine->hold(store, gathering->name, gather_held, gathering, error);
    status = asp_store_load(store, gathering->user, NULL, &gathering->account, error);
    if (status != ASP_OK)
        return status == ASP_NOT_FOUND ? ASP_OK : status;
    status = gather_marked(gathering);
    asp_account_free(&gathering->account);
    return status;
}

enum asp_status asp_due_read(const struct asp_store *store, const char *user, struct asp_due *due,
                             struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    struct gathering gathering = {
        .store = store, .user = user, .name = name, .due = due, .error = error};
    enum asp_status status;

    *due = (struct asp_due){.count = 0};
    if (!asp_user_encode(user, name))
        return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
    asp_account_init(&gathering.found, user);
    status = gather(&gathering, error);
    if (status == ASP_OK)
        status = put_in_order(&gathering.found, due, error);
    asp_account_free(&gathering.found);
    if (status != ASP_OK)
        asp_due_free(due);
    return status;
}

/* Those that the hook was run for, and how many revoked ones are kept. */
struct clearing {
    const struct asp_due *due;
    size_t ran;
    size_t keep;
};

/* An asp_change: others may be due by now. */
static enum asp_status clear_marks(struct asp_account *account, void *context,
                                   struct asp_error *error)
{
    const struct clearing *clearing = context;
    bool cleared = false;

    (void)error;
    for (size_t i = 0; i < clearing->ran; i++) {
        const struct asp_entry *ran = &clearing->due->entries[i];
        struct asp_entry *entry = asp_account_find(account, ran->id);

        if (entry == NULL || !entry->hook_due || !account_has(account, ran))
            continue;
        entry->hook_due = false;
        cleared = true;
    }
    asp_account_prune(account, clearing->keep);
    return cleared ? ASP_OK : ASP_UNCHANGED;
}

enum asp_status asp_due_clear(const struct asp_store *store, const char *user,
                              const struct asp_due *due, size_t ran, size_t keep,
                              struct asp_error *error)
{
    struct clearing clearing = {due, ran, keep};
    char name[ASP_USER_ENCODED + 1];
    enum asp_status status = ASP_OK;

    if (!asp_user_encode(user, name))
        return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
    if (due->marked && ran > 0)
        status = asp_store_update(store, user, false, clear_marks, &clearing, error);
    if (status == ASP_UNCHANGED || status == ASP_NOT_FOUND)
        status = ASP_OK;
    for (size_t i = 0; status == ASP_OK && ran == due->count && i < due->key_count; i++)
        status = store->engine->drop_due(store, name, due->keys[i], error);
    return status;
}

void asp_due_free(struct asp_due *due)
{
    asp_entries_free(due->entries, due->count);
    free(due->keys);
    *due = (struct asp_due){.count = 0};
}

bool asp_due_is_any(const struct asp_store *store, const char *user)
{
    char name[ASP_USER_ENCODED + 1];
    struct asp_account account;
    bool any = false;

    if (!asp_user_encode(user, name) || has_text(store, name, &any, NULL) != ASP_OK || any)
        return any;
    if (asp_store_load(store, user, NULL, &account, NULL) != ASP_OK)
        return false;
    for (size_t i = 0; i < account.count; i++)
        any = any || account.entries[i].hook_due;
    asp_account_free(&account);
    return any;
}

struct noting {
    const struct asp_store *store;
    const char *user;
    bool *taken;
    struct asp_error *error;
};

/* An asp_due_visit of this name. What is not whole was never put. */
static enum asp_status note_ids(const char *name, const char *key, void *context)
{
    const struct noting *noting = context;
    struct asp_error why = {0};
    struct asp_account kept;
    enum asp_status status;

    status = read_text(noting->store, noting->user, name, key, &kept, &why);
    if (status == ASP_NOT_FOUND || status == ASP_CORRUPT)
        return ASP_OK;
    if (status != ASP_OK) {
        if (noting->error != NULL)
            *noting->error = why;
        return status;
    }
    for (size_t i = 0; i < kept.count; i++)
        noting->taken[asp_id_index(kept.entries[i].id)] = true;
    asp_account_free(&kept);
    return ASP_OK;
}

enum asp_status asp_due_ids(const struct asp_store *store, const char *user, bool taken[ASP_IDS],
                            struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    struct noting noting = {store, user, taken, error};

    if (!asp_user_encode(user, name))
        return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
    return store->engine->each_due(store, name, note_ids, &noting, error);
}

struct each {
    const struct asp_store *store;
    asp_visit *visit;
    void *context;
};

/* The account may have gone, and then what is due says whose it was. False: nobody does. */
static bool find_user(const struct asp_store *store, const char *name, const char *key,
                      char user[ASP_USER_MAX + 1])
{
    struct asp_stored stored = {0};

    if (!asp_store_user_of(store, name, user))
        return false;
    return user[0] != '/' || (store->engine->read_due(store, name, key, &stored, NULL) == ASP_OK &&
                              asp_stored_take_user(&stored, name, user));
}

static enum asp_status visit_user(const char *name, const char *key, void *context)
{
    const struct each *each = context;
    char user[ASP_USER_MAX + 1];

    return find_user(each->store, name, key, user) ? each->visit(user, each->context) : ASP_OK;
}

enum asp_status asp_due_each(const struct asp_store *store, asp_visit *visit, void *context,
                             struct asp_error *error)
{
    struct each each = {store, visit, context};

    return store->engine->each_due(store, NULL, visit_user, &each, error);
}
