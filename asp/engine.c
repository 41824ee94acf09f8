/* What the front and every engine of the store have in common. */
#include "engine.h"

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

    if (error == NULL || (status != ASP_CORRUPT && status != ASP_NEWER && status != ASP_IO))
        return status;
    memcpy(why, error->text, sizeof why);
    (void)asp_fail(error, status, "%s%s%s: %s", store->path, store->engine->accounts, name, why);
    if (status == ASP_CORRUPT)
        (void)asp_advise(error, status,
                         "restore it from a backup, or drop it with asp-admin remove");
    return status;
}
