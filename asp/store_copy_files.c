/*
 * The store in files, as one side of a copy.
 *
 * It is closed while it is filled, and when the last changes are taken from it; so nobody else
 * writes what is written here, and it need not be on the disk before the store is in use again.
 */
#include "store_copy_files.h"

#include "account_file.h"
#include "store_files_lock.h"
#include "store_files_moved.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRESH ".copied" /* of what is being put: no user's, and of one process */

static const char *folder_of(const struct asp_copy_files *files)
{
    return files->is_in_use || files->moved.how == ASP_MOVED_NOT ? USERS_FOLDER : CLOSED_FOLDER;
}

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

static bool has_folder(const struct asp_store *store, const char *folder)
{
    struct stat st;

    return fstatat(store->own.fd, folder, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

enum asp_status asp_copy_files_begin(struct asp_copy_files *files, const struct asp_conf *conf,
                                     struct asp_error *error)
{
    struct asp_store *store = &files->store;
    enum asp_status status;

    *files = ASP_COPY_FILES_CLOSED;
    store->engine = &asp_store_files;
    store->path = conf->store;
    status = asp_folder_open(conf->store, NULL, &store->own.fd, error);
    if (status == ASP_NOT_FOUND)
        return asp_fail(error, ASP_IO, "there is no folder %s", conf->store);
    if (status != ASP_OK)
        return status;
    if (flock(store->own.fd, LOCK_EX | LOCK_NB) != 0)
        return asp_fail(error, ASP_BUSY, "another process is copying %s", conf->store);
    files->is_in_use = has_folder(store, USERS_FOLDER);
    return asp_files_read_moved(store, &files->moved, error);
}

void asp_copy_files_end(struct asp_copy_files *files)
{
    asp_close(files->store.own.fd);
    *files = ASP_COPY_FILES_CLOSED;
}

/* Reading */

/* FOLDER/FILE. */
static void path_of(char path[PATH_MAX], const char *folder, const char *file)
{
    (void)snprintf(path, PATH_MAX, "%s/%s", folder, file);
}

static enum asp_status read_file(const struct asp_store *store, const char *folder,
                                 const char *file, size_t most, uint8_t **bytes, size_t *length,
                                 struct timespec *written, struct asp_error *error)
{
    char path[PATH_MAX];

    path_of(path, folder, file);
    return asp_file_read_at(store->own.fd, store->path, path, most, bytes, length, written, error);
}

/* What is not sound counts as not there. */
static enum asp_status read_used(const struct asp_store *store, const char *file,
                                 struct asp_usage *usage, struct asp_error *error)
{
    struct asp_usage_head head;
    struct timespec written;
    enum asp_status status = read_file(store, USED_FOLDER, file, ASP_USAGE_BYTES_MAX, &usage->bytes,
                                       &usage->length, &written, error);

    if (status == ASP_OK && !asp_usage_read_head(usage, &head))
        asp_usage_free(usage);
    return status == ASP_NOT_FOUND || status == ASP_UNSAFE || status == ASP_CORRUPT ? ASP_OK
                                                                                    : status;
}

/* Whose the file is, or a sign / and its name; false: it is no account's. */
static bool find_user(const char *file, const struct asp_copied *copied,
                      char user[ASP_USER_MAX + 1])
{
    if (asp_user_decode(file, user))
        return true;
    if (!asp_user_is_digest(file))
        return false;
    if (!asp_bytes_say_user(copied->bytes, copied->length, file, user))
        (void)snprintf(user, ASP_USER_MAX + 1, "/%s", file);
    return true;
}

struct walk {
    struct asp_copy_files *files;
    struct asp_copy_page page;
    asp_copy_visit *visit;
    void *context;
    struct asp_error *error;
};

static enum asp_status visit_page(struct walk *walk)
{
    enum asp_status status = ASP_OK;

    if (walk->page.count > 0)
        status = walk->visit(&walk->page, walk->context, walk->error);
    asp_copy_page_clear(&walk->page);
    return status;
}

static enum asp_status add_account(struct walk *walk, const char *file)
{
    const struct asp_store *store = &walk->files->store;
    struct asp_copied read = {0};
    struct asp_copied *copied;
    enum asp_status status = read_file(store, folder_of(walk->files), file, ASP_ACCOUNT_BYTES_MAX,
                                       &read.bytes, &read.length, &read.written, walk->error);

    if (status == ASP_NOT_FOUND) /* removed since its name was read */
        return ASP_OK;
    if (status != ASP_OK)
        return asp_store_advise_damaged(status, walk->error);
    if (find_user(file, &read, read.user))
        status = read_used(store, file, &read.usage, walk->error);
    else
        status = ASP_UNCHANGED;
    copied = status == ASP_OK ? asp_copy_page_add(&walk->page, read.user) : NULL;
    if (copied != NULL) {
        walk->page.bytes += read.length;
        *copied = read;
        return ASP_OK;
    }
    asp_stored_free(&(struct asp_stored){.bytes = read.bytes, .length = read.length});
    asp_usage_free(&read.usage);
    return status == ASP_OK ? no_memory(walk->error) : status;
}

/* An asp_visit. */
static enum asp_status visit_file(const char *file, void *context)
{
    struct walk *walk = context;
    enum asp_status status;

    if (file[0] == '.' || !asp_files_fits(file))
        return ASP_OK;
    status = add_account(walk, file);
    if (status == ASP_UNCHANGED) /* it is none */
        return ASP_OK;
    return status == ASP_OK && asp_copy_page_is_full(&walk->page) ? visit_page(walk) : status;
}

/* A copy_side's. */
static enum asp_status each(void *own, asp_copy_visit *visit, void *context,
                            struct asp_error *error)
{
    struct walk walk = {.files = own, .visit = visit, .context = context, .error = error};
    const struct asp_store *store = &walk.files->store;
    const char *folder = folder_of(walk.files);
    enum asp_status status = asp_files_check_folder(store, folder, error);

    if (status == ASP_OK)
        status = asp_files_each_file(store, folder, visit_file, &walk, error);
    if (status == ASP_OK)
        status = visit_page(&walk);
    asp_copy_page_free(&walk.page);
    return status;
}

/* The name of the file of an account; false: it can have none here. */
static bool find_file(const struct asp_copied *copied, char file[ASP_USER_FILE + 1])
{
    char name[ASP_USER_ENCODED + 1];

    if (!asp_user_encode(copied->user, name))
        return false;
    asp_user_file(name, file);
    return true;
}

static enum asp_status get_one(const struct asp_copy_files *files, const struct asp_copied *asked,
                               struct asp_copy_page *found, struct asp_error *error)
{
    struct asp_copied *copied = asp_copy_page_add(found, asked->user);
    char file[ASP_USER_FILE + 1];
    enum asp_status status;

    if (copied == NULL)
        return no_memory(error);
    if (!find_file(asked, file))
        return ASP_OK;
    status = read_file(&files->store, folder_of(files), file, ASP_ACCOUNT_BYTES_MAX, &copied->bytes,
                       &copied->length, &copied->written, error);
    found->bytes += copied->length;
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}

/* A copy_side's. */
static enum asp_status get(void *own, const struct asp_copy_page *asked,
                           struct asp_copy_page *found, struct asp_error *error)
{
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < asked->count; i++)
        status = get_one(own, &asked->accounts[i], found, error);
    return status;
}

/* Writing */

static bool write_fresh(int fd, const uint8_t *bytes, size_t length, const struct timespec *written)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, *written};

    return fchmod(fd, S_IRUSR | S_IWUSR) == 0 && asp_file_may_reach(length) &&
           asp_write_all(fd, bytes, length) && futimens(fd, times) == 0;
}

