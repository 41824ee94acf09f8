/*
 * Temporary files that nobody finishes any more: who wrote them was killed, or the power went. Each
 * is named after its account, so that it is found where the note of it in the lock file is lost;
 * who holds the lock of that account knows that nobody is writing one. And what is left of accounts
 * that are not there: who removed one, or made the first app password of one, has not come to it.
 */
#include "store_files_temp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What a walk through the folder looks for, and whom it tells. */
struct search {
    const struct asp_store *store;
    const struct asp_store_held *lock; /* NULL: those of all accounts */
    asp_visit *visit;
    void *context;
    bool removed; /* one at least */
    enum asp_status status;
    struct asp_error *error; /* of the first that could not be removed */
};

struct one {
    struct search *search;
    const char *file;
};

/* Takes what this folder has of that name away, durably. */
static void forget(const struct asp_store *store, const char *folder, const char *name)
{
    int fd = openat(store->own.fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    /* Every lock has a name. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    if (fd >= 0 && unlinkat(fd, name, 0) == 0)
        (void)fsync(fd);
    asp_close(fd);
}

/* True for the file of an account that is not there. */
static bool is_nobodys(int folder, const char *path)
{
    return faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* Under the lock of its account. */
static enum asp_status clear_one(struct asp_store_held *lock, void *context,
                                 struct asp_error *error)
{
    const struct one *one = context;
    const struct asp_store *store = one->search->store;
    bool removed;

    if (!asp_files_remove_temp(lock->folder, one->file, &removed))
        return asp_fail_errno(error, "%s/" USERS_FOLDER "/%s cannot be removed", store->path,
                              one->file);
    /* Or by who took the lock. */
    removed = removed || lock->cleared;
    one->search->removed = one->search->removed || removed;
    /* The lock of an account that is not there would be left for nobody. */
    if (is_nobodys(lock->folder, lock->name))
        forget(store, LOCKS_FOLDER, lock->name);
    return removed ? ASP_OK : ASP_UNCHANGED;
}

static enum asp_status look_at(struct search *search, const char *file)
{
    struct one one = {search, file};
    char name[ASP_USER_FILE + 1];
    struct asp_error error = {0};
    bool removed = false;
    enum asp_status status;

    if (!asp_files_is_temp(file, name))
        return ASP_OK;
    if (search->lock != NULL) {
        if (strcmp(name, search->lock->name) == 0)
            (void)asp_files_remove_temp(search->lock->folder, file, &removed);
        search->removed = search->removed || removed;
        return ASP_OK;
    }
    status = asp_files_hold(search->store, name, clear_one, &one, &error);
    if (status == ASP_OK)
        return search->visit(name, search->context);
    /* Busy: it is being written. */
    if (status < ASP_OK && status != ASP_BUSY && search->status == ASP_OK) {
        search->status = status;
        if (search->error != NULL)
            *search->error = error;
    }
    return ASP_OK;
}

/* `users` is closed. */
static enum asp_status search_folder(struct search *search, int users)
{
    DIR *folder = users < 0 ? NULL : fdopendir(users);
    const struct dirent *item;
    enum asp_status status = ASP_OK;

    if (folder == NULL) {
        status = asp_fail_errno(search->error, "%s/" USERS_FOLDER, search->store->path);
        asp_close(users);
        return status;
    }
    while (status == ASP_OK && (item = readdir(folder)) != NULL)
        status = look_at(search, item->d_name);
    if (search->removed)
        (void)fsync(dirfd(folder));
    (void)closedir(folder);
    return status != ASP_OK ? status : search->status;
}

static int open_users(const struct asp_store *store)
{
    return openat(store->own.fd, USERS_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* An asp_store_step. Somebody may have made it an account before the lock was had. */
static enum asp_status forget_nobodys(struct asp_store_held *lock, void *context,
                                      struct asp_error *error)
{
    const struct search *search = context;

    (void)error;
    if (is_nobodys(lock->folder, lock->name))
        asp_files_forget(search->store, lock);
    return ASP_UNCHANGED;
}

/* An asp_visit of last uses, or of a lock. */
static enum asp_status look_whose(const char *file, void *context)
{
    struct search *search = context;
    char path[ASP_USER_PATH];
    char user[ASP_USER_MAX + 1];

    if (!asp_files_fits(file) || !(asp_user_is_digest(file) || asp_user_decode(file, user)))
        return ASP_OK;
    asp_user_join(path, USERS_FOLDER "/", file);
    if (is_nobodys(search->store->own.fd, path))
        (void)asp_files_hold(search->store, file, forget_nobodys, search, NULL);
    return ASP_OK;
}

enum asp_status asp_files_clear_strays(const struct asp_store *store, asp_visit *visit,
                                       void *context, struct asp_error *error)
{
    struct search search = {.store = store, .visit = visit, .context = context, .error = error};
    enum asp_status status = asp_files_check_folder(store, USERS_FOLDER, error);

    if (status != ASP_OK)
        return status;
    status = search_folder(&search, open_users(store));
    /* Where one of them is missing, others tell of it. */
    (void)asp_files_each_file(store, USED_FOLDER, look_whose, &search, NULL);
    (void)asp_files_each_file(store, LOCKS_FOLDER, look_whose, &search, NULL);
    return status;
}

/* And the lock, which has a name that is nobody's now. */
void asp_files_forget(const struct asp_store *store, struct asp_store_held *lock)
{
    struct search search = {.store = store, .lock = lock};

    (void)search_folder(&search, open_users(store));
    forget(store, USED_FOLDER, lock->name);
    forget(store, LOCKS_FOLDER, lock->name);
}
