/*
 * Linked with --wrap=asp_store_update into a whole build: each change is called twice, as where
 * another has written between its reading and its writing. The first time it has a copy of the
 * account, of which nothing is kept.
 */
#include "asp/account_file.h"
#include "asp/buffer.h"
#include "asp/store.h"

/* It is linked into programs that know of no store, too. */
#pragma weak __real_asp_store_update
#pragma weak asp_account_free
#pragma weak asp_account_init
#pragma weak asp_account_read
#pragma weak asp_account_write
#pragma weak asp_buffer_free
#pragma weak asp_fail

struct twice {
    asp_change *change;
    void *context;
};

enum asp_status __real_asp_store_update(const struct asp_store *store, const char *user, bool make,
                                        asp_change *change, void *context, struct asp_error *error);
enum asp_status __wrap_asp_store_update(const struct asp_store *store, const char *user, bool make,
                                        asp_change *change, void *context, struct asp_error *error);

/* As it would be read again. False: a test leaves no memory for it. */
static bool copy_account(const struct asp_account *account, struct asp_account *copy)
{
    struct asp_buffer text = {0};
    bool copied = account->is_new;

    asp_account_init(copy, account->user);
    if (copied)
        return true;
    asp_account_write(account, &text);
    copied = !text.failed && asp_account_read((const uint8_t *)text.text, text.length,
                                              account->user, NULL, copy, NULL) == ASP_OK;
    copy->written = account->written;
    asp_buffer_free(&text);
    return copied;
}

static enum asp_status change_twice(struct asp_account *account, void *context,
                                    struct asp_error *error)
{
    const struct twice *twice = context;
    struct asp_account copy;
    enum asp_status status;

    if (!copy_account(account, &copy))
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    status = twice->change(&copy, twice->context, error);
    asp_account_free(&copy);
    return status == ASP_OK || status == ASP_DROP ? twice->change(account, twice->context, error)
                                                  : status;
}

enum asp_status __wrap_asp_store_update(const struct asp_store *store, const char *user, bool make,
                                        asp_change *change, void *context, struct asp_error *error)
{
    struct twice twice = {change, context};

    return __real_asp_store_update(store, user, make, change_twice, &twice, error);
}
