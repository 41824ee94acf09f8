/* The store in files is closed, and in use again; and what was due in it when it was closed. */
#include "store_copy_closing.h"

#include "account_file.h"
#include "store_files_lock.h"
#include "store_files_moved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOVED_FRESH MOVED_FILE ".new"
#define FRESH_LEFT CLOSED_FOLDER "/.copied" /* of a copy that was stopped */

enum { WAIT_MS = 10000 };

static bool put_moved(int folder, const struct asp_buffer *text)
{
    (void)unlinkat(folder, MOVED_FRESH, 0); /* of one who was stopped */
    return asp_files_write_new(folder, MOVED_FRESH, text) &&
           renameat(folder, MOVED_FRESH, folder, MOVED_FILE) == 0 && fsync(folder) == 0;
}

static enum asp_status note_moved(struct asp_copy_files *files, const struct asp_moved *moved,
                                  struct asp_error *error)
{
    struct asp_buffer text = {0};
    enum asp_status status = ASP_OK;

    asp_files_moved_text(moved, &text);
    if (text.failed)
        status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    else if (!put_moved(files->store.own.fd, &text))
        status = asp_fail_errno(error, "%s/" MOVED_FILE " cannot be written", files->store.path);
    else
        files->moved = *moved;
    asp_buffer_free(&text);
    return status;
}

/* Renames the folder of accounts, durably. One that was closed before stays what it is: then the
 * other has nothing in it. */
static enum asp_status put_aside(struct asp_copy_files *files, struct asp_error *error)
{
    const int folder = files->store.own.fd;
    const char *path = files->store.path;
    struct stat st;

    if (!files->is_in_use) {
        if (fstatat(folder, CLOSED_FOLDER, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
            return ASP_OK;
        if (mkdirat(folder, CLOSED_FOLDER, S_IRWXU) != 0 ||
            fchmodat(folder, CLOSED_FOLDER, S_IRWXU, 0) != 0)
            return asp_fail_errno(error, "%s/" CLOSED_FOLDER, path);
        return ASP_OK;
    }
    if ((fstatat(folder, CLOSED_FOLDER, &st, AT_SYMLINK_NOFOLLOW) == 0
             ? unlinkat(folder, USERS_FOLDER, AT_REMOVEDIR)
             : renameat(folder, USERS_FOLDER, folder, CLOSED_FOLDER)) != 0 ||
        fsync(folder) != 0)
        return asp_fail_errno(error, "%s/" USERS_FOLDER " cannot be renamed", path);
    files->is_in_use = false;
    return ASP_OK;
}

struct waiting {
    const struct asp_store *store;
    struct asp_error *error;
};

/* An asp_visit: who holds this lock has done what he was at when it can be had. */
static enum asp_status wait_for(const char *file, void *context)
{
    const struct waiting *waiting = context;
    const struct asp_store *store = waiting->store;
    char path[ASP_USER_PATH];
    struct stat st;
    unsigned waited = 0;
    int fd = -1;
    enum asp_status status;

    if (file[0] == '.' || !asp_files_fits(file))
        return ASP_OK;
    asp_user_join(path, LOCKS_FOLDER "/", file);
    status = asp_file_open(store->own.fd, store->path, path, O_RDWR, &fd, &st, waiting->error);
    while (status == ASP_OK && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || !asp_files_wait_step(&waited, WAIT_MS))
            status = asp_fail(waiting->error, ASP_BUSY, "%s/%s is held by another process",
                              store->path, path);
    }
    asp_close(fd);
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}

/* Who comes to a lock later reads before he writes, and finds that the store is closed. What cannot
 * be read may still be removed: it was not copied. */
static enum asp_status wait_for_writers(struct asp_copy_files *files, struct asp_error *error)
{
    struct waiting waiting = {&files->store, error};
    enum asp_status status = asp_files_check_folder(&files->store, LOCKS_FOLDER, error);

    return status == ASP_OK
               ? asp_files_each_file(&files->store, LOCKS_FOLDER, wait_for, &waiting, error)
               : status;
}

enum asp_status asp_copy_files_close(struct asp_copy_files *files, const struct asp_moved *moved,
                                     struct asp_error *error)
{
    enum asp_status status = note_moved(files, moved, error);

