/*
 * What the engine for files has for the one who runs hooks.
 *
 * What is due of an account and no longer in it is due/NAME.NONCE, an account's file with nothing
 * else in it. It is written, and is on the disk with its folder, before the account is: one that is
 * not whole, or whose entries the account still has, was left by who was stopped in between.
 *
 * The right to run what is due for a user is locks/.NAME.hook, held by flock(2): a leading dot is
 * never stored as such, so that it is no user's. It is there while somebody has it, and after a
 * kill until the next one gives it.
 */
#include "store_files_lock.h"

#include "account_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TRIES = 100, /* to get at a file that others take away as often */
    DUE_PATH = sizeof DUE_FOLDER "/." + ASP_USER_FILE + ASP_DUE_KEY,
    TURN_PATH = sizeof LOCKS_FOLDER "/..hook" + ASP_USER_FILE,
};

static void due_path(char path[DUE_PATH], const char *name, const char *key)
{
    char file[ASP_USER_FILE + 1];

    asp_user_file(name, file);
    (void)snprintf(path, DUE_PATH, DUE_FOLDER "/%s.%s", file, key);
}

/* Makes the folder where it is missing. */
static enum asp_status check_due_folder(const struct asp_store *store, struct asp_error *error)
{
    bool made = false;
    enum asp_status status = asp_files_make_folder(store->own.fd, DUE_FOLDER, &made, error);

    return status == ASP_OK ? asp_files_check_folder(store, DUE_FOLDER, error) : status;
}

static bool sync_due_folder(const struct asp_store *store)
{
    int fd = openat(store->own.fd, DUE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;

    asp_close(fd);
    return synced;
}

enum asp_status asp_files_put_due(const struct asp_store *store, struct asp_store_held *held,
                                  const struct asp_buffer *text, char key[ASP_DUE_KEY],
                                  struct asp_error *error)
{
    char path[DUE_PATH];
    enum asp_status status = check_due_folder(store, error);

    if (status != ASP_OK)
        return status;
    /* The nonce of this hold, which no other has. */
    (void)snprintf(key, ASP_DUE_KEY, "%s", strrchr(held->temp, '.') + 1);
    due_path(path, held->name, key);
    if (asp_files_write_new(store->own.fd, path, text) && sync_due_folder(store))
        return ASP_OK;
    status =
        asp_fail_errno(error, "%s/%s cannot be written, nothing was changed", store->path, path);
    (void)unlinkat(store->own.fd, path, 0);
    return status;
}

struct walk {
    const char *of; /* this file alone; NULL: all */
    asp_due_visit *visit;
    void *context;
};

/* What is no such file is passed over. */
static enum asp_status visit_file(const char *file, void *context)
{
    const struct walk *walk = context;
    char name[ASP_USER_FILE + 1];
    const char *dot = strrchr(file, '.');
    size_t length = dot == NULL ? 0 : (size_t)(dot - file);

    if (length == 0 || length >= sizeof name || strlen(dot + 1) != ASP_DUE_KEY - 1 ||
        strspn(dot + 1, "0123456789abcdef") != ASP_DUE_KEY - 1)
        return ASP_OK;
    memcpy(name, file, length);
    name[length] = '\0';
    return walk->of != NULL && strcmp(name, walk->of) != 0
               ? ASP_OK
               : walk->visit(name, dot + 1, walk->context);
}

enum asp_status asp_files_each_due(const struct asp_store *store, const char *name,
                                   asp_due_visit *visit, void *context, struct asp_error *error)
{
    char file[ASP_USER_FILE + 1];
    struct walk walk = {name != NULL ? file : NULL, visit, context};
    struct asp_error why = {0};
    enum asp_status status = asp_folder_check(store->own.fd, store->path, DUE_FOLDER, &why);

    if (status == ASP_NOT_FOUND)
        return ASP_OK;
    if (name != NULL)
        asp_user_file(name, file);
    if (status == ASP_OK)
        return asp_files_each_file(store, DUE_FOLDER, visit_file, &walk, error);
    if (error != NULL)
        *error = why;
    return status;
}

enum asp_status asp_files_read_due(const struct asp_store *store, const char *name, const char *key,
                                   struct asp_stored *stored, struct asp_error *error)
{
    char path[DUE_PATH];

    due_path(path, name, key);
    return asp_file_read_at(store->own.fd, store->path, path, ASP_ACCOUNT_BYTES_MAX, &stored->bytes,
                            &stored->length, NULL, error);
}

enum asp_status asp_files_drop_due(const struct asp_store *store, const char *name, const char *key,
                                   struct asp_error *error)
{
    char path[DUE_PATH];

    due_path(path, name, key);
    if (unlinkat(store->own.fd, path, 0) == 0 || errno == ENOENT)
        return ASP_OK;
    return asp_fail_errno(error, "%s/%s cannot be removed", store->path, path);
}

static void turn_path(char path[TURN_PATH], const char *name)
{
    char file[ASP_USER_FILE + 1];

    asp_user_file(name, file);
    (void)snprintf(path, TURN_PATH, LOCKS_FOLDER "/.%s.hook", file);
}

static enum asp_status lock_turn(const struct asp_store *store, const char *path, int *fd,
                                 struct asp_error *error)
{
    struct stat st;
    enum asp_status status;

    for (int i = 0; i < TRIES; i++) {
        status = asp_file_open(store->own.fd, store->path, path, O_RDWR | O_CREAT, fd, &st, error);
        if (status != ASP_OK)
            return status == ASP_NOT_FOUND ? ASP_IO : status;
        if (flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            break;
        /* Still the one that others will find: who gives it takes it away. */
        if (asp_files_is_at(store, path, *fd))
            return ASP_OK;
        asp_close(*fd);
        *fd = -1;
    }
    return asp_fail(error, ASP_BUSY, "another process runs the hooks of this user");
}

enum asp_status asp_files_take_turn(const struct asp_store *store, const char *name,
                                    union asp_store_own *own, struct asp_error *error)
{
    char path[TURN_PATH];
    enum asp_status status = asp_files_check_folder(store, LOCKS_FOLDER, error);

    own->fd = -1;
    turn_path(path, name);
    if (status == ASP_OK)
        status = lock_turn(store, path, &own->fd, error);
    if (status != ASP_OK)
        asp_close(own->fd);
    return status;
}

void asp_files_give_turn(const struct asp_store *store, const char *name, union asp_store_own *own)
{
    char path[TURN_PATH];

    turn_path(path, name);
    (void)unlinkat(store->own.fd, path, 0);
    /* By word, as the lock of an account. */
    (void)flock(own->fd, LOCK_UN);
    asp_close(own->fd);
}
