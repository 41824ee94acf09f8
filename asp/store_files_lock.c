/* The locks of the store's files, one for each user. */
#include "store_files_lock.h"

#include "clock.h"
#include "safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
    WAIT_MS = 5000,
    STEP_MS = 10,
    NONCE_BYTES = ASP_NONCE_DIGITS / 2,
    NOTE_SIZE = 2 * ASP_LOCK_NAME
};

bool asp_files_wait_step(unsigned *waited, unsigned most)
{
    const struct timespec step = {0, STEP_MS * 1000000L};

    if (*waited >= most)
        return false;
    *waited += STEP_MS;
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL);
    return true;
}

/* The lock file holds the holder's process id and the name of the file that it writes. */
static void read_note(int fd, char note[NOTE_SIZE])
{
    ssize_t got = pread(fd, note, NOTE_SIZE - 1, 0);

    note[got > 0 ? got : 0] = '\0';
    note[strcspn(note, "\n")] = '\0';
}

/* After a wait in vain: the note is the holder's. */
static enum asp_status busy(const struct asp_store_held *lock, struct asp_error *error)
{
    char note[NOTE_SIZE];

    read_note(lock->fd, note);
    note[strspn(note, "0123456789")] = '\0';
    /* Who locks without leaving a note is not the one that left the last one. */
    if (kill((pid_t)strtol(note, NULL, 10), 0) != 0 && errno == ESRCH)
        note[0] = '\0';
    return asp_fail(
        error, ASP_BUSY,
        "the app passwords of this user are locked by process %s: try again when it has ended",
        note[0] != '\0' ? note : "(unknown)");
}

/* A process that was killed may have left the file that it was writing. */
static void clear_leavings(struct asp_store_held *lock)
{
    char note[NOTE_SIZE];
    const char *left;

    read_note(lock->fd, note);
    left = strchr(note, ' ');
    if (left != NULL)
        asp_files_clear_noted(lock, left + 1);
}

static bool write_note(struct asp_store_held *lock)
{
    char note[NOTE_SIZE];
    char nonce[2 * NONCE_BYTES + 1];
    uint8_t random[NONCE_BYTES];
    int length;

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(nonce, sizeof nonce, random, sizeof random);
    asp_files_name_temp(lock, nonce);
    length = snprintf(note, sizeof note, "%ld %s\n", (long)getpid(), lock->temp);
    return ftruncate(lock->fd, 0) == 0 && asp_file_put(lock->fd, note, (size_t)length, 0);
}

/* How many ms an update may wait. */
static unsigned longest_wait(const struct asp_store *store)
{
    int64_t left = store->deadline > 0 ? store->deadline - asp_clock_ms() : WAIT_MS;

    return left < 0 ? 0 : left < WAIT_MS ? (unsigned)left : WAIT_MS;
}

/* Opens and locks locks/NAME. flock(2) holds between threads too, and a kill frees it. */
static enum asp_status lock_file(const struct asp_store *store, struct asp_store_held *lock,
                                 struct asp_error *error)
{
    char file[ASP_USER_PATH];
    struct stat st;
    const unsigned most = longest_wait(store);
    unsigned waited = 0;
    enum asp_status status;

    asp_user_join(file, LOCKS_FOLDER "/", lock->name);
    for (;;) {
        status = asp_file_open(store->own.fd, store->path, file, O_RDWR | O_CREAT, &lock->fd, &st,
                               error);
        if (status != ASP_OK)
            return status;
        while (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK)
                return asp_fail_errno(error, "%s/%s cannot be locked", store->path, file);
            if (!asp_files_wait_step(&waited, most))
                return busy(lock, error);
        }
        /* Still the one that others will find: remove takes it away. */
        if (asp_files_is_at(store, file, lock->fd))
            return ASP_OK;
        asp_close(lock->fd);
        lock->fd = -1;
        if (!asp_files_wait_step(&waited, most))
            return asp_fail(error, ASP_BUSY, "%s/%s changes all the time", store->path, file);
    }
}

enum asp_status asp_files_lock_acquire(const struct asp_store *store, const char *name,
                                       struct asp_store_held *lock, struct asp_error *error)
{
    enum asp_status status;

    *lock = ASP_FILES_LOCK_FREE;
    asp_user_file(name, lock->name);
    lock->folder =
        openat(store->own.fd, USERS_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (lock->folder < 0)
        return asp_fail_errno(error, "%s/" USERS_FOLDER, store->path);
    status = lock_file(store, lock, error);
    if (status != ASP_OK)
        return status;
    clear_leavings(lock);
    if (!write_note(lock))
        return asp_fail_errno(error, "%s/" LOCKS_FOLDER "/%s cannot be written", store->path,
                              lock->name);
    return ASP_OK;
}

void asp_files_lock_release(struct asp_store_held *lock)
{
    /* By word, and not by closing alone: a process forked meanwhile may hold a copy. */
    if (lock->fd >= 0)
        (void)flock(lock->fd, LOCK_UN);
    asp_close(lock->fd);
    asp_close(lock->folder);
    *lock = ASP_FILES_LOCK_FREE;
}
