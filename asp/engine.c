/* What every engine of the store says in the same words. */
#include "engine.h"

#include <string.h>

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
