/* synchronous_standby_names as somebody has set it, and behind a NUL who is there. */
#include "fuzz.h"

#include "asp-admin/database/standbys.h"

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
    free(text);
    return 0;
}
