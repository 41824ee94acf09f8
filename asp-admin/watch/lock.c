#include "lock.h"

#include "asp/store_files.h"
#include "asp/time_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME LOCKS_FOLDER "/.watch"

enum { NOTE_SIZE = 24 };

/* The number of the process that has it, in digits; empty: it is not there. */
static void read_note(int fd, char note[NOTE_SIZE])
{
    ssize_t got = pread(fd, note, NOTE_SIZE - 1, 0);

    note[got > 0 ? got : 0] = '\0';
    note[strspn(note, "0123456789")] = '\0';
}

static enum asp_status busy(const struct asp_store *store, int fd, struct asp_error *error)
{
    char note[NOTE_SIZE];

    read_note(fd, note);
    return asp_fail(error, ASP_BUSY, "process %s watches %s already",
                    note[0] != '\0' ? note : "(unknown)", store->path);
}

static enum asp_status take(const struct asp_store *store, int fd, struct asp_error *error)
{
    char note[NOTE_SIZE];
    int length = snprintf(note, sizeof note, "%ld\n", (long)getpid());

    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return busy(store, fd, error);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, note, (size_t)length, 0) != length)
        return asp_fail_errno(error, "%s/" FILE_NAME " cannot be written", store->path);
    return ASP_OK;
}

enum asp_status watch_lock_take(const struct asp_store *store, time_t now, int *fd, time_t *looked,
                                struct asp_error *error)
{
    struct stat st;
    enum asp_status status = asp_folder_check(store->own.fd, store->path, LOCKS_FOLDER, error);

    *fd = -1;
    if (status == ASP_OK)
        status =
            asp_file_open(store->own.fd, store->path, FILE_NAME, O_RDWR | O_CREAT, fd, &st, error);
    if (status == ASP_OK) {
        *looked = st.st_size == 0 || st.st_mtim.tv_sec > now ? now : st.st_mtim.tv_sec;
        status = take(store, *fd, error);
    }
    if (status == ASP_OK) {
        watch_lock_mark(*fd, *looked);
        return ASP_OK;
    }
    asp_close(*fd);
    *fd = -1;
    return status == ASP_NOT_FOUND ? ASP_IO : status;
}

bool watch_lock_is_of(const struct asp_store *store, int fd)
{
    struct stat held;
    struct stat there;

    return fd >= 0 && fstat(fd, &held) == 0 &&
           fstatat(store->own.fd, FILE_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

enum asp_status watch_lock_look(const struct asp_store *store, struct watch_seen *seen,
                                struct asp_error *error)
{
    char note[NOTE_SIZE];
    struct stat st;
    int fd;
    enum asp_status status =
        asp_file_open(store->own.fd, store->path, FILE_NAME, O_RDONLY, &fd, &st, error);

    *seen = (struct watch_seen){.looked = ASP_NEVER};
    if (status != ASP_OK)
        return status == ASP_NOT_FOUND ? ASP_OK : status;
    seen->looked = st.st_mtim.tv_sec;
    /* What others hold with it they share for a moment; a watch wants it for itself. */
    seen->runs = flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (seen->runs) {
        read_note(fd, note);
        seen->process = strtol(note, NULL, 10);
    }
    asp_close(fd);
    return ASP_OK;
}

void watch_lock_mark(int fd, time_t looked)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = looked}};

    (void)futimens(fd, times);
}
