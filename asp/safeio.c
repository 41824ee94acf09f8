/* Files and folders that are opened through no link, and trusted by owner and mode. */
#include "safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, USUAL_FILES = 1024 };

void asp_identity_of(const struct stat *st, struct asp_identity *identity)
{
    identity->present = true;
    identity->device = (uint64_t)st->st_dev;
    identity->inode = (uint64_t)st->st_ino;
    identity->size = (int64_t)st->st_size;
    identity->mtime_s = (int64_t)st->st_mtim.tv_sec;
    identity->mtime_ns = (int64_t)st->st_mtim.tv_nsec;
    identity->ctime_s = (int64_t)st->st_ctim.tv_sec;
    identity->ctime_ns = (int64_t)st->st_ctim.tv_nsec;
}

bool asp_identity_same(const struct asp_identity *a, const struct asp_identity *b)
{
    if (!a->present || !b->present)
        return a->present == b->present;
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns && a->ctime_s == b->ctime_s &&
           a->ctime_ns == b->ctime_ns;
}

enum asp_status asp_identity_at(const char *path, struct asp_identity *identity,
                                struct asp_error *error)
{
    struct stat st;

    memset(identity, 0, sizeof *identity);
    if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        asp_identity_of(&st, identity);
        return ASP_OK;
    }
    if (errno == ENOENT)
        return ASP_OK;
    return asp_fail_errno(error, "%s", path);
}

void asp_close(int fd)
{
    int kept = errno;

    if (fd >= 0)
        (void)close(fd);
    errno = kept;
}

/* Not every C library knows the call. Before Linux 5.9, and 5.11 with the flag, there is none; then
 * it is the USUAL_FILES that a process has. */
static bool close_range_of(unsigned first, unsigned flags)
{
    return syscall(SYS_close_range, first, ~0U, flags) == 0;
}

void asp_close_from(int first)
{
    if (close_range_of((unsigned)first, 0))
        return;
    for (int fd = first; fd < USUAL_FILES; fd++)
        (void)close(fd);
}

void asp_close_at_exec_from(int first)
{
    if (close_range_of((unsigned)first, CLOSE_RANGE_CLOEXEC))
        return;
    for (int fd = first; fd < USUAL_FILES; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Moves `*at` to the next component and returns its length, 0 at the end. */
static size_t next_component(const char **at)
{
    while (**at == '/')
        ++*at;
    return (size_t)(strchrnul(*at, '/') - *at);
}

/* open(2) of a path below `folder`, one component at a time, so that no link is followed anywhere.
 */
static int open_by_steps(int folder, const char *path, int flags, mode_t mode)
{
    char name[NAME_MAX + 1];
    int at = path[0] == '/' ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : folder;
    const char *rest = path;
    size_t length = next_component(&rest);

    if (length == 0) {
        asp_close(at);
        return open("/", flags);
    }
    while (at >= 0 || at == AT_FDCWD) {
        const char *after = rest + length;
        size_t following = next_component(&after);
        bool last = following == 0;
        int next = -1;

        if (length > NAME_MAX) {
            errno = ENAMETOOLONG;
        } else {
            memcpy(name, rest, length);
            name[length] = '\0';
            next = openat(at, name, last ? flags : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                          mode);
        }
        if (at != folder)
            asp_close(at);
        if (last || next < 0)
            return next;
        at = next;
        rest = after;
        length = following;
    }
    return -1;
}

/* The same in one system call where the kernel has it (Linux 5.6). */
static int open_no_links(int folder, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)flags,
        .mode = (flags & O_CREAT) != 0 ? mode : 0,
        .resolve = RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);

    if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL || errno == E2BIG))
        return open_by_steps(folder, path, flags, mode);
    return (int)fd;
}

