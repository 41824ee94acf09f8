/*
 * The store's usage files: written in place under a lock of their own, read without one. What is
 * not sound is read again under the lock, for it may just be written; what is not sound then is
 * mended, and that alone is put on the disk at once: it must count from now on once, and not again
 * after a power cut.
 */
#include "store_files_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { WAIT_MS = 100 };

/* The path that all here is said of: used/NAME. */
static void used_path(char path[ASP_USER_PATH], const char *name)
{
    asp_user_join(path, USED_FOLDER "/", name);
}

/*
 * Opens it; without `make`, for reading, and with it also where the folder is gone. The folder
 * needs no look of its own: what is not root's in it is refused.
 */
static enum asp_status open_used(const struct asp_store *store, const char *path, bool make,
                                 int *fd, struct stat *st, struct asp_error *error)
{
    const int flags = make ? O_RDWR | O_CREAT : O_RDONLY;
    bool made = false;
    enum asp_status status;

    *fd = -1;
    status = asp_file_open(store->own.fd, store->path, path, flags, fd, st, error);
    if (status != ASP_NOT_FOUND || !make)
        return status;
    status = asp_files_make_folder(store->own.fd, USED_FOLDER, &made, error);
    return status == ASP_OK ? asp_file_open(store->own.fd, store->path, path, flags, fd, st, error)
                            : status;
}

/* Fails by errno. */
static enum asp_status fail_used(const struct asp_store *store, const char *path,
                                 struct asp_error *error)
{
    return asp_fail_errno(error, "%s/%s", store->path, path);
}

/* A file that is too long is none of ours, and counts as empty. */
static enum asp_status read_used(const struct asp_store *store, const char *path, int fd,
                                 const struct stat *st, struct asp_usage *usage,
                                 struct asp_error *error)
{
    enum asp_status status;

    memset(usage, 0, sizeof *usage);
    status = asp_file_read(fd, store->path, path, st, ASP_USAGE_BYTES_MAX, &usage->bytes,
                           &usage->length, error);
    return status == ASP_CORRUPT ? ASP_OK : status;
}

enum asp_status asp_files_usage(const struct asp_store *store, const char *name,
                                struct asp_usage *usage, struct asp_error *error)
{
    char path[ASP_USER_PATH];
    struct stat st;
    int fd;
    enum asp_status status;

    used_path(path, name);
    status = open_used(store, path, false, &fd, &st, error);
    if (status == ASP_OK)
        status = read_used(store, path, fd, &st, usage, error);
    asp_close(fd);
    return status == ASP_NOT_FOUND || status == ASP_UNSAFE ? ASP_OK : status;
}

static bool write_head(int fd, const struct asp_usage_head *head)
{
    uint8_t bytes[ASP_HEAD_BYTES];

    asp_usage_write_head(head, bytes);
    return asp_file_put(fd, bytes, sizeof bytes, 0);
}

/* Makes the file sound. Until it is cut to its length, what is behind that is slots that are
 * damaged, or were not. */
static bool mend(int fd, struct asp_usage *usage, const struct asp_mending *mending)
{
    /* There is one where it could be opened. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    return asp_usage_mend(usage, mending->now) &&
           asp_file_put(fd, usage->bytes, usage->length, 0) &&
           ftruncate(fd, (off_t)usage->length) == 0 && (mending->walk || fsync(fd) == 0);
}

/* What is there now that the lock is: its size may have changed before. */
static enum asp_status read_again(const struct asp_store *store, const char *path, int fd,
                                  struct asp_usage *usage, struct asp_error *error)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail_used(store, path, error);
    return read_used(store, path, fd, &st, usage, error);
}

/*
 * A usage file that is open for writing, under a lock that is only tried: where two would write at
 * once, one leaves it to the next login. The caller closes `*fd` with close_locked.
 */
static enum asp_status open_locked(const struct asp_store *store, const char *name, int *fd,
                                   struct asp_usage *usage)
{
    char path[ASP_USER_PATH];
    struct stat st;
    enum asp_status status;

    used_path(path, name);
    status = open_used(store, path, true, fd, &st, NULL);
    if (status != ASP_OK)
        return status;
    /* What cannot be read is not begun anew. */
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        status = ASP_BUSY;
    else
        status = read_again(store, path, *fd, usage, NULL);
    if (status != ASP_OK)
        asp_close(*fd);
    return status;
}

/* Of an account that was removed while it was used, nothing is left. Under the file's lock, by who
 * has found it empty, which it is where it was just made. */
