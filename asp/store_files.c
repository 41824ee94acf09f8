/*
 * The store in files: a folder, 0700, with users/NAME (an account each, text), used/NAME (last
 * uses, fixed slots), locks/NAME and, where something is in it, due/NAME.NONCE (store_files_due.c).
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
#include "store_files.h"

#include "account_file.h"
#include "store_files_moved.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(struct asp_folder) <= ASP_KEPT_WORDS * sizeof(uint64_t), "no room for it");

/* Whether it is another folder than was known to have nothing in it of a database. */
static bool is_found_anew(const struct asp_folder *before, const struct asp_folder *now)
{
    return !before->checked || before->device != now->device || before->inode != now->inode;
}

/*
 * What is kept is the folder as it was found. A configuration that is missing or cut short names no
 * database, and no account in files is the right one then: a machine is made one of a database by
 * another configuration, so it is enough to look for that where the folder is found anew.
 */
static enum asp_status open_store(struct asp_store *store, const struct asp_conf *conf,
                                  struct asp_store_kept *kept, struct asp_error *error)
{
    struct asp_folder before = {0};
    struct asp_folder known;
    enum asp_status status;

    if (kept != NULL)
        memcpy(&before, kept->words, sizeof before);
    known = before;
    status = asp_folder_open(conf->store, &known, &store->own.fd, error);
    if (status == ASP_OK && conf->database.host_count == 0 && is_found_anew(&before, &known)) {
        status = asp_files_check_joined(store, error);
        if (status != ASP_OK)
            return status;
    }
    if (kept != NULL)
        memcpy(kept->words, &known, sizeof known);
    if (status == ASP_NOT_FOUND)
        return asp_fail(error, ASP_IO, "there is no store at %s: mount it, or make it with %s",
                        conf->store, asp_files_made_with(conf));
    return status;
}

static void close_store(struct asp_store *store)
{
    asp_close(store->own.fd);
}

static enum asp_status bring_to_now(const struct asp_store *store, time_t *now,
                                    struct asp_error *error)
{
    (void)store;
    (void)now;
    (void)error;
    return ASP_OK;
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
        status = asp_files_make_folder(fd, path + (strrchr(path, '/') - path) + 1, made, error);
    asp_close(fd);
    return status;
}

