/*
 * What the engine for files has for the one who watches: the lock, and what inotify(7) tells of the
 * folder of the accounts.
 *
 * The lock is locks/.watch, which is no user's, for a leading dot is never stored as such. It holds
 * the watch's process id until that says goodbye; its time is that of the file.
 */
#include "store_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE LOCKS_FOLDER "/.watch"

/* A file is replaced or taken away, or closed after it was written in place; and what becomes of
 * the folder. */
#define WRITTEN (IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE)
#define GONE (IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED | IN_UNMOUNT)

#define GOODBYE "-\n" /* in the place of the number: an empty file has no time yet */

enum { NOTE_SIZE = 24, EVENTS_ROOM = 16384 };

/* The number of the process that has it, in digits; empty: it is not there. */
static void read_note(int fd, char note[NOTE_SIZE])
{
    ssize_t got = pread(fd, note, NOTE_SIZE - 1, 0);

    note[got > 0 ? got : 0] = '\0';
    note[strspn(note, "0123456789")] = '\0';
}

/* At no time is it empty. */
static bool write_note(int fd, const char *note)
{
    size_t length = strlen(note);

    return asp_file_put(fd, note, length, 0) && ftruncate(fd, (off_t)length) == 0;
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

    (void)snprintf(note, sizeof note, "%ld\n", (long)getpid());
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return busy(store, fd, error);
    if (!write_note(fd, note))
        return asp_fail_errno(error, "%s/" LOCK_FILE " cannot be written", store->path);
    return ASP_OK;
}

enum asp_status asp_files_take_watch(const struct asp_store *store, time_t now,
                                     struct asp_watch_lock *lock, time_t *looked,
                                     struct asp_error *error)
{
    struct stat st;
    enum asp_status status = asp_folder_check(store->own.fd, store->path, LOCKS_FOLDER, error);

    if (status == ASP_OK)
        status = asp_file_open(store->own.fd, store->path, LOCK_FILE, O_RDWR | O_CREAT,
                               &lock->own.fd, &st, error);
    if (status == ASP_OK) {
        *looked = st.st_size == 0 || st.st_mtim.tv_sec > now ? now : st.st_mtim.tv_sec;
        status = take(store, lock->own.fd, error);
    }
    if (status == ASP_OK) {
        asp_files_mark_watch(lock, *looked);
        return ASP_OK;
    }
    asp_close(lock->own.fd);
    lock->own.fd = -1;
    return status == ASP_NOT_FOUND ? ASP_IO : status;
}

bool asp_files_watch_is_of(const struct asp_watch_lock *lock, const struct asp_store *store)
{
    return asp_files_is_at(store, LOCK_FILE, lock->own.fd);
}

void asp_files_mark_watch(const struct asp_watch_lock *lock, time_t looked)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = looked}};

    (void)futimens(lock->own.fd, times);
}

void asp_files_give_watch(struct asp_watch_lock *lock)
{
    struct stat st;
    bool known = fstat(lock->own.fd, &st) == 0;

    (void)write_note(lock->own.fd, GOODBYE);
    if (known)
        asp_files_mark_watch(lock, st.st_mtim.tv_sec);
    asp_close(lock->own.fd);
}

enum asp_status asp_files_look_at_watch(const struct asp_store *store, struct asp_watch_seen *seen,
                                        struct asp_error *error)
{
    char note[NOTE_SIZE];
    struct stat st;
    int fd;
    enum asp_status status =
        asp_file_open(store->own.fd, store->path, LOCK_FILE, O_RDONLY, &fd, &st, error);

    /* Where its folder is gone a watch that runs goes on holding it. */
    if (status == ASP_NOT_FOUND)
        return asp_folder_check(store->own.fd, store->path, LOCKS_FOLDER, error);
    if (status != ASP_OK)
        return status;
    seen->looked = st.st_mtim.tv_sec;
    /* What others hold with it they share for a moment; a watch wants it for itself. */
    seen->runs = flock(fd, LOCK_SH | LOCK_NB) != 0;
    read_note(fd, note);
    seen->process = strtol(note, NULL, 10);
    asp_close(fd);
    return ASP_OK;
}

bool asp_files_is_another(const struct asp_store *store)
{
    struct stat held;
    struct stat there;

    return fstat(store->own.fd, &held) != 0 || lstat(store->path, &there) != 0 ||
           held.st_dev != there.st_dev || held.st_ino != there.st_ino;
}

/* Of what is followed `own.fd` is the number that inotify gives to the folder. The same folder
 * keeps its number. */
enum asp_status asp_files_follow(const struct asp_store *store, struct asp_store_changes *changes,
                                 bool *another, struct asp_error *error)
{
    char users[PATH_MAX];
    int before = changes->own.fd;
    enum asp_status status = ASP_OK;

    if (changes->fd < 0)
        changes->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (changes->fd < 0)
        return asp_fail_errno(error, "the system gives no means to watch");
    (void)snprintf(users, sizeof users, "%s/" USERS_FOLDER, store->path);
    changes->own.fd = inotify_add_watch(
        changes->fd, users, WRITTEN | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW);
    if (changes->own.fd < 0)
        status = asp_fail_errno(error, "%s cannot be watched", users);
    if (before >= 0 && before != changes->own.fd)
        (void)inotify_rm_watch(changes->fd, before);
    *another = changes->own.fd >= 0 && changes->own.fd != before;
    return status;
}

static void take_event(const struct inotify_event *event, int users, asp_changed *changed,
                       void *context, struct asp_store_news *news)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        news->lost = true;
    else if (event->wd != users)
        return;
    else if ((event->mask & GONE) != 0)
        news->gone = true;
    else if (event->len > 0 && asp_files_fits(event->name))
        changed(event->name, context);
}

struct asp_store_news asp_files_take_changes(struct asp_store_changes *changes,
                                             asp_changed *changed, void *context)
{
    _Alignas(struct inotify_event) char room[EVENTS_ROOM];
    struct asp_store_news news = {.lost = false};
    ssize_t got;

    while ((got = read(changes->fd, room, sizeof room)) > 0) {
        const struct inotify_event *event;

        for (const char *at = room; at < room + got; at += sizeof *event + event->len) {
            event = (const struct inotify_event *)(const void *)at;
            take_event(event, changes->own.fd, changed, context, &news);
        }
    }
    return news;
}

void asp_files_end_changes(struct asp_store_changes *changes)
{
    asp_close(changes->fd);
}