static void leave_none_of_nobody(const struct asp_store *store, const char *name)
{
    char path[ASP_USER_PATH];

    asp_user_join(path, USERS_FOLDER "/", name);
    if (faccessat(store->own.fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
        return;
    used_path(path, name);
    (void)unlinkat(store->own.fd, path, 0);
}

static void close_locked(int fd)
{
    (void)flock(fd, LOCK_UN);
    asp_close(fd);
}

/* What is written into a usage file that is sound, or was mended. */
typedef bool write_part(int fd, const struct asp_usage *usage, struct asp_usage_head *head,
                        const void *part);

static enum asp_status write_used(const struct asp_store *store, const char *name, time_t now,
                                  write_part *write, const void *part)
{
    const struct asp_mending mending = {.now = now};
    struct asp_usage usage = {0};
    struct asp_usage_head head;
    int fd;
    enum asp_status status = open_locked(store, name, &fd, &usage);
    const bool is_new = usage.length == 0;

    if (status != ASP_OK)
        return status;
    if (!asp_usage_sound(&usage, &head) && !mend(fd, &usage, &mending))
        status = ASP_IO;
    (void)asp_usage_read_head(&usage, &head);
    /* Begun by a clock that was ahead. */
    head.begun = head.begun < now ? head.begun : now;
    if (status == ASP_OK && !write(fd, &usage, &head, part))
        status = ASP_IO;
    if (is_new)
        leave_none_of_nobody(store, name);
    asp_usage_free(&usage);
    close_locked(fd);
    return status;
}

/* Waits for the lock of that kind. ASP_OK, or ASP_BUSY. */
static enum asp_status lock(const struct asp_store *store, const char *path, int fd, int kind,
                            struct asp_error *error)
{
    unsigned waited = 0;

    while (flock(fd, kind | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK && asp_files_wait_step(&waited, WAIT_MS))
            continue;
        return asp_fail(error, ASP_BUSY, "%s/%s is being written by another", store->path, path);
    }
    return ASP_OK;
}

/* Waits for the lock, and reads what is there. `*mended` is not ASP_OK: it is only read. */
static enum asp_status read_locked(const struct asp_store *store, const char *path, int fd,
                                   struct asp_usage *usage, enum asp_status *mended,
                                   struct asp_error *error)
{
    const int kind = *mended == ASP_OK ? LOCK_EX : LOCK_SH;
    enum asp_status locked = lock(store, path, fd, kind, error);

    if (locked != ASP_OK)
        *mended = locked;
    return read_again(store, path, fd, usage, error);
}

enum asp_status asp_files_mend_usage(const struct asp_store *store, const char *name,
                                     const struct asp_mending *mending, struct asp_usage *usage,
                                     enum asp_status *mended, struct asp_error *error)
{
    struct asp_usage_head head;
    char path[ASP_USER_PATH];
    struct stat st;
    int fd = -1;
    bool is_new;
    enum asp_status status = ASP_OK;

    *mended = ASP_DENIED;
    used_path(path, name);
    if (mending != NULL)
        *mended = open_used(store, path, true, &fd, &st, error);
    if (*mended != ASP_OK)
        status = open_used(store, path, false, &fd, &st, mending == NULL ? error : NULL);
    if (status == ASP_OK)
        status = read_locked(store, path, fd, usage, mended, error);
    is_new = status == ASP_OK && *mended == ASP_OK && usage->length == 0;
    if (status == ASP_OK && asp_usage_sound(usage, &head))
        *mended = ASP_UNCHANGED;
    else if (status == ASP_OK && *mended == ASP_OK && !mend(fd, usage, mending))
        *mended = fail_used(store, path, error);
    if (is_new)
        leave_none_of_nobody(store, name);
    close_locked(fd);
    return status == ASP_NOT_FOUND || status == ASP_UNSAFE ? ASP_OK : status;
}

/* An empty one is the same as none. */
static enum asp_status take_used_away(const struct asp_store *store, const char *path,
                                      struct asp_error *error)
{
    return unlinkat(store->own.fd, path, 0) == 0 || errno == ENOENT ? ASP_OK
                                                                    : fail_used(store, path, error);
}

enum asp_status asp_files_put_usage(const struct asp_store *store, const char *name,
                                    const struct asp_usage *usage, struct asp_error *error)
{
    char path[ASP_USER_PATH];
    struct stat st;
    int fd;
    enum asp_status status;

    used_path(path, name);
    if (usage->length == 0)
        return take_used_away(store, path, error);
    status = open_used(store, path, true, &fd, &st, error);
    if (status == ASP_OK)
        status = lock(store, path, fd, LOCK_EX, error);
    if (status == ASP_OK && (!asp_file_put(fd, usage->bytes, usage->length, 0) ||
                             ftruncate(fd, (off_t)usage->length) != 0))
        status = fail_used(store, path, error);
    if (status == ASP_OK)
        leave_none_of_nobody(store, name);
    close_locked(fd);
    return status;
}

/* All that is to be written in that file system, at once. */
void asp_files_sync_usage(const struct asp_store *store)
{
    (void)syncfs(store->own.fd);
}

/* Writes a slot in its place and, when it is a new one, that there is one more. */
static bool write_slot(int fd, const struct asp_usage *usage, struct asp_usage_head *head,
                       const void *part)
{
    const struct asp_use *use = part;
    uint8_t slot[ASP_SLOT_BYTES];
    size_t place = asp_usage_place(usage, use->id);

    asp_usage_write_slot(use, slot);
    if (!asp_file_put(fd, slot, sizeof slot, ASP_HEAD_BYTES + place * ASP_SLOT_BYTES))
        return false;
    if (place < head->slots)
        return true;
    head->slots = place + 1;
    return write_head(fd, head);
}

enum asp_status asp_files_record(const struct asp_store *store, const char *name,
                                 const struct asp_use *use)
{
    return write_used(store, name, use->last, write_slot, use);
}

static bool write_compared(int fd, const struct asp_usage *usage, struct asp_usage_head *head,
                           const void *part)
{
    (void)usage;
    head->compared = *(const struct asp_compared *)part;
    return write_head(fd, head);
}

enum asp_status asp_files_compared(const struct asp_store *store, const char *name,
                                   const struct asp_compared *compared, time_t now)
{
    return write_used(store, name, now, write_compared, compared);
}
