/* synchronous_standby_names as somebody has set it, and behind a NUL who is there. */
#include "fuzz.h"

#include "asp-admin/database/standbys.h"

/* Where each who is there is named, as PostgreSQL writes a name, all that are there are in the
 * list. It cuts a name to 63 bytes. */
static void name_all(const char *followers)
{
    const size_t size = 3 * strlen(followers) + 32;
    char *list = malloc(size);
    struct database_standbys standbys;
    char *to = list;
    size_t lines = 0;

    FUZZ_NEED(list != NULL);
    to = stpcpy(to, "ANY 2 (");
    for (const char *at = followers; *at != '\0'; lines++) {
        const size_t length = strcspn(at, "\n");

        if (length == 0 || length > 63 || memchr(at, '*', length) != NULL) {
            free(list);
            return;
        }
        to = stpcpy(to, lines == 0 ? "\"" : ",\"");
        for (size_t i = 0; i < length; i++) {
            *to++ = at[i];
            if (at[i] == '"')
                *to++ = '"';
        }
        *to++ = '"';
        at += length + (at[length] != '\0');
    }
    (void)strcpy(to, ")");
    database_standbys_read(list, followers, &standbys);
    FUZZ_NEED(standbys.needed == 2 && standbys.listed == lines);
    FUZZ_NEED(standbys.followers == lines && standbys.connected == lines);
    free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    const size_t length = strlen(text);
    const char *followers = length < size ? text + length + 1 : "";
    struct database_standbys standbys;
    size_t lines = followers[0] != '\0';

    for (const char *at = followers; *at != '\0'; at++)
        lines += at[0] == '\n' && at[1] != '\0';
    database_standbys_read(text, followers, &standbys);
    FUZZ_NEED(standbys.followers == lines);
    FUZZ_NEED(standbys.connected <= standbys.followers);
    FUZZ_NEED(standbys.listed <= size || standbys.listed == DATABASE_STANDBYS_ANY);
    FUZZ_NEED(standbys.listed > 0 || standbys.connected == 0);
    name_all(followers);
    free(text);
    return 0;
}
