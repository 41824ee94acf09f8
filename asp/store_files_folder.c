/* The engine for files: what lies in the store, looked at before it is used. */
#include "store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum asp_status asp_files_check_folder(const struct asp_store *store, const char *folder,
                                       struct asp_error *error)
{
    enum asp_status status = asp_folder_check(store->own.fd, store->path, folder, error);

    if (status == ASP_NOT_FOUND)
        return asp_fail(error, ASP_IO, "%s has no folder %s: is the store mounted?", store->path,
                        folder);
    return status;
}

enum asp_status asp_files_make_folder(int parent, const char *name, bool *made,
                                      struct asp_error *error)
{
    if (mkdirat(parent, name, S_IRWXU) == 0) {
        if (fchmodat(parent, name, S_IRWXU, 0) != 0 || fsync(parent) != 0)
            return asp_fail_errno(error, "the folder %s", name);
        *made = true;
        return ASP_OK;
    }
    if (errno == EEXIST)
        return ASP_OK;
    return asp_fail_errno(error, "cannot make the folder %s", name);
}

bool asp_files_is_at(const struct asp_store *store, const char *path, int fd)
{
    struct stat held;
    struct stat there;

    return fstat(fd, &held) == 0 &&
           fstatat(store->own.fd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}
