/* What the engine for files writes and takes away, under the lock of an account. */
#include "buffer.h"
#include "store_files_lock.h"
#include "store_files_moved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum asp_status take_lock(const struct asp_store *store, const char *name,
                                 struct asp_store_held *lock, struct asp_error *error)
{
    enum asp_status status;

    *lock = ASP_FILES_LOCK_FREE;
    status = asp_files_check_folder(store, LOCKS_FOLDER, error);
    if (status == ASP_OK)
        status = asp_files_check_folder(store, USERS_FOLDER, error);
    if (status == ASP_OK)
        status = asp_files_lock_acquire(store, name, lock, error);
    if (status == ASP_NOT_FOUND && error != NULL)
        error->status = ASP_IO;
    return status == ASP_NOT_FOUND ? ASP_IO : status;
}

enum asp_status asp_files_hold(const struct asp_store *store, const char *name,
                               asp_store_step *step, void *context, struct asp_error *error)
{
    struct asp_store_held lock;
    enum asp_status status = take_lock(store, name, &lock, error);

    if (status == ASP_OK)
        status = step(&lock, context, error);
    asp_files_lock_release(&lock);
    return status;
}

bool asp_files_write_new(int folder, const char *path, const struct asp_buffer *text)
{
    int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    bool written;

    if (fd < 0)
        return false;
    written = fchmod(fd, S_IRUSR | S_IWUSR) == 0 && asp_file_may_reach(text->length) &&
              asp_write_all(fd, text->text, text->length) && fsync(fd) == 0;
    if (written)
        return close(fd) == 0;
    asp_close(fd);
    return false;
}

/* Gives the old file a second name, so that the way back needs no room on the disk. True also where
 * there is no old file. */
static bool keep_old(const struct asp_store_held *lock, bool *kept)
{
    *kept = linkat(lock->folder, lock->name, lock->folder, lock->old, 0) == 0;
    return *kept || errno == ENOENT;
}

/* Takes a file away, keeping errno. */
static void discard(const struct asp_store_held *lock, const char *name)
{
    int kept = errno;

    (void)unlinkat(lock->folder, name, 0);
    errno = kept;
}

/* Makes the new text the durable state, or leaves the old one. */
enum asp_status asp_files_write(const struct asp_store *store, struct asp_store_held *lock,
                                const struct asp_made *made, struct asp_error *error)
{
    enum asp_status status = ASP_OK;
    bool kept = false;

    if (!asp_files_write_new(lock->folder, lock->temp, made->text) || !keep_old(lock, &kept) ||
        renameat(lock->folder, lock->temp, lock->folder, lock->name) != 0) {
        status =
            asp_fail_errno(error, "%s/" USERS_FOLDER "/%s cannot be written, nothing was changed",
                           store->path, lock->name);
        discard(lock, lock->temp);
    } else if (fsync(lock->folder) != 0) {
        status = asp_fail_errno(
            error, "%s/" USERS_FOLDER " cannot be written to disk, nothing was changed",
            store->path);
        if (!kept)
            discard(lock, lock->name);
        else if (renameat(lock->folder, lock->old, lock->folder, lock->name) == 0)
            kept = false;
    }
    if (kept)
        discard(lock, lock->old);
    return status;
}

/* The account goes first and durably: aside, and back again when the disk refuses. */
enum asp_status asp_files_drop(const struct asp_store *store, struct asp_store_held *lock,
                               const struct asp_made *made, struct asp_error *error)
{
    enum asp_status status;

    (void)made;
    if (renameat(lock->folder, lock->name, lock->folder, lock->temp) != 0) {
        if (errno != ENOENT)
            return asp_fail_errno(error, "%s/" USERS_FOLDER "/%s", store->path, lock->name);
        return asp_files_has_moved(store, error)
                   ? ASP_IO
                   : asp_fail(error, ASP_NOT_FOUND, "%s has no app passwords", lock->name);
    }
    if (fsync(lock->folder) != 0) {
        status =
            asp_fail_errno(error, "%s/" USERS_FOLDER " cannot be written to disk", store->path);
        (void)renameat(lock->folder, lock->temp, lock->folder, lock->name);
        return status;
    }
    if (unlinkat(lock->folder, lock->temp, 0) != 0 &&
        unlinkat(lock->folder, lock->temp, AT_REMOVEDIR) != 0) {
        status = asp_fail_errno(error, "%s/" USERS_FOLDER "/%s cannot be removed", store->path,
                                lock->name);
        (void)renameat(lock->folder, lock->temp, lock->folder, lock->name);
        return status;
    }
    /* So that what was put aside does not come back either; where it does, it is a stray. */
    (void)fsync(lock->folder);
    return ASP_OK;
}
