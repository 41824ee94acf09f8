/* By what a machine is let in: read, or opened for another process to read. */
#include "credentials.h"

#include "way_file.h"

#include "asp/safeio.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1024 * 1024 };

_Static_assert((int)PGSQL_CREDENTIALS == (int)PGSQL_WAY_FILES, "each has its place");

static enum asp_status read_password(const struct asp_database *database, const char *role,
                                     struct pgsql_credentials *credentials, struct asp_error *error)
{
    return database->passfile[0] == '\0'
               ? ASP_OK
               : pgsql_password_read(database->passfile, role, credentials->password, error);
}

enum asp_status pgsql_credentials_read(const struct asp_database *database, const char *role,
                                       struct pgsql_credentials *credentials,
                                       struct asp_error *error)
{
    struct pgsql_way_file files[PGSQL_WAY_FILES];
    const size_t count = pgsql_way_files(database, files);
    enum asp_status status = ASP_OK;

    *credentials = PGSQL_NO_CREDENTIALS;
    for (size_t i = 0; status == ASP_OK && i < count; i++)
        status = pgsql_way_file_check(&files[i], error);
    return status == ASP_OK ? read_password(database, role, credentials, error) : status;
}

enum asp_status pgsql_credentials_open(const struct asp_database *database, const char *role,
                                       struct pgsql_credentials *credentials,
                                       struct asp_error *error)
{
    struct pgsql_way_file files[PGSQL_WAY_FILES];
    const size_t count = pgsql_way_files(database, files);
    struct stat st;
    enum asp_status status = ASP_OK;

    *credentials = PGSQL_NO_CREDENTIALS;
    for (size_t i = 0; status == ASP_OK && i < count; i++)
        status = pgsql_way_file_open(&files[i], &credentials->files[i], &st, error);
    return status == ASP_OK ? read_password(database, role, credentials, error) : status;
}

void pgsql_credentials_close(struct pgsql_credentials *credentials)
{
    for (size_t i = 0; i < PGSQL_CREDENTIALS; i++) {
        asp_close(credentials->files[i]);
        credentials->files[i] = -1;
    }
    sodium_memzero(credentials->password, sizeof credentials->password);
}

/* libpq refuses a key whose owner is neither root nor this process, or that others can read. */
static enum asp_status copy(int from, int to, const char *name, struct asp_error *error)
{
    struct stat st;
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum asp_status status = ASP_OK;

    if (to < 0 || fchmod(to, S_IRUSR | S_IWUSR) != 0 || fstat(from, &st) != 0)
        status = asp_fail_errno(error, "%s cannot be copied", name);
    if (status == ASP_OK)
        status = asp_file_read(from, NULL, name, &st, FILE_BYTES_MAX, &bytes, &length, error);
    if (status == ASP_OK && (!asp_file_may_reach(length) || !asp_write_all(to, bytes, length)))
        status = asp_fail_errno(error, "%s cannot be copied", name);
    if (bytes != NULL)
        sodium_memzero(bytes, length);
    free(bytes);
    return status;
}

enum asp_status pgsql_copies_make(const struct pgsql_credentials *credentials,
                                  struct pgsql_copies *copies, struct asp_error *error)
{
    static const char *const names[] = {
        [PGSQL_CA] = "database.ca", [PGSQL_CERT] = "database.cert", [PGSQL_KEY] = "database.key"};
    enum asp_status status = ASP_OK;

    *copies = PGSQL_NO_COPIES;
    for (size_t i = 0; status == ASP_OK && i < PGSQL_CREDENTIALS; i++) {
        if (credentials->files[i] < 0)
            continue;
        copies->files[i] = memfd_create(names[i], MFD_CLOEXEC);
        status = copy(credentials->files[i], copies->files[i], names[i], error);
        (void)snprintf(copies->paths[i], sizeof copies->paths[i], "/proc/self/fd/%d",
                       copies->files[i]);
    }
    return status;
}

void pgsql_copies_close(struct pgsql_copies *copies)
{
    for (size_t i = 0; i < PGSQL_CREDENTIALS; i++) {
        asp_close(copies->files[i]);
        copies->files[i] = -1;
    }
}
