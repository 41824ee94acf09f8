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

#include "lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define USERS "users"
#define USED "used"

enum { PATH_SIZE = ASP_USER_MAX + 8 }; /* a folder and a user's encoded name */

/* The bytes of a file. */
struct content {
    uint8_t *bytes;
    size_t length;
};

static void content_free(struct content *content)
{
    if (content->bytes != NULL)
        sodium_memzero(content->bytes, content->length);
    free(content->bytes);
}

static enum asp_status bad_name(struct asp_error *error)
{
    return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
}

enum asp_status asp_store_open(struct asp_store *store, const char *path, struct asp_error *error)
{
    enum asp_status status;

    *store = ASP_STORE_CLOSED;
    store->path = path;
    status = asp_folder_open(path, &store->folder, error);
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
    status = asp_folder_open(parent, &fd, error);
    if (status == ASP_OK)
        status = make_folder(fd, path + (strrchr(path, '/') - path) + 1, made, error);
    asp_close(fd);
    return status;
}

enum asp_status asp_store_make(struct asp_store *store, const char *path, bool *made,
                               struct asp_error *error)
{
    static const char *const parts[] = {USERS, USED, ASP_LOCKS};
    enum asp_status status;

    *made = false;
    *store = ASP_STORE_CLOSED;
    status = make_top(path, made, error);
    if (status == ASP_OK)
        status = asp_store_open(store, path, error);
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
    return asp_fail(error, status, "%s/" USERS "/%s: %s%s", store->path, name, why,
                    status == ASP_CORRUPT
                        ? "; restore it from a backup, or drop it with asp-admin remove"
                        : "");
}

/*
 * Reads users/NAME. The folder is looked at first: only where it is sound does a missing file mean
 * that there is no account. With `kept` not NULL the bytes are the caller's to free.
 */
static enum asp_status read_account(const struct asp_store *store, const char *name,
                                    const char *user, const char *only, struct asp_account *account,
                                    struct content *kept, struct asp_error *error)
{
    char path[PATH_SIZE];
    struct stat st;
    struct content content = {0};
    int fd = -1;
    enum asp_status status;

    status = asp_folder_check(store->folder, store->path, USERS, error);
    if (status == ASP_NOT_FOUND)
        return asp_fail(error, ASP_IO, "%s has no folder " USERS ": is the store mounted?",
                        store->path);
    if (status != ASP_OK)
        return status;

    (void)snprintf(path, sizeof path, USERS "/%s", name);
    status = asp_file_open(store->folder, store->path, path, O_RDONLY, &fd, &st, error);
    if (status != ASP_OK)
        return status;
    status = asp_file_read(fd, &st, ASP_ACCOUNT_BYTES_MAX, &content.bytes, &content.length, error);
    if (status == ASP_OK)
        status = asp_account_read(content.bytes, content.length, user, only, account, error);
    status = of_account(store, name, status, error);
    asp_close(fd);
    if (kept != NULL && status == ASP_OK)
        *kept = content;
    else
        content_free(&content);
    return status;
}

enum asp_status asp_store_load(const struct asp_store *store, const char *user, const char *only,
                               struct asp_account *account, struct asp_error *error)
{
    char name[ASP_USER_MAX + 1];

    if (!asp_user_encode(user, name))
        return bad_name(error);
    return read_account(store, name, user, only, account, NULL, error);
}

static enum asp_status take_lock(const struct asp_store *store, const char *user,
                                 struct asp_lock *lock, struct asp_error *error)
{
    char name[ASP_USER_MAX + 1];
    enum asp_status status;

    *lock = ASP_LOCK_FREE;
    if (!asp_user_encode(user, name))
        return bad_name(error);
    status = asp_folder_check(store->folder, store->path, ASP_LOCKS, error);
    if (status == ASP_OK)
        status = asp_folder_check(store->folder, store->path, USERS, error);
    if (status == ASP_OK)
        status = asp_lock_take(store->folder, store->path, USERS, name, lock, error);
    return status == ASP_NOT_FOUND ? ASP_IO : status;
}

