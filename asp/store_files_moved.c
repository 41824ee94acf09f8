/* What has become of a store in files. */
#include "store_files_moved.h"

#include "store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOVED_HEAD "asp-moved 1 "

enum {
    MOVED_MAX = 512,
    ID_CHARS = ASP_MOVED_STORE_SIZE - 1,
    ID_SHORT = 8, /* of it in a line: the whole could be taken for an app password */
    TIME_DIGITS = 18,
    DECIMAL = 10,
};

/* As they are written, and what a person reads below. */
static const struct {
    const char *word;
    const char *sentence;
} hows[] = {
    [ASP_MOVED_TO] = {"to", "The app passwords that were here are in a database: asp-store(7)."},
    [ASP_MOVING_TO] = {"moving-to", "The app passwords that are here are being copied to a "
                                    "database: asp-admin store copy files database."},
    [ASP_MOVING_FROM] = {"moving-from", "App passwords are being copied to here from a database: "
                                        "asp-admin store copy database files."},
};

enum { HOWS = sizeof hows / sizeof *hows };

void asp_files_moved_text(const struct asp_moved *moved, struct asp_buffer *text)
{
    asp_buffer_add(text, MOVED_HEAD);
    asp_buffer_add(text, hows[moved->how].word);
    asp_buffer_add(text, " ");
    asp_buffer_add(text, moved->store);
    asp_buffer_add(text, " ");
    asp_buffer_add_number(text, (unsigned long long)moved->since);
    asp_buffer_add(text, "\n");
    asp_buffer_add(text, hows[moved->how].sentence);
    asp_buffer_add(text, "\n");
}

static bool take(const char *at, struct asp_moved *moved)
{
    const size_t word = strncmp(at, MOVED_HEAD, strlen(MOVED_HEAD)) == 0
                            ? strcspn(at += strlen(MOVED_HEAD), " ")
                            : 0;
    size_t digits;

    for (int how = ASP_MOVED_TO; how < HOWS && word > 0; how++) {
        if (strlen(hows[how].word) == word && strncmp(at, hows[how].word, word) == 0)
            moved->how = (enum asp_moved_how)how;
    }
    if (moved->how == ASP_MOVED_NOT)
        return false;
    at += word + (at[word] == ' ');
    if (strspn(at, "0123456789abcdef-") != ID_CHARS || at[ID_CHARS] != ' ')
        return false;
    memcpy(moved->store, at, ID_CHARS);
    moved->store[ID_CHARS] = '\0';
    at += ID_CHARS + 1;
    digits = strspn(at, "0123456789");
    if (digits == 0 || digits > TIME_DIGITS || (at[0] == '0' && digits > 1))
        return false;
    moved->since = (time_t)strtoll(at, NULL, DECIMAL);
    return at[digits] == '\n';
}

enum asp_status asp_files_read_moved(const struct asp_store *store, struct asp_moved *moved,
                                     struct asp_error *error)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum asp_status status = asp_file_read_at(store->own.fd, store->path, MOVED_FILE, MOVED_MAX,
                                              &bytes, &length, NULL, error);

    *moved = (struct asp_moved){0};
    if (status == ASP_NOT_FOUND)
        return ASP_OK;
    if (status == ASP_OK && !take((const char *)bytes, moved)) {
        *moved = (struct asp_moved){0};
        status =
            asp_fail(error, ASP_CORRUPT, "%s/" MOVED_FILE " is not what we wrote", store->path);
    }
    free(bytes);
    return status;
}

enum asp_status asp_files_check_joined(const struct asp_store *store, struct asp_error *error)
{
    struct stat st;

    if (fstatat(store->own.fd, STORE_ID_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ASP_OK
                               : asp_fail_errno(error, "%s/" STORE_ID_FILE " cannot be looked for",
                                                store->path);
    if (fstatat(store->own.fd, MOVED_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return ASP_OK;
    (void)asp_fail(error, ASP_UNSAFE,
                   "the app passwords of this machine are in a database, as %s/" STORE_ID_FILE
                   " says, and asp.conf names none",
                   store->path);
    return asp_advise(
        error, ASP_UNSAFE,
        "mend asp.conf; or, where they are to be in files from now on, remove %s/" STORE_ID_FILE
        ": see asp-store(7)",
        store->path);
}

bool asp_files_has_moved(const struct asp_store *store, struct asp_error *error)
{
    struct asp_moved moved;
    struct stat st;

    if (fstatat(store->own.fd, MOVED_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return false;
        (void)asp_fail_errno(error, "%s/" MOVED_FILE " cannot be looked for", store->path);
        return true;
    }
    (void)asp_files_read_moved(store, &moved, NULL);
    if (moved.how == ASP_MOVING_TO || moved.how == ASP_MOVING_FROM) {
        (void)asp_fail(error, ASP_IO,
                       "the app passwords of %s are being copied %s the database %.*s", store->path,
                       moved.how == ASP_MOVING_TO ? "to" : "from", ID_SHORT, moved.store);
        (void)asp_advise(error, ASP_IO, "where that was stopped: asp-admin store copy %s",
                         moved.how == ASP_MOVING_TO ? "files database" : "database files");
    } else {
        (void)asp_fail(error, ASP_IO, "the app passwords of %s have moved to the database %.*s",
                       store->path, ID_SHORT, moved.store);
        (void)asp_advise(error, ASP_IO, "name that in asp.conf: see asp-store(7)");
    }
    return true;
}
