/*
 * The store: a folder, 0700, with users/NAME (an account each, text), used/NAME (last uses, fixed
 * slots) and locks/NAME.
 *
 * It MUST
 *  - update by lock, read, change, write a new file, fsync, rename, fsync the folder, unlock:
 * whoever reads, and whoever comes back after a power cut or a kill, sees the old state or the new
 * one, whole;
 *  - let readers go without a lock, and two users' updates without waiting for each other;
 *  - wait for a lock 5 seconds at most, and then say which process holds it;
 *  - leave the old state where it reports a failure, the new one where it reports success;
 *  - read under the lock what was there when it was taken: an update that begins after a revocation
 * was reported sees it;
 *  - trust only what root or the process's own user owns and nobody else can write, through no
 * link, and refuse at once what is no plain file.
 *
 * It MUST NOT
 *  - say that there is no account unless the users folder was opened and checked and the file is
 * not in it;
 *  - let a failed write of a last use decide anything, or wait for one;
 *  - leave a name that can be guessed, or a file that is not whole, where a reader looks.
 */
#include "store.h"

#include "buffer.h"
#include "store_files_lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define USERS ASP_USERS

/* Wipes and frees what was read of a file; in pieces, since one large one costs glibc an
 * instruction for each byte. */
static void content_wipe(uint8_t *bytes, size_t length)
{
    enum { PIECE = 1024 };

    for (size_t at = 0; bytes != NULL && at < length; at += PIECE)
        sodium_memzero(bytes + at, length - at < PIECE ? length - at : PIECE);
    free(bytes);
}

static enum asp_status bad_name(struct asp_error *error)
{
    return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
}

enum asp_status asp_store_open(struct asp_store *store, const char *path, struct asp_folder *known,
                               struct asp_error *error)
{
    enum asp_status status;

    *store = ASP_STORE_CLOSED;
    store->path = path;
    status = asp_folder_open(path, known, &store->folder, error);
    if (status == ASP_NOT_FOUND)
        return asp_fail(
            error, ASP_IO,
            "there is no store at %s: mount it, or make it with the first asp-admin create", path);
    return status;
}

void asp_store_close(struct asp_store *store)
{
    asp_close(store->folder);
    *store = ASP_STORE_CLOSED;
}

/* Makes a folder with mode 0700 whatever the umask. */
static enum asp_status make_folder(int parent, const char *name, bool *made,
                                   struct asp_error *error)
{
    if (mkdirat(parent, name, S_IRWXU) == 0) {
        if (fchmodat(parent, name, S_IRWXU, 0) != 0 || fsync(parent) != 0)
            return asp_fail_errno(error, "%s", name);
        *made = true;
        return ASP_OK;
    }
    if (errno == EEXIST)
        return ASP_OK;
    return asp_fail_errno(error, "cannot make the folder %s", name);
}

/* Makes the last folder of `path`; those above must be there. */
static enum asp_status make_top(const char *path, bool *made, struct asp_error *error)
{
    char parent[PATH_MAX];
    char *slash;
    int fd = -1;
    enum asp_status status;

    if (strnlen(path, sizeof parent) >= sizeof parent)
        return asp_fail(error, ASP_INVALID, "the store's path is too long");
    memcpy(parent, path, strlen(path) + 1);
    slash = strrchr(parent, '/');
    if (slash == NULL || slash[1] == '\0')
        return asp_fail(error, ASP_INVALID, "%s: the store's path must not end with /", path);
    slash[slash == parent ? 1 : 0] = '\0';
    status = asp_folder_open_above(parent, &fd, error);
    if (status == ASP_NOT_FOUND)
        status = asp_fail(error, ASP_IO, "the store %s cannot be made: make the folder %s first",
                          path, parent);
    if (status == ASP_OK)
        status = make_folder(fd, path + (strrchr(path, '/') - path) + 1, made, error);
    asp_close(fd);
    return status;
}

enum asp_status asp_store_make(struct asp_store *store, const char *path, bool *made,
                               struct asp_error *error)
{
    static const char *const parts[] = {USERS, ASP_USED, ASP_LOCKS};
    enum asp_status status;

    *made = false;
    *store = ASP_STORE_CLOSED;
    status = make_top(path, made, error);
    if (status == ASP_OK)
        status = asp_store_open(store, path, NULL, error);
    for (size_t i = 0; status == ASP_OK && i < sizeof parts / sizeof *parts; i++)
        status = make_folder(store->folder, parts[i], made, error);
    return status;
}

/* Says of which file `error` speaks, and what to do about one that is damaged. */
static enum asp_status of_account(const struct asp_store *store, const char *name,
                                  enum asp_status status, struct asp_error *error)
{
    char why[ASP_ERROR_TEXT];

