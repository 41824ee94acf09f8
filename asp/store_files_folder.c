/* The engine for files: what lies in the store, looked at before it is used. */
#include "store_files.h"
#include "store_files_moved.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *asp_files_made_with(const struct asp_conf *conf)
{
    return conf->database.host_count > 0 ? "asp-admin store join" : "the first asp-admin create";
}

enum asp_status asp_files_check_folder(const struct asp_store *store, const char *folder,
                                       struct asp_error *error)
{
    enum asp_status status = asp_folder_check(store->own.fd, store->path, folder, error);

    if (status != ASP_NOT_FOUND)
        return status;
    if (strcmp(folder, USERS_FOLDER) == 0 && asp_files_has_moved(store, error))
        return ASP_IO;
    return asp_fail(error, ASP_IO, "%s has no folder %s: is the store mounted?", store->path,
                    folder);
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

DIR *asp_files_open_folder(const struct asp_store *store, const char *name, struct asp_error *error)
{
    int fd = openat(store->own.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (folder == NULL) {
        (void)asp_fail_errno(error, "%s/%s", store->path, name);
        asp_close(fd);
    }
    return folder;
}

bool asp_files_fits(const char *file)
{
    return strnlen(file, ASP_USER_FILE + 1) <= ASP_USER_FILE;
}

enum asp_status asp_files_each_file(const struct asp_store *store, const char *name,
                                    asp_visit *visit, void *context, struct asp_error *error)
{
    DIR *folder = asp_files_open_folder(store, name, error);
    enum asp_status status = ASP_OK;
    struct dirent *item;

    if (folder == NULL)
        return ASP_IO;
    do {
        errno = 0;
        item = readdir(folder);
        if (item == NULL && errno != 0) {
            (void)asp_fail_errno(error, "%s/%s", store->path, name);
            status = ASP_IO;
        } else if (item != NULL) {
            status = visit(item->d_name, context);
        }
    } while (status == ASP_OK && item != NULL);
    (void)closedir(folder);
    return status;
}