/* Writes the bytes to the new file and puts it in the place of the old one. */
static bool replace(const struct asp_lock *lock, const void *bytes, size_t length)
{
    int fd = openat(lock->folder, lock->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    bool written;

    if (fd < 0)
        return false;
    written =
        fchmod(fd, S_IRUSR | S_IWUSR) == 0 && asp_write_all(fd, bytes, length) && fsync(fd) == 0;
    if (written)
        written = close(fd) == 0;
    else
        asp_close(fd);
    if (written && renameat(lock->folder, lock->temp, lock->folder, lock->name) == 0)
        return true;

    int kept = errno;
    (void)unlinkat(lock->folder, lock->temp, 0);
    errno = kept;
    return false;
}

/* Makes the new bytes the durable state, or puts the old ones (NULL: no file) back. */
static enum asp_status commit(const struct asp_store *store, const struct asp_lock *lock,
                              const struct content *old, const struct asp_out *new,
                              struct asp_error *error)
{
    enum asp_status status;

    if (!replace(lock, new->text, new->length))
        return asp_fail_errno(error, "%s/" USERS "/%s cannot be written, nothing was changed",
                              store->path, lock->name);
    if (fsync(lock->folder) == 0)
        return ASP_OK;
    status = asp_fail_errno(error, "%s/" USERS " cannot be written to disk, nothing was changed",
                            store->path);
    if (old->bytes != NULL)
        (void)replace(lock, old->bytes, old->length);
    else
        (void)unlinkat(lock->folder, lock->name, 0);
    return status;
}

static enum asp_status update_locked(const struct asp_store *store, const struct asp_lock *lock,
                                     const char *user, bool make, asp_change *change, void *context,
                                     struct asp_error *error)
{
    struct asp_account account = {0};
    struct content old = {0};
    struct asp_out new = {0};
    enum asp_status status;

    status = read_account(store, lock->name, user, NULL, &account, &old, error);
    if (status == ASP_NOT_FOUND && make) {
        asp_account_init(&account, user);
        status = ASP_OK;
    }
    if (status == ASP_OK)
        status = change(&account, context, error);
    if (status == ASP_OK) {
        asp_account_write(&account, &new);
        status = new.failed ? asp_fail(error, ASP_NO_MEMORY, "out of memory")
                            : commit(store, lock, &old, &new, error);
    }
    asp_out_free(&new);
    content_free(&old);
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

/* The account goes first and durably: aside, and back again when the disk refuses. */
static enum asp_status remove_account(const struct asp_store *store, const struct asp_lock *lock,
                                      struct asp_error *error)
{
    enum asp_status status;

    if (renameat(lock->folder, lock->name, lock->folder, lock->temp) != 0)
        return asp_fail_errno(error, "%s/" USERS "/%s", store->path, lock->name);
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

enum asp_status asp_store_remove(const struct asp_store *store, const char *user,
                                 struct asp_error *error)
{
    char path[PATH_SIZE];
    struct asp_lock lock;
    enum asp_status status = take_lock(store, user, &lock, error);

    if (status == ASP_OK) {
        status = remove_account(store, &lock, error);
        if (status == ASP_OK || status == ASP_NOT_FOUND) {
            (void)snprintf(path, sizeof path, USED "/%s", lock.name);
            (void)unlinkat(store->folder, path, 0);
            (void)snprintf(path, sizeof path, ASP_LOCKS "/%s", lock.name);
            (void)unlinkat(store->folder, path, 0);
        }
    }
    asp_lock_give(&lock);
    return status;
}

/* Opens used/NAME; without `make`, for reading. */
static int open_used(const struct asp_store *store, const char *user, bool make, struct stat *st)
{
    char name[ASP_USER_MAX + 1];
    char path[PATH_SIZE];
    int fd = -1;

    if (!asp_user_encode(user, name) ||
        asp_folder_check(store->folder, store->path, USED, NULL) != ASP_OK)
        return -1;
    (void)snprintf(path, sizeof path, USED "/%s", name);
    (void)asp_file_open(store->folder, store->path, path, make ? O_RDWR | O_CREAT : O_RDONLY, &fd,
                        st, NULL);
    return fd;
}

static void read_used(int fd, const struct stat *st, struct asp_usage *usage)
{
    memset(usage, 0, sizeof *usage);
    (void)asp_file_read(fd, st, ASP_USAGE_BYTES_MAX, &usage->bytes, &usage->length, NULL);
}

void asp_store_usage(const struct asp_store *store, const char *user, struct asp_usage *usage)
{
    struct stat st;
    int fd = open_used(store, user, false, &st);

    memset(usage, 0, sizeof *usage);
    if (fd >= 0)
        read_used(fd, &st, usage);
    asp_close(fd);
}

/*
 * Where the slot of this id is. A new place is taken under a lock that is only tried: two who take
 * a first place at once must not take the same, and a login waits for nobody. 0 when it must be
 * left to the next login.
 */
static size_t place_of(int fd, const struct stat *st, const char *id, bool *locked)
{
    struct asp_usage usage;
    struct stat now;
    bool own;
    size_t place;

    read_used(fd, st, &usage);
    place = asp_usage_place(&usage, id, &own);
    asp_usage_free(&usage);
    *locked = false;
    if (own)
        return place;

    *locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!*locked || fstat(fd, &now) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return 0;
    read_used(fd, &now, &usage);
    place = asp_usage_place(&usage, id, &own);
    asp_usage_free(&usage);
    return place;
}

bool asp_store_record(const struct asp_store *store, const char *user, const struct asp_use *use)
{
    uint8_t slot[ASP_SLOT_BYTES];
    struct stat st;
    int fd = open_used(store, user, true, &st);
    size_t place = 0;
    bool locked = false;
    bool written = false;

    if (fd >= 0)
        place = place_of(fd, &st, use->id, &locked);
    if (place > 0) {
        asp_usage_slot(use, slot);
        written = pwrite(fd, slot, sizeof slot, (off_t)place) == (ssize_t)sizeof slot;
    }
    if (locked)
        (void)flock(fd, LOCK_UN);
    asp_close(fd);
    return written;
}

enum asp_status asp_store_each(const struct asp_store *store, asp_visit *visit, void *context,
                               struct asp_error *error)
{
    char user[ASP_USER_MAX + 1];
    enum asp_status status = asp_folder_check(store->folder, store->path, USERS, error);
    DIR *folder = NULL;
    int fd = -1;

    if (status == ASP_OK) {
        fd = openat(store->folder, USERS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        folder = fd < 0 ? NULL : fdopendir(fd);
        if (folder == NULL)
            status = asp_fail_errno(error, "%s/" USERS, store->path);
    }
    while (status == ASP_OK) {
        struct dirent *item;

        errno = 0;
        item = readdir(folder);
        if (item == NULL && errno != 0)
            status = asp_fail_errno(error, "%s/" USERS, store->path);
        if (item == NULL)
            break;
        if (asp_user_decode(item->d_name, user))
            status = visit(user, context);
    }
    if (folder != NULL)
        (void)closedir(folder);
    else
        asp_close(fd);
    return status == ASP_NOT_FOUND ? ASP_IO : status;
}
