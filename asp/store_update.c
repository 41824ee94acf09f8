/* The store's front: an account is changed, or goes. */
#include "account_file.h"
#include "buffer.h"
#include "random.h"
#include "store_front.h"

#include <time.h>

/* What could not be read again is never written. */
static bool is_writable(const struct asp_account *account, struct asp_error *error)
{
    for (size_t i = 0; i < account->count; i++) {
        const char *fault = asp_entry_fault(&account->entries[i]);

        if (fault != NULL) {
            (void)asp_fail(error, ASP_INVALID, "%s: %s, nothing was changed",
                           account->entries[i].id, fault);
            return false;
        }
    }
    for (size_t i = 0; i < account->pending_count; i++) {
        if (!asp_pending_valid(&account->pending[i])) {
            (void)asp_fail(error, ASP_INVALID,
                           "what is pending is not well-formed, nothing was "
                           "changed");
            return false;
        }
    }
    return true;
}

/* Whatever is done to an account may need random bytes: its lock, a fingerprint, a secret. */
static enum asp_status hold(const struct asp_store *store, const char *name, asp_store_step *step,
                            void *context, struct asp_error *error)
{
    enum asp_status status = asp_random_check(error);

    return status == ASP_OK ? store->engine->hold(store, name, step, context, error) : status;
}

/* One update, and whose. */
struct update {
    const struct asp_store *store;
    const char *user;
    const char *name;
    bool make;
    asp_change *change;
    void *context;
};

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

static enum asp_status write_account(const struct asp_store *store, struct asp_store_held *held,
                                     struct asp_made *made, struct asp_error *error)
{
    struct asp_buffer text = {0};
    enum asp_status status;

    if (!is_writable(made->account, error))
        return ASP_INVALID;
    asp_account_write(made->account, &text);
    made->text = &text;
    status = text.failed ? no_memory(error) : store->engine->write(store, held, made, error);
    made->text = NULL;
    asp_buffer_free(&text);
    return status;
}

/* What is due and will not be in the account any more: all that is, where it is dropped. */
static enum asp_status gather_due(const struct asp_account *account, bool dropped,
                                  struct asp_account *due)
{
    enum asp_status status = ASP_OK;

    asp_account_init(due, account->user);
    for (size_t i = 0; status == ASP_OK && i < account->aside_count; i++) {
        if (account->aside[i].hook_due)
            status = asp_account_add(due, &account->aside[i]);
    }
    for (size_t i = 0; status == ASP_OK && dropped && i < account->count; i++) {
        if (account->entries[i].hook_due)
            status = asp_account_add(due, &account->entries[i]);
    }
    return status;
}

/* Before the account is changed. `key` stays empty where there is nothing. */
static enum asp_status put_due(const struct asp_store *store, struct asp_store_held *held,
                               const struct asp_account *account, bool dropped,
                               char key[ASP_DUE_KEY], struct asp_error *error)
{
    struct asp_account due;
    struct asp_buffer text = {0};
    enum asp_status status = gather_due(account, dropped, &due);

    if (status == ASP_OK && due.count > 0) {
        asp_account_write(&due, &text);
        status =
            text.failed ? ASP_NO_MEMORY : store->engine->put_due(store, held, &text, key, error);
    }
    if (status == ASP_NO_MEMORY)
        (void)no_memory(error);
    asp_buffer_free(&text);
    asp_account_free(&due);
    return status;
}

/* Takes the account away, with its usage. */
static enum asp_status drop_account(const struct asp_store *store, struct asp_store_held *held,
                                    const struct asp_made *made, struct asp_error *error)
{
    enum asp_status status = store->engine->drop(store, held, made, error);

    if (status == ASP_OK || status == ASP_NOT_FOUND)
        store->engine->forget(store, held);
    return status;
}

static enum asp_status keep_change(const struct update *update, struct asp_store_held *held,
                                   struct asp_made *made, bool dropped, struct asp_error *error)
{
    const struct asp_store *store = update->store;
    char key[ASP_DUE_KEY] = "";
    enum asp_status status = put_due(store, held, made->account, dropped, key, error);

    if (status != ASP_OK)
        return status;
    status =
        dropped ? drop_account(store, held, made, error) : write_account(store, held, made, error);
    if (status != ASP_OK && key[0] != '\0')
        (void)store->engine->drop_due(store, update->name, key, NULL);
    return status;
}

