/* The file of the database's passwords. */
#include "passfile.h"

#include "asp/safeio.h"

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PASSFILE_BYTES_MAX = 64 * 1024 };

/* True when the line, which ends before `end`, is of this role; then where its password begins. */
static bool is_of(const char *line, const char *end, const char *role, const char **password)
{
    size_t length = strlen(role);

    if ((size_t)(end - line) <= length || memcmp(line, role, length) != 0 || line[length] != '\t')
        return false;
    *password = line + length + 1;
    return true;
}

/* What no server can have been told, and what the end of a line of other systems would add. */
static bool is_password(const char *password, const char *end)
{
    if (password == end || end - password > PGSQL_PASSWORD_MAX)
        return false;
    for (const char *at = password; at < end; at++) {
        if ((unsigned char)*at < ' ')
            return false;
    }
    return true;
}

static enum asp_status find(const char *path, const char *text, size_t length, const char *role,
                            char password[PGSQL_PASSWORD_MAX + 1], struct asp_error *error)
{
    const char *end;
    size_t number = 1;

    for (const char *line = text; line < text + length; line = end + 1, number++) {
        const char *found;

        end = memchr(line, '\n', (size_t)(text + length - line));
        if (end == NULL)
            end = text + length;
        if (!is_of(line, end, role, &found))
            continue;
        if (!is_password(found, end))
            return asp_fail(error, ASP_IO,
                            "%s:%zu: a password has 1 to %d bytes, and no control characters", path,
                            number, PGSQL_PASSWORD_MAX);
        memcpy(password, found, (size_t)(end - found));
        password[end - found] = '\0';
        return ASP_OK;
    }
    return asp_fail(error, ASP_IO, "%s has no line of the role %s", path, role);
}

enum asp_status pgsql_password_read(const char *path, const char *role,
                                    char password[PGSQL_PASSWORD_MAX + 1], struct asp_error *error)
{
    struct stat st;
    uint8_t *bytes = NULL;
    size_t length = 0;
    int fd = -1;
    enum asp_status status = asp_path_open(path, &fd, &st, error);

    if (status == ASP_OK && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        status = asp_fail(error, ASP_UNSAFE, "%s can be read by others than its owner (mode %04o)",
                          path, (unsigned)(st.st_mode & 07777));
        (void)asp_advise(error, status, "chmod 600 it, and give the roles other passwords");
    }
    if (status == ASP_OK)
        status = asp_file_read(fd, &st, PASSFILE_BYTES_MAX, &bytes, &length, error);
    if (status == ASP_OK)
        status = find(path, (const char *)bytes, length, role, password, error);
    if (bytes != NULL)
        sodium_memzero(bytes, length);
    free(bytes);
    asp_close(fd);
    /* It is not an account that is not there. */
    if (status == ASP_NOT_FOUND) {
        status = ASP_IO;
        if (error != NULL)
            error->status = status;
    }
    return status;
}