/* In the place of what is there. */
static enum asp_status put_file(const struct asp_store *store, const char *folder, const char *file,
                                const uint8_t *bytes, size_t length, const struct timespec *written,
                                struct asp_error *error)
{
    char fresh[PATH_MAX];
    char path[PATH_MAX];
    int fd;
    bool done;

    path_of(fresh, folder, FRESH);
    path_of(path, folder, file);
    fd = openat(store->own.fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                S_IRUSR | S_IWUSR);
    done = fd >= 0 && write_fresh(fd, bytes, length, written) &&
           renameat(store->own.fd, fresh, store->own.fd, path) == 0;
    asp_close(fd);
    return done ? ASP_OK : asp_fail_errno(error, "%s/%s cannot be written", store->path, path);
}

static enum asp_status drop_file(const struct asp_store *store, const char *folder,
                                 const char *file, struct asp_error *error)
{
    char path[PATH_MAX];

    path_of(path, folder, file);
    return unlinkat(store->own.fd, path, 0) == 0 || errno == ENOENT
               ? ASP_OK
               : asp_fail_errno(error, "%s/%s cannot be removed", store->path, path);
}

static bool is_later(const struct asp_use *use, const struct asp_use *than)
{
    return use->created != than->created ? use->created > than->created : use->last > than->last;
}

/* Puts a use into its slot, unless what is there is as late. `usage` has room for one more. */
static bool put_use(struct asp_usage *usage, struct asp_usage_head *head, const struct asp_use *use)
{
    const size_t place = asp_usage_place(usage, use->id);
    uint8_t *slot = usage->bytes + ASP_HEAD_BYTES + place * ASP_SLOT_BYTES;
    struct asp_use there;

    if (place < head->slots && asp_usage_read_slot(slot, &there) && !is_later(use, &there))
        return false;
    asp_usage_write_slot(use, slot);
    if (place >= head->slots) {
        head->slots = place + 1;
        usage->length = ASP_HEAD_BYTES + head->slots * ASP_SLOT_BYTES;
    }
    return true;
}