    if (error == NULL || (status != ASP_CORRUPT && status != ASP_NEWER && status != ASP_IO))
        return status;
    memcpy(why, error->text, sizeof why);
    (void)asp_fail(error, status, "%s/" USERS "/%s: %s", store->path, name, why);
    if (status == ASP_CORRUPT)
        (void)asp_advise(error, status,
                         "restore it from a backup, or drop it with asp-admin remove");
    return status;
}

/* A folder of the store: that it is missing says nothing about any user. */
static enum asp_status check_part(const struct asp_store *store, const char *part,
                                  struct asp_error *error)
{
    enum asp_status status = asp_folder_check(store->folder, store->path, part, error);

    if (status == ASP_NOT_FOUND)
        return asp_fail(error, ASP_IO, "%s has no folder %s: is the store mounted?", store->path,
                        part);
    return status;
}

/*
 * Reads users/NAME. The folder is looked at first, and again when the file is not in it: only where
 * it is sound, and was not unmounted meanwhile, does a missing file mean that there is no account.
 */
static enum asp_status read_account(const struct asp_store *store, const char *name,
                                    const char *user, const char *only, struct asp_account *account,
                                    struct asp_error *error)
{
    char path[ASP_USER_PATH];
    struct stat st;
    uint8_t *bytes = NULL;
    size_t length = 0;
    int fd = -1;
    enum asp_status status = check_part(store, USERS, error);

    if (status != ASP_OK)
        return status;
    asp_user_join(path, USERS "/", name);
    status = asp_file_open(store->folder, store->path, path, O_RDONLY, &fd, &st, error);
    if (status == ASP_NOT_FOUND && check_part(store, USERS, error) != ASP_OK)
        return ASP_IO;
    if (status == ASP_NOT_FOUND)
        return asp_fail(error, status, "%s has no app passwords", user);
    if (status != ASP_OK)
        return status;
    status = asp_file_read(fd, &st, ASP_ACCOUNT_BYTES_MAX, &bytes, &length, error);
    if (status == ASP_OK)
        status = asp_account_read(bytes, length, user, only, account, error);
    if (status == ASP_OK)
        account->written = st.st_mtim;
    status = of_account(store, name, status, error);
    asp_close(fd);
    content_wipe(bytes, length);
    return status;
}

enum asp_status asp_store_load(const struct asp_store *store, const char *user, const char *only,
                               struct asp_account *account, struct asp_error *error)
{
    char name[ASP_USER_MAX + 1];

    if (!asp_user_encode(user, name))
        return bad_name(error);
    return read_account(store, name, user, only, account, error);
}

static enum asp_status take_lock(const struct asp_store *store, const char *user,
                                 struct asp_lock *lock, struct asp_error *error)
{
    char name[ASP_USER_MAX + 1];
    enum asp_status status;

    *lock = ASP_LOCK_FREE;
    if (!asp_user_encode(user, name))
        return bad_name(error);
    status = check_part(store, ASP_LOCKS, error);
    if (status == ASP_OK)
        status = check_part(store, USERS, error);
    if (status == ASP_OK)
        status = asp_lock_take(store->folder, store->path, USERS, name, lock, error);
    if (status == ASP_NOT_FOUND && error != NULL)
        error->status = ASP_IO;
    return status == ASP_NOT_FOUND ? ASP_IO : status;
}