/* True when there is nothing in users/ yet, nor could be looked. */
static bool is_empty(const struct asp_store *store)
{
    DIR *folder = asp_files_open_folder(store, USERS_FOLDER, NULL);
    size_t count = 0;

    if (folder == NULL)
        return true;
    while (count <= 2 && readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count <= 2; /* . and .. */
}

/* Folders that were there need not be on the disk: who made them may have been killed. Who writes
 * the first account sees to it; where there is one, somebody has. */
static enum asp_status sync_folders(const struct asp_store *store, struct asp_error *error)
{
    int above;
    bool synced;

    if (!is_empty(store))
        return ASP_OK;
    above = openat(store->own.fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    synced = above >= 0 && fsync(above) == 0 && fsync(store->own.fd) == 0;
    asp_close(above);
    return synced ? ASP_OK : asp_fail_errno(error, "%s cannot be written to disk", store->path);
}

static enum asp_status make_store(struct asp_store *store, const struct asp_conf *conf,
                                  const struct asp_store_kept *kept, bool *made,
                                  struct asp_error *error)
{
    static const char *const folders[] = {USERS_FOLDER, USED_FOLDER, LOCKS_FOLDER};
    size_t first = 0;
    enum asp_status status = make_top(conf->store, made, error);

    (void)kept;
    if (status == ASP_OK)
        status = open_store(store, conf, NULL, error);
    /* Where accounts are in a database an empty folder would say that nobody has any. */
    if (conf->database.host_count > 0 || (status == ASP_OK && asp_files_has_moved(store, NULL)))
        first = 1;
    for (size_t i = first; status == ASP_OK && i < sizeof folders / sizeof *folders; i++)
        status = asp_files_make_folder(store->own.fd, folders[i], made, error);
    return status == ASP_OK ? sync_folders(store, error) : status;
}

/*
 * Reads users/NAME. The folder is looked at first, and again when the file is not in it: only where
 * it is sound, and was not unmounted meanwhile, does a missing file mean that there is no account;
 * and where accounts are in no database. One that was left has no such folder, but who installs
 * something, or restores it, may make it anew.
 *
 * Whole, by whomever it is held and whatever is looked for in it. */
static enum asp_status read_account(const struct asp_store *store, struct asp_store_held *held,
                                    const char *name, const char *only, struct asp_stored *stored,
                                    struct asp_error *error)
{
    char path[ASP_USER_PATH];
    enum asp_status status = asp_files_check_folder(store, USERS_FOLDER, error);

    (void)held;
    (void)only;
    if (status != ASP_OK)
        return status;
    asp_user_join(path, USERS_FOLDER "/", name);
    status = asp_file_read_at(store->own.fd, store->path, path, ASP_ACCOUNT_BYTES_MAX,
                              &stored->bytes, &stored->length, &stored->written, error);
    if (status == ASP_NOT_FOUND && asp_files_check_folder(store, USERS_FOLDER, error) != ASP_OK)
        return ASP_IO;
    if (status == ASP_NOT_FOUND && asp_files_has_moved(store, error))
        return ASP_IO;
    if (status == ASP_NOT_FOUND) {
        status = asp_files_check_joined(store, error);
        return status == ASP_OK ? ASP_NOT_FOUND : status;
    }
    return asp_store_advise_damaged(status, error);
}

struct walk {
    asp_visit *visit;
    void *context;
};

static enum asp_status visit_file(const char *file, void *context)
{
    const struct walk *walk = context;

    return asp_files_fits(file) ? walk->visit(file, walk->context) : ASP_OK;
}

static enum asp_status visit_each(const struct asp_store *store, bool reads, asp_visit *visit,
                                  void *context, struct asp_error *error)
{
    struct walk walk = {visit, context};
    enum asp_status status = asp_files_check_folder(store, USERS_FOLDER, error);

    (void)reads; /* they are as near as their names */
    if (status == ASP_OK && asp_files_has_moved(store, error))
        return ASP_IO;
    return status == ASP_OK ? asp_files_each_file(store, USERS_FOLDER, visit_file, &walk, error)
                            : status;
}

static void place_of(const char *name, char place[ASP_PLACE_SIZE])
{
    asp_user_join(place, "/" USERS_FOLDER "/", name);
}

const struct asp_store_engine asp_store_files = {
    .place = place_of,
    .open = open_store,
    .make = make_store,
    .close = close_store,
    .now = bring_to_now,
    .read = read_account,
    .hold = asp_files_hold,
    .write = asp_files_write,
    .drop = asp_files_drop,
    .forget = asp_files_forget,
    .put_due = asp_files_put_due,
    .each_due = asp_files_each_due,
    .read_due = asp_files_read_due,
    .drop_due = asp_files_drop_due,
    .take_turn = asp_files_take_turn,
    .give_turn = asp_files_give_turn,
    .usage = asp_files_usage,
    .mend_usage = asp_files_mend_usage,
    .sync_usage = asp_files_sync_usage,
    .put_usage = asp_files_put_usage,
    .record = asp_files_record,
    .compared = asp_files_compared,
    .note_password = asp_files_note_password,
    .password_mark = asp_files_password_mark,
    .clear_strays = asp_files_clear_strays,
    .each = visit_each,
    .examine = asp_files_examine,
    .is_own = asp_files_is_own,
    .is_another = asp_files_is_another,
    .follow = asp_files_follow,
    .take_changes = asp_files_take_changes,
    .end_changes = asp_files_end_changes,
    .take_watch = asp_files_take_watch,
    .watch_is_of = asp_files_watch_is_of,
    .mark_watch = asp_files_mark_watch,
    .give_watch = asp_files_give_watch,
    .look_at_watch = asp_files_look_at_watch,
};
