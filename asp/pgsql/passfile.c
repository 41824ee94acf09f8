/* The file of the database's passwords. */
#include "passfile.h"

#include "way_file.h"

#include "asp/safeio.h"

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PASSFILE_BYTES_MAX = 64 * 1024 };

/* The sign behind this role at the beginning of the line, which ends before `end`; NULL: it is of
 * another. */
static const char *behind(const char *line, const char *end, const char *role)
{
    size_t length = strlen(role);

    return (size_t)(end - line) > length && memcmp(line, role, length) == 0 ? line + length : NULL;
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
    size_t blank = 0; /* of the last line that has one in the place of the tab */

    for (const char *line = text; line < text + length; line = end + 1, number++) {
        const char *found;

        end = memchr(line, '\n', (size_t)(text + length - line));
        if (end == NULL)
            end = text + length;
        found = behind(line, end, role);
        if (found != NULL && *found == ' ')
            blank = number;
        if (found == NULL || *found++ != '\t')
            continue;
        if (!is_password(found, end))
            return asp_fail(error, ASP_IO,
                            "%s:%zu: a password has 1 to %d bytes, and no control characters", path,
                            number, PGSQL_PASSWORD_MAX);
        memcpy(password, found, (size_t)(end - found));
        password[end - found] = '\0';
        return ASP_OK;
    }
    if (blank > 0)
        return asp_fail(error, ASP_IO,
                        "%s:%zu: a tab is wanted between the role %s and its password", path, blank,
                        role);
    return asp_fail(error, ASP_IO, "%s has no line of the role %s", path, role);
}

enum asp_status pgsql_password_read(const char *path, const char *role,
                                    char password[PGSQL_PASSWORD_MAX + 1], struct asp_error *error)
{
    const struct pgsql_way_file file = {"database.passfile", path,
                                        "give the roles other passwords"};
    struct stat st;
    uint8_t *bytes = NULL;
    size_t length = 0;
    int fd = -1;
    enum asp_status status = pgsql_way_file_open(&file, &fd, &st, error);

    if (status != ASP_OK)
        return status;
    status = asp_file_read(fd, NULL, path, &st, PASSFILE_BYTES_MAX, &bytes, &length, error);
    if (status == ASP_OK)
        status = find(path, (const char *)bytes, length, role, password, error);
    if (status != ASP_OK)
        status = pgsql_way_file_failed(&file, status, error);
    if (bytes != NULL)
        sodium_memzero(bytes, length);
    free(bytes);
    asp_close(fd);
    return status;
}
