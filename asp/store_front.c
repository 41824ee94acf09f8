/* What the files of the store's front share. */
#include "store_front.h"

#include "account_file.h"

#include <string.h>

enum asp_status asp_store_encode(const char *user, char name[ASP_USER_ENCODED + 1],
                                 struct asp_error *error)
{
    if (asp_user_encode(user, name))
        return ASP_OK;
    if (user[0] == '/' && asp_user_is_digest(user + 1)) {
        memcpy(name, user + 1, strlen(user));
        return ASP_OK;
    }
    return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
}

enum asp_status asp_store_no_account(struct asp_error *error, const char *user)
{
    return asp_fail(error, ASP_NOT_FOUND, "%s has no app passwords", user);
}

enum asp_status asp_store_read_account(const struct asp_store *store, struct asp_store_held *held,
                                       const char *name, const char *user, const char *only,
                                       struct asp_account *account, struct asp_error *error)
{
    struct asp_stored stored = {0};
    enum asp_status status = store->engine->read(store, held, name, only, &stored, error);

    if (status == ASP_NOT_FOUND)
        return asp_store_no_account(error, user);
    if (status != ASP_OK)
        return status;
    status = asp_account_read(stored.bytes, stored.length, user, only, account, error);
    if (status == ASP_OK)
        account->written = stored.written;
    asp_stored_free(&stored);
    return asp_store_of_account(store, name, status, error);
}