/* True when only root and the process's own user can have put it there or change it. */
static bool is_trusted(const struct stat *st, bool sticky_allowed)
{
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return false;
    return (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
           (sticky_allowed && S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0);
}

/* Of a file owner and mode are not all: what is in it may be another's. */
static enum asp_status untrusted(struct asp_error *error, const char *path, const struct stat *st)
{
    const char *look = S_ISREG(st->st_mode) ? "look at what is in it, then " : "";

    if (st->st_uid != 0 && st->st_uid != geteuid())
        return asp_fail(error, ASP_UNSAFE,
                        "%s belongs to uid %lu: it must be root's (%schown root)", path,
                        (unsigned long)st->st_uid, look);
    return asp_fail(error, ASP_UNSAFE,
                    "%s can be written by group or others (mode %04o): %schmod go-w it", path,
                    (unsigned)(st->st_mode & 07777), look);
}

/* Looks for the first link in a path, and says where it leads. Called after a failure, for the line
 * of the error. */
static bool explain_link(struct asp_error *error, const char *path)
{
    char prefix[PATH_MAX];
    const char *rest = path;
    struct stat st;

    for (size_t length; (length = next_component(&rest)) > 0; rest += length) {
        size_t upto = (size_t)(rest - path) + length;

        if (upto >= sizeof prefix)
            return false;
        memcpy(prefix, path, upto);
        prefix[upto] = '\0';
        if (lstat(prefix, &st) != 0 || !S_ISLNK(st.st_mode))
            continue;
        char *real = realpath(prefix, NULL);
        if (real != NULL)
            (void)asp_fail(error, ASP_UNSAFE,
                           "%s is a link, and none is followed: name the real path, %s%s", prefix,
                           real, rest + length);
        else
            (void)asp_fail(error, ASP_UNSAFE, "%s is a link that leads nowhere", prefix);
        free(real);
        return true;
    }
    return false;
}

static enum asp_status open_failed(struct asp_error *error, const char *path)
{
    int kept = errno;

    if ((kept == ELOOP || kept == ENOTDIR) && explain_link(error, path))
        return ASP_UNSAFE;
    errno = kept;
    return asp_fail_errno(error, "%s", path);
}

/* Checks the folders above the open one by way of "..": whatever path led here, these are the ones
 * that hold it. */
static enum asp_status check_above(int fd, const char *path, struct asp_error *error)
{
    char up[3 * DEPTH_MAX];
    char shown[PATH_MAX];
    size_t length = 0;
    struct stat st;

    (void)snprintf(shown, sizeof shown, "%s", path);
    for (size_t depth = 0; depth < DEPTH_MAX; depth++) {
        char *slash;

        for (size_t end = strlen(shown); end > 1 && shown[end - 1] == '/'; end--)
            shown[end - 1] = '\0';
        slash = strrchr(shown, '/');
        if (slash == NULL || shown[1] == '\0')
            return ASP_OK;
        slash[slash == shown ? 1 : 0] = '\0';

        strcpy(up + length, depth == 0 ? ".." : "/..");
        length += strlen(up + length);
        if (fstatat(fd, up, &st, 0) != 0)
            return asp_fail_errno(error, "%s", shown);
        if (!is_trusted(&st, true))
            return untrusted(error, shown, &st);
    }
    return asp_fail(error, ASP_UNSAFE, "%s is too deep", path);
}

bool asp_path_valid(const char *path)
{
    const char *rest = path;

    if (path[0] != '/' || strnlen(path, PATH_MAX) >= PATH_MAX)
        return false;
    for (size_t length; (length = next_component(&rest)) > 0; rest += length) {
        if (rest[0] == '.' && (length == 1 || (length == 2 && rest[1] == '.')))
            return false;
    }
    return true;
}

static bool is_known(const struct asp_folder *known, const struct stat *st)
{
    return known != NULL && known->checked && known->device == (uint64_t)st->st_dev &&
           known->inode == (uint64_t)st->st_ino;
}

static enum asp_status open_folder(const char *path, bool sticky_allowed, struct asp_folder *known,
                                   int *fd, struct asp_error *error)
{
    struct stat st;
    enum asp_status status = ASP_OK;

    *fd = -1;
    if (!asp_path_valid(path))
        return asp_fail(error, ASP_INVALID, "%s: a path must be absolute, without . and ..", path);
    *fd = open_no_links(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (*fd < 0)
        return open_failed(error, path);
    if (fstat(*fd, &st) != 0)
        status = asp_fail_errno(error, "%s", path);
    else if (!is_trusted(&st, sticky_allowed))
        status = untrusted(error, path, &st);
    else if (!is_known(known, &st))
        status = check_above(*fd, path, error);
    if (status == ASP_OK && known != NULL)
        *known = (struct asp_folder){true, (uint64_t)st.st_dev, (uint64_t)st.st_ino};
    if (status != ASP_OK) {
        asp_close(*fd);
        *fd = -1;
    }
    return status;
}

enum asp_status asp_folder_open(const char *path, struct asp_folder *known, int *fd,
                                struct asp_error *error)
{
    return open_folder(path, false, known, fd, error);
}

enum asp_status asp_folder_open_above(const char *path, int *fd, struct asp_error *error)
{
    return open_folder(path, true, NULL, fd, error);
}

static const char *joined(char full[PATH_MAX], const char *path, const char *name)
{
    if (path == NULL)
        return name;
    (void)snprintf(full, PATH_MAX, "%s/%s", strcmp(path, "/") == 0 ? "" : path, name);
    return full;
}

enum asp_status asp_folder_check(int folder, const char *path, const char *name,
                                 struct asp_error *error)
{
    char full[PATH_MAX];
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return asp_fail_errno(error, "%s", joined(full, path, name));
    if (S_ISLNK(st.st_mode) && explain_link(error, joined(full, path, name)))
        return ASP_UNSAFE;
    if (!S_ISDIR(st.st_mode))
        return asp_fail(error, ASP_UNSAFE, "%s is not a folder", joined(full, path, name));
    if (!is_trusted(&st, false))
        return untrusted(error, joined(full, path, name), &st);
    return ASP_OK;
}

enum asp_status asp_file_open(int folder, const char *path, const char *name, int flags, int *fd,
                              struct stat *st, struct asp_error *error)
{
    char full[PATH_MAX];
    enum asp_status status = ASP_OK;

    *fd = open_no_links(folder, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                        S_IRUSR | S_IWUSR);
    if (*fd < 0) {
        /* What open(2) says of a socket, and of a FIFO that nobody reads, when it is to be written.
         */
        if (errno == ENXIO || errno == EISDIR)
            return asp_fail(error, ASP_UNSAFE, "%s is not a plain file", joined(full, path, name));
        return open_failed(error, joined(full, path, name));
    }
    if (fstat(*fd, st) != 0)
        status = asp_fail_errno(error, "%s", joined(full, path, name));
    else if (!S_ISREG(st->st_mode))
        status = asp_fail(error, ASP_UNSAFE, "%s is not a plain file", joined(full, path, name));
    else if (!is_trusted(st, false))
        status = untrusted(error, joined(full, path, name), st);
    else if ((flags & O_CREAT) != 0 && st->st_size == 0 && (st->st_mode & 07777) != 0600 &&
             fchmod(*fd, S_IRUSR | S_IWUSR) != 0)
        status = asp_fail_errno(error, "%s", joined(full, path, name));
    if (status != ASP_OK) {
        asp_close(*fd);
        *fd = -1;
    }
    return status;
}

enum asp_status asp_path_open(const char *path, int *fd, struct stat *st, struct asp_error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int folder_fd = -1;
    enum asp_status status;

    *fd = -1;
    if (slash == NULL || slash[1] == '\0' || !asp_path_valid(path))
        return asp_fail(error, ASP_INVALID, "%s: a path must be absolute, without . and ..", path);
    memcpy(folder, path, (size_t)(slash - path) + 1);
    folder[slash == path ? 1 : slash - path] = '\0';
    status = asp_folder_open_above(folder, &folder_fd, error);
    if (status == ASP_OK)
        status = asp_file_open(folder_fd, folder, slash + 1, O_RDONLY, fd, st, error);
    asp_close(folder_fd);
    return status;
}

enum asp_status asp_program_check(const char *path, struct asp_error *error)
{
    struct stat st = {.st_mode = 0};
    int fd = -1;
    enum asp_status status = asp_path_open(path, &fd, &st, error);

    if (status == ASP_OK && (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
        status = asp_fail(error, ASP_UNSAFE, "%s is no program (mode %04o): chmod +x it", path,
                          (unsigned)(st.st_mode & 07777));
    asp_close(fd);
    return status;
}

enum asp_status asp_file_read(int fd, const char *path, const char *name, const struct stat *st,
                              size_t most, uint8_t **bytes, size_t *length, struct asp_error *error)
{
    char full[PATH_MAX];
    size_t room;
    ssize_t got;

    *bytes = NULL;
    *length = 0;
    if (st->st_size < 0 || (uint64_t)st->st_size > most)
        return asp_fail(error, ASP_CORRUPT, "%s has %lld bytes, and may have %zu",
                        joined(full, path, name), (long long)st->st_size, most);
    room = (size_t)st->st_size;
    *bytes = malloc(room + 1);
    if (*bytes == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    while (*length < room) {
        got = read(fd, *bytes + *length, room - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            enum asp_status status =
                asp_fail_errno(error, "%s cannot be read", joined(full, path, name));

            sodium_memzero(*bytes, *length);
            free(*bytes);
            *bytes = NULL;
            return status;
        }
        if (got == 0)
            break;
        *length += (size_t)got;
    }
    (*bytes)[*length] = '\0';
    return ASP_OK;
}

enum asp_status asp_file_read_at(int folder, const char *path, const char *name, size_t most,
                                 uint8_t **bytes, size_t *length, struct timespec *written,
                                 struct asp_error *error)
{
    struct stat st = {.st_mode = 0};
    int fd = -1;
    enum asp_status status = asp_file_open(folder, path, name, O_RDONLY, &fd, &st, error);

    if (status != ASP_OK)
        return status;
    if (written != NULL)
        *written = st.st_mtim;
    status = asp_file_read(fd, path, name, &st, most, bytes, length, error);
    asp_close(fd);
    return status;
}

/* Writes some of it, at a place or, where that is NULL, where the file is. -1 with errno. */
static ssize_t write_some(int fd, const void *bytes, size_t length, const size_t *at)
{
    ssize_t wrote;

    do
        wrote = at != NULL ? pwrite(fd, bytes, length, (off_t)*at) : write(fd, bytes, length);
    while (wrote < 0 && errno == EINTR);
    if (wrote > 0)
        return wrote;
    errno = wrote == 0 ? ENOSPC : errno;
    return -1;
}

bool asp_write_all(int fd, const void *bytes, size_t length)
{
    const char *from = bytes;
    ssize_t wrote;

    for (; length > 0; from += wrote, length -= (size_t)wrote) {
        wrote = write_some(fd, from, length, NULL);
        if (wrote < 0)
            return false;
    }
    return true;
}

bool asp_file_may_reach(size_t length)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || length <= limit.rlim_cur)
        return true;
    errno = EFBIG;
    return false;
}

bool asp_file_put(int fd, const void *bytes, size_t length, size_t at)
{
    const char *from = bytes;
    ssize_t wrote;

    if (!asp_file_may_reach(at + length))
        return false;
    for (; length > 0; from += wrote, at += (size_t)wrote, length -= (size_t)wrote) {
        wrote = write_some(fd, from, length, &at);
        if (wrote < 0)
            return false;
    }
    return true;
}
