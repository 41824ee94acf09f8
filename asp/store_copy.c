/* Accounts on their way from one engine to another. */
#include "store_copy.h"

#include "account_file.h"
#include "engine.h"
#include "store_front.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct asp_copied *asp_copy_page_add(struct asp_copy_page *page, const char *user)
{
    struct asp_copied *copied;

    if (page->accounts == NULL)
        page->accounts = calloc(ASP_COPY_AT_ONCE, sizeof *page->accounts);
    if (page->accounts == NULL || page->count == ASP_COPY_AT_ONCE)
        return NULL;
    copied = &page->accounts[page->count++];
    *copied = (struct asp_copied){0};
    memcpy(copied->user, user, strnlen(user, ASP_USER_MAX));
    return copied;
}

bool asp_copied_set(struct asp_copy_page *page, struct asp_copied *copied, const void *bytes,
                    size_t length)
{
    copied->bytes = malloc(length + 1);
    if (copied->bytes == NULL)
        return false;
    memcpy(copied->bytes, bytes, length);
    copied->bytes[length] = '\0';
    copied->length = length;
    page->bytes += length;
    return true;
}

bool asp_copy_page_is_full(const struct asp_copy_page *page)
{
    return page->count == ASP_COPY_AT_ONCE || page->bytes >= ASP_COPY_BYTES;
}

void asp_copy_page_clear(struct asp_copy_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        struct asp_copied *copied = &page->accounts[i];

        if (copied->bytes != NULL)
            sodium_memzero(copied->bytes, copied->length);
        free(copied->bytes);
        asp_usage_free(&copied->usage);
    }
    page->count = 0;
    page->bytes = 0;
}

void asp_copy_page_free(struct asp_copy_page *page)
{
    asp_copy_page_clear(page);
    free(page->accounts);
    page->accounts = NULL;
}

/* What is told, and of whom. */
struct telling {
    const struct asp_store *store;
    const char *user;
    const char *name;
    const struct asp_entry *ended;
    size_t count;
};

/* As it is; a new one that has nothing is none. */
static enum asp_status write_again(const struct telling *telling, struct asp_store_held *held,
                                   const struct asp_stored *stored, struct asp_error *error)
{
    struct asp_account account;
    struct asp_buffer text = {0};
    const struct asp_made made = {
        .text = &text, .account = &account, .ended = telling->ended, .ended_count = telling->count};
    enum asp_status status =
        asp_account_read(stored->bytes, stored->length, telling->user, NULL, &account, error);

    if (status != ASP_OK)
        return status;
    asp_buffer_add_bytes(&text, (const char *)stored->bytes, stored->length);
    status = text.failed ? asp_fail(error, ASP_NO_MEMORY, "out of memory")
                         : telling->store->engine->write(telling->store, held, &made, error);
    asp_buffer_free(&text);
    asp_account_free(&account);
    return status;
}

/* An asp_store_step. */
static enum asp_status tell_held(struct asp_store_held *held, void *context,
                                 struct asp_error *error)
{
    const struct telling *telling = context;
    const struct asp_store_engine *engine = telling->store->engine;
    const struct asp_made none = {.ended = telling->ended, .ended_count = telling->count};
    struct asp_stored stored = {0};
    enum asp_status status =
        engine->read(telling->store, held, telling->name, NULL, &stored, error);

    if (status == ASP_NOT_FOUND)
        return engine->write(telling->store, held, &none, error);
    if (status == ASP_OK)
        status = write_again(telling, held, &stored, error);
    asp_stored_free(&stored);
    return status;
}

enum asp_status asp_store_tell_ended(const struct asp_store *store, const char *user,
                                     const struct asp_entry *ended, size_t count,
                                     struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    struct telling telling = {store, user, name, ended, count};
    enum asp_status status = asp_store_encode(user, name, error);

    return status == ASP_OK ? store->engine->hold(store, name, tell_held, &telling, error) : status;
}
