/*
 * Files that must be trusted: opened relative to held descriptors, through no link, and owned by
 * root or by the process's own effective user, with no write bit for group or others, and so the
 * folders above them (a sticky one is allowed there).
 *
 * The error line of each failure names the path, and says what to do where that is known. All
 * descriptors are close-on-exec.
 */
#ifndef ASP_SAFEIO_H
#define ASP_SAFEIO_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Which state of a file it was: equal when nothing was changed in between. */
struct asp_identity {
    bool present; /* false: there is no such file */
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t mtime_s;
    int64_t mtime_ns;
    int64_t ctime_s;
    int64_t ctime_ns;
};

void asp_identity_of(const struct stat *st, struct asp_identity *identity);
bool asp_identity_same(const struct asp_identity *a, const struct asp_identity *b);

/* The identity of the file at `path`, which is not followed when it is a link. One system call.
 * ASP_OK also when it is absent. */
enum asp_status asp_identity_at(const char *path, struct asp_identity *identity,
                                struct asp_error *error);

/* True for an absolute path without . and .. in it, short enough to open. */
bool asp_path_valid(const char *path);

/* A folder that was found sound together with all those above it. Begins as {0}: none yet. */
struct asp_folder {
    bool checked;
    uint64_t device;
    uint64_t inode;
};

/*
 * Opens the folder at `path` (absolute, without . and ..), checking it and all the folders above.
 * With `known` not NULL, those above are checked once for each folder that is found there: as long
 * as the same one is, nobody has put another in its place. The caller closes `*fd`.
 */
enum asp_status asp_folder_open(const char *path, struct asp_folder *known, int *fd,
                                struct asp_error *error);

/* The same for a folder that stands above what is looked for, so that it may be a sticky one. */
enum asp_status asp_folder_open_above(const char *path, int *fd, struct asp_error *error);

/* Checks that `name` in the open folder at `path` is a folder to be trusted. */
enum asp_status asp_folder_check(int folder, const char *path, const char *name,
                                 struct asp_error *error);

/*
 * Opens the plain file `name`, which may have one folder before it, in the open folder at `path`.
 * `flags` as in open(2); with O_CREAT the new file has mode 0600 whatever the umask. At once for
 * whatever stands there: a FIFO or a device is refused, never waited for. The caller closes `*fd`.
 */
enum asp_status asp_file_open(int folder, const char *path, const char *name, int flags, int *fd,
                              struct stat *st, struct asp_error *error);

/* Opens the plain file at `path` (absolute, without . and ..) for reading, checking it and all the
 * folders above. The caller closes `*fd`. */
enum asp_status asp_path_open(const char *path, int *fd, struct stat *st, struct asp_error *error);

/*
 * Checks that `path` is a program that may be run as oneself: asp_path_open opens it, and somebody
 * may execute it. Then only those who are trusted can put another in its place, so that it can be
 * run by its path.
 */
enum asp_status asp_program_check(const char *path, struct asp_error *error);

/*
 * Reads the whole of an open file of `st->st_size` bytes, at most `most`. The caller frees
 * `*bytes`, which has a NUL after its `*length` bytes. In errors it is called as by asp_file_open;
 * `path` may be NULL, then by `name` alone.
 */
enum asp_status asp_file_read(int fd, const char *path, const char *name, const struct stat *st,
                              size_t most, uint8_t **bytes, size_t *length,
                              struct asp_error *error);

/* Opens the file as asp_file_open does, and reads it so. `*written`, which may be NULL, is when it
 * was written. */
enum asp_status asp_file_read_at(int folder, const char *path, const char *name, size_t most,
                                 uint8_t **bytes, size_t *length, struct timespec *written,
                                 struct asp_error *error);

/* Writes all, over short writes and EINTR. False with errno. Before a plain file is lengthened by
 * it, asp_file_may_reach is asked. */
bool asp_write_all(int fd, const void *bytes, size_t length);

/*
 * True where this process may write a plain file up to this length (RLIMIT_FSIZE, getrlimit(2));
 * else false with EFBIG. To be asked before each write: the kernel sends SIGXFSZ for one that
 * passes the limit, which ends a host that does not expect it.
 */
bool asp_file_may_reach(size_t length);

/* Writes a part of a plain file in its place, in one call or, over short writes and EINTR, in more,
 * where that is allowed. False with errno: not all of it, or nothing. */
bool asp_file_put(int fd, const void *bytes, size_t length, size_t at);

/* Closes a descriptor that may be -1, keeping errno. */
void asp_close(int fd);

/* Closes all descriptors from `first` on. */
void asp_close_from(int first);

/* The same for a program that this process becomes or starts, and not before. */
void asp_close_at_exec_from(int first);

#endif
