/* What another has opened, as files of this process. */
#include "unit.h"

#include "asp/pgsql/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { MIB = 1024 * 1024 };

static struct asp_error error;

/* Where there is one of them, of so many bytes. */
static enum asp_status copy(enum pgsql_credential which, off_t length)
{
    const char *path = unit_path(unit_folder(), "file");
    struct pgsql_credentials credentials = PGSQL_NO_CREDENTIALS;
    struct pgsql_copies copies;
    enum asp_status status;

    credentials.files[which] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_eq(ftruncate(credentials.files[which], length), 0);
    error = (struct asp_error){0};
    status = pgsql_copies_make(&credentials, &copies, &error);
    for (size_t i = 0; i < PGSQL_CREDENTIALS; i++)
        ck_assert(status != ASP_OK || (copies.files[i] >= 0) == (i == which));
    pgsql_copies_close(&copies);
    pgsql_credentials_close(&credentials);
    return status;
}

/* A path is not known here: it is that of who has opened it. */
START_TEST(what_cannot_be_copied_is_named_as_in_the_configuration)
{
    static const char *const keys[] = {
        [PGSQL_CA] = "database.ca", [PGSQL_CERT] = "database.cert", [PGSQL_KEY] = "database.key"};
    static const struct unit_plan broken = {.call = "read", .first = 1, .number = EIO};
    static const struct unit_plan full = {.call = "write", .first = 1, .number = ENOSPC};
    char expected[ASP_ERROR_TEXT];

    for (enum pgsql_credential i = PGSQL_CA; i < PGSQL_CREDENTIALS; i++) {
        ck_assert_int_eq(copy(i, MIB), ASP_OK);
        ck_assert_int_eq(copy(i, MIB + 1), ASP_CORRUPT);
        (void)snprintf(expected, sizeof expected, "%s has 1048577 bytes, and may have 1048576",
                       keys[i]);
        ck_assert_str_eq(error.text, expected);
        unit_calls_begin(&broken);
        (void)copy(i, 1);
        ck_assert(unit_calls_end());
        (void)snprintf(expected, sizeof expected, "%s cannot be read: Input/output error", keys[i]);
        ck_assert_str_eq(error.text, expected);
        unit_calls_begin(&full);
        (void)copy(i, 1);
        ck_assert(unit_calls_end());
        (void)snprintf(expected, sizeof expected, "%s cannot be copied: No space left on device",
                       keys[i]);
        ck_assert_str_eq(error.text, expected);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_cannot_be_copied_is_named_as_in_the_configuration);
}

int main(void)
{
    return unit_run("pgsql_credentials", fill);
}
