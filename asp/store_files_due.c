/*
 * What the engine for files has for the one who runs hooks.
 *
 * The right to run what is due for a user is locks/.NAME.hook, held by flock(2): a leading dot is
 * never stored as such, so that it is no user's. It is there while somebody has it, and after a
 * kill until the next one gives it.
 */
#include "store_files_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    TRIES = 100, /* to get at a file that others take away as often */
    TURN_PATH = sizeof LOCKS_FOLDER "/..hook" + ASP_USER_MAX,
};

static void turn_path(char path[TURN_PATH], const char *name)
{
    (void)snprintf(path, TURN_PATH, LOCKS_FOLDER "/.%s.hook", name);
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
