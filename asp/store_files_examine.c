/* What the engine for files finds wrong with the folders of a store, and whose they are. */
#include "store_files.h"

#include "shell_word.h"
#include "store_files_moved.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Who is told what is found. */
struct examination {
    struct asp_store store;
    asp_store_fault *tell;
    void *context;
};

/* A command for a path, whole; or, with no memory, for it. */
static void advise_command(struct asp_error *fault, const char *before, const char *path)
{
    struct asp_buffer word = {0};

    asp_shell_word_add(&word, path);
    (void)asp_advise(fault, fault->status, "%s %s", before, word.failed ? "it" : word.text);
    asp_buffer_free(&word);
}

/* The folder and those in it are root's alone. */
static void check_mode(const struct examination *examination, const char *path,
                       const struct stat *st)
{
    struct asp_error fault;

    if ((st->st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return;
    (void)asp_fail(&fault, ASP_UNSAFE, "%s is open to others than root (mode %04o)", path,
                   (unsigned)(st->st_mode & 07777));
    advise_command(&fault, "chmod 700", path);
    examination->tell(&fault, path, examination->context);
}

/* False: it cannot be used. */
static bool check_folder(const struct examination *examination, const char *folder)
{
    const struct asp_store *store = &examination->store;
    struct asp_error fault;
    char path[PATH_MAX];
    struct stat st;
    enum asp_status status = asp_folder_check(store->own.fd, store->path, folder, &fault);

    (void)snprintf(path, sizeof path, "%s/%s", store->path, folder);
    if (status == ASP_OK) {
        if (fstatat(store->own.fd, folder, &st, AT_SYMLINK_NOFOLLOW) == 0)
            check_mode(examination, path, &st);
        return true;
    }
    if (status == ASP_NOT_FOUND) {
        (void)asp_fail(&fault, status, "there is no folder %s", path);
        advise_command(&fault, "mount the store, restore it from a backup, or mkdir -m 700", path);
    }
    examination->tell(&fault, path, examination->context);
    return false;
}

static void check_room(const struct examination *examination)
{
    const struct asp_store *store = &examination->store;
    struct asp_error fault;
    struct statvfs fs;

    if (fstatvfs(store->own.fd, &fs) != 0)
        return;
    if ((fs.f_flag & ST_RDONLY) != 0) {
        (void)asp_fail(&fault, ASP_IO,
                       "%s is mounted read-only: nothing can be made, bound or revoked",
                       store->path);
        (void)asp_advise(&fault, ASP_IO, "mount it to be written");
        examination->tell(&fault, store->path, examination->context);
    } else if (fs.f_bfree == 0 || (fs.f_files > 0 && fs.f_ffree == 0)) {
        (void)asp_fail(&fault, ASP_IO,
                       "the disk of %s is full: nothing can be made, bound or revoked",
                       store->path);
        (void)asp_advise(&fault, ASP_IO, "make room on it");
        examination->tell(&fault, store->path, examination->context);
    }
}

static bool open_store(struct examination *examination, const struct asp_conf *conf)
{
    struct asp_store *store = &examination->store;
    struct asp_error fault;
    struct stat st;

    if (lstat(store->path, &st) != 0 && errno == ENOENT) {
        (void)asp_fail(&fault, ASP_IO, "there is no store at %s: no app password is accepted",
                       store->path);
        (void)asp_advise(&fault, ASP_IO, "mount it, or make it with %s", asp_files_made_with(conf));
    } else if (asp_folder_open(store->path, NULL, &store->own.fd, &fault) == ASP_OK) {
        return true;
    }
    examination->tell(&fault, store->path, examination->context);
    return false;
}

/* Where accounts are in a database there need be no folder of them, and that is the one to be used.
 * False: they cannot be looked at. */
static bool check_accounts(const struct examination *examination, const struct asp_conf *conf)
{
    const struct asp_store *store = &examination->store;
    struct asp_error fault;
    struct stat st;
    const bool is_there = fstatat(store->own.fd, USERS_FOLDER, &st, AT_SYMLINK_NOFOLLOW) == 0;

    if (conf->database.host_count > 0 && !is_there)
        return true;
    if (conf->database.host_count == 0 &&
        (asp_files_check_joined(store, &fault) != ASP_OK || asp_files_has_moved(store, &fault))) {
        examination->tell(&fault, store->path, examination->context);
        return false;
    }
    return check_folder(examination, USERS_FOLDER);
}

bool asp_files_examine(const struct asp_conf *conf, asp_store_fault *tell, void *context)
{
    struct examination examination = {
        .store = {.path = conf->store, .own = {-1}}, .tell = tell, .context = context};
    struct stat st;
    bool usable;

    if (!open_store(&examination, conf))
        return false;
    if (fstat(examination.store.own.fd, &st) == 0)
        check_mode(&examination, conf->store, &st);
    usable = check_accounts(&examination, conf);
    (void)check_folder(&examination, USED_FOLDER);
    (void)check_folder(&examination, LOCKS_FOLDER);
    if (fstatat(examination.store.own.fd, DUE_FOLDER, &st, AT_SYMLINK_NOFOLLOW) == 0)
        (void)check_folder(&examination, DUE_FOLDER);
    check_room(&examination);
    asp_close(examination.store.own.fd);
    return usable;
}

bool asp_files_is_own(const struct asp_conf *conf)
{
    char above[PATH_MAX];
    const char *slash = strrchr(conf->store, '/');
    struct stat st;

    if (lstat(conf->store, &st) == 0)
        return st.st_uid == geteuid();
    if (errno != ENOENT || slash == NULL)
        return false;
    (void)snprintf(above, sizeof above, "%.*s", (int)(slash - conf->store), conf->store);
    return access(above[0] != '\0' ? above : "/", W_OK) == 0;
}
