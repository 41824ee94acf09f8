/* The engine for files: what lies in the store, looked at before it is used. */
#include "store_files.h"

#include <fcntl.h>

enum asp_status asp_files_check_folder(const struct asp_store *store, const char *folder,
                                       struct asp_error *error)
{
    enum asp_status status = asp_folder_check(store->own.fd, store->path, folder, error);

    if (status == ASP_NOT_FOUND)
        return asp_fail(error, ASP_IO, "%s has no folder %s: is the store mounted?", store->path,
                        folder);
    return status;
}

bool asp_files_is_at(const struct asp_store *store, const char *path, int fd)
{
    struct stat held;
    struct stat there;

    return fstat(fd, &held) == 0 &&
           fstatat(store->own.fd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}
