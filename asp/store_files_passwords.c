/*
 * How the engine for files tells whose primary password was set: locks/.passwords has a number for
 * each account, or for some, which is another one each time. Nobody waits for anybody: each number
 * is drawn, so that one that is written late is none that was there before. It is not synced: who
 * was let in before the machine was started is asked again.
 */
#include "store_files.h"

#include "random.h"
#include "safeio.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define MARKS LOCKS_FOLDER "/.passwords" /* a leading dot is no user's */

enum { PLACES = 8192 };

/* The names of accounts are the administrator's: nobody looks for one that shares another's. */
static off_t place_of(const char *name)
{
    static const unsigned char key[crypto_shorthash_KEYBYTES];
    unsigned char hash[crypto_shorthash_BYTES];
    char file[ASP_USER_FILE + 1];
    uint64_t number;

    _Static_assert(sizeof hash == sizeof number, "SipHash-2-4 has 64 bits");
    asp_user_file(name, file);
    (void)crypto_shorthash(hash, (const unsigned char *)file, strlen(file), key);
    memcpy(&number, hash, sizeof number);
    return (off_t)(number % PLACES * sizeof number);
}

enum asp_status asp_files_note_password(const struct asp_store *store, const char *name,
                                        struct asp_error *error)
{
    uint64_t number;
    struct stat st;
    bool made = false;
    int fd = -1;
    enum asp_status status = asp_random_check(error);

    if (status == ASP_OK)
        status = asp_files_make_folder(store->own.fd, LOCKS_FOLDER, &made, error);
    if (status == ASP_OK)
        status =
            asp_file_open(store->own.fd, store->path, MARKS, O_WRONLY | O_CREAT, &fd, &st, error);
    if (status == ASP_OK) {
        randombytes_buf(&number, sizeof number);
        if (!asp_file_put(fd, &number, sizeof number, (size_t)place_of(name)))
            status = asp_fail_errno(error, "%s/" MARKS, store->path);
    }
    asp_close(fd);
    return status;
}

enum asp_status asp_files_password_mark(const struct asp_store *store, const char *name,
                                        uint64_t *mark, struct asp_error *error)
{
    struct stat st;
    int fd = -1;
    enum asp_status status =
        asp_file_open(store->own.fd, store->path, MARKS, O_RDONLY, &fd, &st, error);

    *mark = 0;
    if (status == ASP_OK && pread(fd, mark, sizeof *mark, place_of(name)) < 0)
        status = asp_fail_errno(error, "%s/" MARKS, store->path);
    asp_close(fd);
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}