/* Brings what is there up to what is known elsewhere. `lost`: what was used meanwhile may not be.
 * False: there was nothing to be done. */
static bool merge(struct asp_usage *usage, const struct asp_usage *known, bool lost)
{
    struct asp_usage_head head;
    struct asp_usage_head of_known;
    bool changed = false;

    (void)asp_usage_read_head(usage, &head);
    head.slots = (usage->length - ASP_HEAD_BYTES) / ASP_SLOT_BYTES;
    if (lost && asp_usage_read_head(known, &of_known) && of_known.begun > head.begun) {
        head.begun = of_known.begun;
        changed = true;
    }
    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= known->length; at += ASP_SLOT_BYTES) {
        struct asp_use use;

        if (asp_usage_read_slot(known->bytes + at, &use) && put_use(usage, &head, &use))
            changed = true;
    }
    asp_usage_write_head(&head, usage->bytes);
    return changed;
}

/* Whether the database has lost uses since this store was left to it, or was never left. */
static bool has_lost(const struct asp_copy_files *files, const struct asp_usage *known)
{
    struct asp_usage_head head;

    return files->moved.since == 0 || !asp_usage_read_head(known, &head) ||
           head.begun != files->moved.since;
}

static enum asp_status put_used(const struct asp_copy_files *files, const char *file,
                                const struct asp_usage *known, struct asp_error *error)
{
    const struct timespec now = {.tv_nsec = UTIME_NOW};
    struct asp_usage usage = {0};
    uint8_t *room;
    enum asp_status status = read_used(&files->store, file, &usage, error);

    if (status != ASP_OK || known->length == 0 || usage.length == 0) {
        asp_usage_free(&usage);
        return status == ASP_OK && known->length > 0
                   ? put_file(&files->store, USED_FOLDER, file, known->bytes, known->length, &now,
                              error)
                   : status;
    }
    room = realloc(usage.bytes, usage.length + known->length);
    if (room != NULL) {
        usage.bytes = room;
        if (merge(&usage, known, has_lost(files, known)))
            status =
                put_file(&files->store, USED_FOLDER, file, usage.bytes, usage.length, &now, error);
    } else {
        status = no_memory(error);
    }
    asp_usage_free(&usage);
    return status;
}

static enum asp_status put_one(const struct asp_copy_files *files, const struct asp_copied *copied,
                               const struct asp_copied *there, struct asp_error *error)
{
    char file[ASP_USER_FILE + 1];
    enum asp_status status = ASP_OK;

    if (!find_file(copied, file))
        return asp_fail(error, ASP_CORRUPT, "%s: no account in files has such a name",
                        copied->user);
    if (there->bytes == NULL || there->length != copied->length ||
        memcmp(there->bytes, copied->bytes, copied->length) != 0)
        status = put_file(&files->store, folder_of(files), file, copied->bytes, copied->length,
                          &copied->written, error);
    return status == ASP_OK ? put_used(files, file, &copied->usage, error) : status;
}

/* A copy_side's. */
static enum asp_status put(void *own, const struct asp_copy_page *page, struct asp_error *error)
{
    struct asp_copy_page there = {0};
    enum asp_status status = get(own, page, &there, error);

    for (size_t i = 0; status == ASP_OK && i < page->count; i++)
        status = put_one(own, &page->accounts[i], &there.accounts[i], error);
    asp_copy_page_free(&there);
    return status;
}

/* What is due of it, and where it is taken away. */
struct dropping {
    const struct asp_store *store;
    struct asp_error *error;
};

/* An asp_due_visit. */
static enum asp_status drop_due(const char *name, const char *key, void *context)
{
    const struct dropping *dropping = context;

    return asp_files_drop_due(dropping->store, name, key, dropping->error);
}

/* A copy_side's. */
static enum asp_status drop(void *own, const struct asp_copy_page *page, struct asp_error *error)
{
    const struct asp_copy_files *files = own;
    const struct asp_store *store = &files->store;
    struct dropping dropping = {store, error};
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < page->count; i++) {
        const char *user = page->accounts[i].user;
        char file[ASP_USER_FILE + 1];

        /* What nobody can tell is called by its file. */
        if (!find_file(&page->accounts[i], file))
            (void)snprintf(file, sizeof file, "%s", user + (user[0] == '/'));
        status = drop_file(store, folder_of(files), file, error);
        if (status == ASP_OK)
            status = drop_file(store, USED_FOLDER, file, error);
        if (status == ASP_OK)
            status = drop_file(store, LOCKS_FOLDER, file, error);
        if (status == ASP_OK)
            status = asp_files_each_due(store, file, drop_due, &dropping, error);
    }
    return status;
}

struct asp_copy_side asp_copy_files_side(struct asp_copy_files *files)
{
    return (struct asp_copy_side){each, get, put, drop, files};
}