    if (status == ASP_OK)
        status = put_aside(files, error);
    return status == ASP_OK ? wait_for_writers(files, error) : status;
}

enum asp_status asp_copy_files_open(struct asp_copy_files *files, struct asp_error *error)
{
    const int folder = files->store.own.fd;
    const char *path = files->store.path;

    if (!files->is_in_use) {
        (void)unlinkat(folder, FRESH_LEFT, 0);
        if (syncfs(folder) != 0 || renameat(folder, CLOSED_FOLDER, folder, USERS_FOLDER) != 0 ||
            fsync(folder) != 0)
            return asp_fail_errno(error, "%s/" CLOSED_FOLDER " cannot be renamed", path);
        files->is_in_use = true;
    }
    if ((unlinkat(folder, MOVED_FILE, 0) != 0 && errno != ENOENT) || fsync(folder) != 0)
        return asp_fail_errno(error, "%s/" MOVED_FILE " cannot be removed", path);
    files->moved = (struct asp_moved){0};
    return ASP_OK;
}

/* What is due */

struct due {
    struct asp_copy_files *files;
    asp_copy_due_visit *visit;
    void *context;
    struct asp_error *error;
};

/* Those of one reason together: they are told in one. */
static enum asp_status visit_due(const struct due *due, const struct asp_account *account)
{
    enum asp_status status = ASP_OK;
    size_t count;

    for (size_t i = 0; status == ASP_OK && i < account->count; i += count) {
        const struct asp_entry *entry = &account->entries[i];

        for (count = 1; i + count < account->count; count++) {
            if (strcmp(account->entries[i + count].reason, entry->reason) != 0)
                break;
        }
        status = due->visit(account->user, entry, count, due->context, due->error);
    }
    return status;
}

/* An asp_copy_visit. */
static enum asp_status visit_marked(struct asp_copy_page *page, void *context,
                                    struct asp_error *error)
{
    const struct due *due = context;
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < page->count; i++) {
        const struct asp_copied *copied = &page->accounts[i];
        struct asp_account account;

        status =
            asp_account_read(copied->bytes, copied->length, copied->user, NULL, &account, error);
        if (status == ASP_CORRUPT) { /* since it was copied */
            status = ASP_OK;
            continue;
        }
        if (status != ASP_OK)
            break;
        for (size_t at = account.count; at-- > 0;) {
            if (!account.entries[at].hook_due)
                asp_account_remove(&account, &account.entries[at]);
        }
        status = visit_due(due, &account);
        asp_account_free(&account);
    }
    return status;
}

/* An asp_due_visit. What is not whole was never put. */
static enum asp_status visit_aside(const char *name, const char *key, void *context)
{
    const struct due *due = context;
    const struct asp_store *store = &due->files->store;
    struct asp_stored stored = {0};
    struct asp_account account;
    char user[ASP_USER_MAX + 1];
    enum asp_status status = asp_files_read_due(store, name, key, &stored, due->error);

    if (status != ASP_OK)
        return status == ASP_NOT_FOUND ? ASP_OK : status;
    status = asp_account_whose(stored.bytes, stored.length, user)
                 ? asp_account_read(stored.bytes, stored.length, user, NULL, &account, due->error)
                 : ASP_CORRUPT;
    asp_stored_free(&stored);
    if (status == ASP_OK) {
        status = visit_due(due, &account);
        asp_account_free(&account);
    }
    return status == ASP_OK || status == ASP_CORRUPT
               ? asp_files_drop_due(store, name, key, due->error)
               : status;
}

enum asp_status asp_copy_files_each_due(struct asp_copy_files *files, asp_copy_due_visit *visit,
                                        void *context, struct asp_error *error)
{
    const struct asp_copy_side side = asp_copy_files_side(files);
    struct due due = {files, visit, context, error};
    enum asp_status status = side.each(files, visit_marked, &due, error);

    return status == ASP_OK ? asp_files_each_due(&files->store, NULL, visit_aside, &due, error)
                            : status;
}
