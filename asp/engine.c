/* What the front and every engine of the store have in common. */
#include "engine.h"

#include "account_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* In pieces, since one large one costs glibc an instruction for each byte. */
void asp_stored_free(struct asp_stored *stored)
{
    enum { PIECE = 1024 };

    for (size_t at = 0; stored->bytes != NULL && at < stored->length; at += PIECE)
        sodium_memzero(stored->bytes + at,
                       stored->length - at < PIECE ? stored->length - at : PIECE);
    free(stored->bytes);
}

enum asp_status asp_store_of_account(const struct asp_store *store, const char *name,
                                     enum asp_status status, struct asp_error *error)
{
    char why[ASP_ERROR_TEXT];
    char place[ASP_PLACE_SIZE];

    if (error == NULL || (status != ASP_CORRUPT && status != ASP_NEWER))
        return status;
    memcpy(why, error->text, sizeof why);
    store->engine->place(name, place);
    (void)asp_fail(error, status, "%s%s: %s", place[0] == '/' ? store->path : "", place, why);
    return asp_store_advise_damaged(status, error);
}

enum asp_status asp_store_advise_damaged(enum asp_status status, struct asp_error *error)
{
    return status == ASP_CORRUPT
               ? asp_advise(error, status,
                            "restore it from a backup, or drop it with asp-admin remove")
               : status;
}

bool asp_bytes_say_user(const uint8_t *bytes, size_t length, const char *name,
                        char user[ASP_USER_MAX + 1])
{
    char encoded[ASP_USER_ENCODED + 1];
    char again[ASP_USER_FILE + 1];

    if (!asp_account_whose(bytes, length, user) || !asp_user_encode(user, encoded))
        return false;
    asp_user_file(encoded, again);
    return strcmp(again, name) == 0;
}

bool asp_stored_take_user(struct asp_stored *stored, const char *name, char user[ASP_USER_MAX + 1])
{
    bool says = asp_bytes_say_user(stored->bytes, stored->length, name, user);

    asp_stored_free(stored);
    return says;
}

bool asp_store_user_of(const struct asp_store *store, const char *name, char user[ASP_USER_MAX + 1])
{
    struct asp_stored stored = {0};

    if (asp_user_decode(name, user))
        return true;
    if (!asp_user_is_digest(name))
        return false;
    if (store->engine->read(store, NULL, name, NULL, &stored, NULL) != ASP_OK ||
        !asp_stored_take_user(&stored, name, user)) {
        user[0] = '/';
        memcpy(user + 1, name, strlen(name) + 1);
    }
    return true;
}