/* What there is to be changed, or ASP_NOT_FOUND: then nothing of it is left that is of no use. */
static enum asp_status read_held(const struct update *update, struct asp_store_held *held,
                                 struct asp_account *account, struct asp_error *error)
{
    const struct asp_store *store = update->store;
    time_t now = time(NULL);
    enum asp_status status =
        asp_store_read_account(store, held, update->name, update->user, NULL, account, error);

    if (status == ASP_NOT_FOUND && update->make) {
        asp_account_init(account, update->user);
        return ASP_OK;
    }
    if (status == ASP_NOT_FOUND)
        store->engine->forget(store, held);
    if (status != ASP_OK)
        return status;
    (void)store->engine->now(store, &now, NULL); /* it was told with the account */
    asp_account_drop_stale(account, now);
    if (!account->not_yet || update->make)
        return ASP_OK;
    if (account->pending_count == 0)
        (void)drop_account(store, held, &(struct asp_made){.account = account}, NULL);
    return asp_store_no_account(error, update->user);
}

/* What the change makes of it is kept. */
static enum asp_status change_held(const struct update *update, struct asp_store_held *held,
                                   struct asp_account *account, struct asp_error *error)
{
    const bool hears = update->store->engine->hears_ended;
    struct asp_entry *before = NULL;
    size_t count = 0;
    struct asp_made made = {.account = account};
    enum asp_status status;

    if (hears && asp_account_copy(account, false, &before, &count) != ASP_OK)
        return no_memory(error);
    status = update->change(account, update->context, error);
    if (status == ASP_OK && account->not_yet && account->pending_count == 0)
        status = ASP_DROP;
    made.ended = before;
    made.ended_count = asp_account_ended(account, status == ASP_DROP, before, count);
    if (status == ASP_OK || status == ASP_DROP)
        status = keep_change(update, held, &made, status == ASP_DROP, error);
    asp_entries_free(before, count);
    return status;
}

static enum asp_status update_held(struct asp_store_held *held, void *context,
                                   struct asp_error *error)
{
    const struct update *update = context;
    struct asp_account account = {0};
    enum asp_status status = read_held(update, held, &account, error);

    if (status == ASP_OK)
        status = change_held(update, held, &account, error);
    /* Nor is anything left of one that was not made. */
    if (status != ASP_OK && account.is_new)
        update->store->engine->forget(update->store, held);
    asp_account_free(&account);
    return status;
}

enum asp_status asp_store_update(const struct asp_store *store, const char *user, bool make,
                                 asp_change *change, void *context, struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    struct update update = {store, user, name, make, change, context};
    enum asp_status status = asp_store_encode(user, name, error);

    return status == ASP_OK ? hold(store, name, update_held, &update, error) : status;
}

/* An asp_change: then the account is dropped too. */
static enum asp_status drop_all_pending(struct asp_account *account, void *context,
                                        struct asp_error *error)
{
    (void)context;
    (void)error;
    if (!account->not_yet)
        return ASP_UNCHANGED;
    (void)asp_account_drop_all_pending(account);
    return ASP_OK;
}

enum asp_status asp_store_drop_pending(const struct asp_store *store, const char *user,
                                       struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    struct asp_account account = {0};
    enum asp_status status = asp_store_encode(user, name, error);
    bool not_yet;

    if (status == ASP_OK)
        status = asp_store_read_account(store, NULL, name, user, "", &account, error);
    if (status != ASP_OK)
        return status == ASP_NOT_FOUND ? ASP_OK : status;
    not_yet = account.not_yet;
    asp_account_free(&account);
    if (not_yet)
        status = asp_store_update(store, user, true, drop_all_pending, NULL, error);
    return status == ASP_UNCHANGED ? ASP_OK : status;
}

/* An asp_change: who holds an account has dropped what is stale by then. */
static enum asp_status change_nothing(struct asp_account *account, void *context,
                                      struct asp_error *error)
{
    (void)account;
    (void)context;
    (void)error;
    return ASP_UNCHANGED;
}

void asp_store_drop_stale(const struct asp_store *store, const char *user)
{
    (void)asp_store_update(store, user, false, change_nothing, NULL, NULL);
}

static enum asp_status remove_held(struct asp_store_held *held, void *context,
                                   struct asp_error *error)
{
    return drop_account(*(const struct asp_store *const *)context, held, &(struct asp_made){0},
                        error);
}

enum asp_status asp_store_remove(const struct asp_store *store, const char *user,
                                 struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    enum asp_status status = asp_store_encode(user, name, error);

    return status == ASP_OK ? hold(store, name, remove_held, &store, error) : status;
}