/* Writes the bytes to the new file and to the disk. */
static bool write_new(const struct asp_lock *lock, const struct asp_buffer *new)
{
    int fd = openat(lock->folder, lock->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    bool written;

    if (fd < 0)
        return false;
    written = fchmod(fd, S_IRUSR | S_IWUSR) == 0 && asp_write_all(fd, new->text, new->length) &&
              fsync(fd) == 0;
    if (written)
        return close(fd) == 0;
    asp_close(fd);
    return false;
}

/* Gives the old file a second name, so that the way back needs no room on the disk. True also where
 * there is no old file. */
static bool keep_old(const struct asp_lock *lock, bool *kept)
{
    *kept = linkat(lock->folder, lock->name, lock->folder, lock->old, 0) == 0;
    return *kept || errno == ENOENT;
}

/* Takes a file away, keeping errno. */
static void discard(const struct asp_lock *lock, const char *name)
{
    int kept = errno;

    (void)unlinkat(lock->folder, name, 0);
    errno = kept;
}

/* Makes the new text the durable state, or leaves the old one. */
static enum asp_status commit(const struct asp_store *store, const struct asp_lock *lock,
                              const struct asp_buffer *new, struct asp_error *error)
{
    enum asp_status status = ASP_OK;
    bool kept = false;

    if (!write_new(lock, new) || !keep_old(lock, &kept) ||
        renameat(lock->folder, lock->temp, lock->folder, lock->name) != 0) {
        status = asp_fail_errno(error, "%s/" USERS "/%s cannot be written, nothing was changed",
                                store->path, lock->name);
        discard(lock, lock->temp);
    } else if (fsync(lock->folder) != 0) {
        status = asp_fail_errno(
            error, "%s/" USERS " cannot be written to disk, nothing was changed", store->path);
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
static enum asp_status remove_account(const struct asp_store *store, const struct asp_lock *lock,
                                      struct asp_error *error)
{
    enum asp_status status;

    if (renameat(lock->folder, lock->name, lock->folder, lock->temp) != 0)
        return errno == ENOENT
                   ? asp_fail(error, ASP_NOT_FOUND, "%s has no app passwords", lock->name)
                   : asp_fail_errno(error, "%s/" USERS "/%s", store->path, lock->name);
    if (fsync(lock->folder) != 0) {
        status = asp_fail_errno(error, "%s/" USERS " cannot be written to disk", store->path);
        (void)renameat(lock->folder, lock->temp, lock->folder, lock->name);
        return status;
    }
    if (unlinkat(lock->folder, lock->temp, 0) != 0 &&
        unlinkat(lock->folder, lock->temp, AT_REMOVEDIR) != 0) {
        status =
            asp_fail_errno(error, "%s/" USERS "/%s cannot be removed", store->path, lock->name);
        (void)renameat(lock->folder, lock->temp, lock->folder, lock->name);
        return status;
    }
    return ASP_OK;
}

/* What could not be read again is never written. */
static bool is_writable(const struct asp_account *account, struct asp_error *error)
{
    for (size_t i = 0; i < account->count; i++) {
        const char *fault = asp_entry_fault(&account->entries[i]);

        if (fault != NULL) {
            (void)asp_fail(error, ASP_INVALID, "%s: %s, nothing was changed",
                           account->entries[i].id, fault);
            return false;
        }
    }
    return true;
}

static enum asp_status update_locked(const struct asp_store *store, const struct asp_lock *lock,
                                     const char *user, bool make, asp_change *change, void *context,
                                     struct asp_error *error)
{
    struct asp_account account = {0};
    struct asp_buffer new = {0};
    enum asp_status status;

    status = read_account(store, lock->name, user, NULL, &account, error);
    if (status == ASP_NOT_FOUND && make) {
        asp_account_init(&account, user);
        status = ASP_OK;
    }
    if (status == ASP_OK)
        status = change(&account, context, error);
    if (status == ASP_DROP) {
        status = remove_account(store, lock, error);
    } else if (status == ASP_OK && !is_writable(&account, error)) {
        status = ASP_INVALID;
    } else if (status == ASP_OK) {
        asp_account_write(&account, &new);
        status = new.failed ? asp_fail(error, ASP_NO_MEMORY, "out of memory")
                            : commit(store, lock, &new, error);
    }
    asp_buffer_free(&new);
    asp_account_free(&account);
    return status;
}

enum asp_status asp_store_update(const struct asp_store *store, const char *user, bool make,
                                 asp_change *change, void *context, struct asp_error *error)
{
    struct asp_lock lock;
    enum asp_status status = take_lock(store, user, &lock, error);

    if (status == ASP_OK)
        status = update_locked(store, &lock, user, make, change, context, error);
    asp_lock_give(&lock);
    return status;
}

enum asp_status asp_store_remove(const struct asp_store *store, const char *user,
                                 struct asp_error *error)
{
    char path[ASP_USER_PATH];
    struct asp_lock lock;
    enum asp_status status = take_lock(store, user, &lock, error);

    if (status == ASP_OK) {
        status = remove_account(store, &lock, error);
        if (status == ASP_OK || status == ASP_NOT_FOUND) {
            asp_user_join(path, ASP_USED "/", lock.name);
            (void)unlinkat(store->folder, path, 0);
            asp_user_join(path, ASP_LOCKS "/", lock.name);
            (void)unlinkat(store->folder, path, 0);
        }
    }
    asp_lock_give(&lock);
    return status;
}

static DIR *open_users(const struct asp_store *store, struct asp_error *error)
{
    int fd = openat(store->folder, USERS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (folder == NULL) {
        (void)asp_fail_errno(error, "%s/" USERS, store->path);
        asp_close(fd);
    }
    return folder;
}

enum asp_status asp_store_each(const struct asp_store *store, asp_visit *visit, void *context,
                               struct asp_error *error)
{
    char user[ASP_USER_MAX + 1];
    enum asp_status status = check_part(store, USERS, error);
    struct dirent *item;
    DIR *folder;

    if (status != ASP_OK)
        return status;
    folder = open_users(store, error);
    if (folder == NULL)
        return ASP_IO;
    do {
        errno = 0;
        item = readdir(folder);
        if (item == NULL && errno != 0) {
            (void)asp_fail_errno(error, "%s/" USERS, store->path);
            status = ASP_IO;
        } else if (item != NULL && asp_user_decode(item->d_name, user)) {
            status = visit(user, context);
        }
    } while (status == ASP_OK && item != NULL);
    (void)closedir(folder);
    return status;
}
