/*
 * The store's usage files: written in place, never waited for, never relied on.
 */
#include "store_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * Opens used/NAME; without `make`, for reading. The folder needs no look of its own: what is not
 * root's in it is refused, and usage decides no login.
 */
static enum asp_status open_used(const struct asp_store *store, const char *name, bool make,
                                 int *fd, struct stat *st, struct asp_error *error)
{
    char path[ASP_USER_PATH];

    *fd = -1;
    asp_user_join(path, USED_FOLDER "/", name);
    return asp_file_open(store->own.fd, store->path, path, make ? O_RDWR | O_CREAT : O_RDONLY, fd,
                         st, error);
}

/* A file that is too long is none of ours, and counts as empty. */
static enum asp_status read_used(int fd, const struct stat *st, struct asp_usage *usage,
                                 struct asp_error *error)
{
    enum asp_status status;

    memset(usage, 0, sizeof *usage);
    status = asp_file_read(fd, st, ASP_USAGE_BYTES_MAX, &usage->bytes, &usage->length, error);
    return status == ASP_CORRUPT ? ASP_OK : status;
}

enum asp_status asp_files_usage(const struct asp_store *store, const char *name,
                                struct asp_usage *usage, struct asp_error *error)
{
    struct stat st;
    int fd;
    enum asp_status status = open_used(store, name, false, &fd, &st, error);

    if (status == ASP_OK)
        status = read_used(fd, &st, usage, error);
    asp_close(fd);
    return status == ASP_NOT_FOUND || status == ASP_UNSAFE ? ASP_OK : status;
}

static bool write_head(int fd, const struct asp_usage_head *head)
{
    uint8_t bytes[ASP_HEAD_BYTES];

    asp_usage_write_head(head, bytes);
    return asp_file_may_reach(sizeof bytes) &&
           pwrite(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes;
}

/* Begins a file anew at `now` where it is not sound: what is left of it cannot say what was not
 * used. */
static bool begin(int fd, struct asp_usage *usage, time_t now, struct asp_usage_head *head)
{
    if (asp_usage_sound(usage, head)) {
        /* Begun by a clock that was ahead. */
        head->begun = head->begun < now ? head->begun : now;
        return true;
    }
    memset(head, 0, sizeof *head);
    head->begun = now;
    asp_usage_free(usage);
    return ftruncate(fd, 0) == 0 && write_head(fd, head);
}

/*
 * A usage file that is open for writing, under a lock that is only tried: where two would write at
 * once, one leaves it to the next login. The caller closes `*fd` with close_locked.
 */
static enum asp_status open_locked(const struct asp_store *store, const char *name, int *fd,
                                   struct asp_usage *usage)
{
    struct stat st;
    enum asp_status status = open_used(store, name, true, fd, &st, NULL);

    if (status != ASP_OK)
        return status;
    /* Its size may have changed before the lock was there. What cannot be read is not begun anew.
     */
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        status = ASP_BUSY;
    else if (fstat(*fd, &st) != 0)
        status = ASP_IO;
    else
        status = read_used(*fd, &st, usage, NULL);
    if (status != ASP_OK)
        asp_close(*fd);
    return status;
}

static void close_locked(int fd)
{
    (void)flock(fd, LOCK_UN);
    asp_close(fd);
}

/* What is written into a usage file that is sound, or begun anew. */
typedef bool write_part(int fd, const struct asp_usage *usage, struct asp_usage_head *head,
                        const void *part);

static enum asp_status write_used(const struct asp_store *store, const char *name, time_t now,
                                  write_part *write, const void *part)
{
    struct asp_usage usage = {0};
    struct asp_usage_head head;
    int fd;
    enum asp_status status = open_locked(store, name, &fd, &usage);

    if (status != ASP_OK)
        return status;
    if (!begin(fd, &usage, now, &head) || !write(fd, &usage, &head, part))
        status = ASP_IO;
    asp_usage_free(&usage);
    close_locked(fd);
    return status;
}

static bool write_nothing(int fd, const struct asp_usage *usage, struct asp_usage_head *head,
                          const void *part)
{
    (void)fd;
    (void)usage;
    (void)head;
    (void)part;
    return true;
}

void asp_files_begin_usage(const struct asp_store *store, const char *name, time_t now)
{
    (void)write_used(store, name, now, write_nothing, NULL);
}

/* Writes a slot in its place and, when it is a new one, that there is one more. */
static bool write_slot(int fd, const struct asp_usage *usage, struct asp_usage_head *head,
                       const void *part)
{
    const struct asp_use *use = part;
    uint8_t slot[ASP_SLOT_BYTES];
    size_t place = asp_usage_place(usage, use->id);
    size_t at = ASP_HEAD_BYTES + place * ASP_SLOT_BYTES;

    asp_usage_write_slot(use, slot);
    if (!asp_file_may_reach(at + sizeof slot) ||
        pwrite(fd, slot, sizeof slot, (off_t)at) != (ssize_t)sizeof slot)
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
