/* The engine for files: a folder of the store, looked at before it is used. */
#include "store_files.h"

enum asp_status asp_files_check_folder(const struct asp_store *store, const char *folder,
                                       struct asp_error *error)
{
    enum asp_status status = asp_folder_check(store->own.fd, store->path, folder, error);

    if (status == ASP_NOT_FOUND)
        return asp_fail(error, ASP_IO, "%s has no folder %s: is the store mounted?", store->path,
                        folder);
    return status;
}
