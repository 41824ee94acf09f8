/* The text of /etc/shadow. */
#include "fuzz.h"

#include "asp/shadow.h"
#include "asp/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const users[] = {"alice", "root", "a", ""};
    struct asp_shadow shadow = {.text = fuzz_text(data, size), .length = size + 1};

    /* It ends with a line end: without one it is not read. */
    shadow.text[size] = '\n';
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        struct asp_primary_now now;

        asp_shadow_find(&shadow, users[i], "", &now);
        FUZZ_NEED(now.expires == ASP_NEVER || now.expires >= 0);
        if (now.says == ASP_SAYS_HASH) {
            FUZZ_NEED(now.hash > shadow.text);
            FUZZ_NEED(now.hash + now.length < shadow.text + shadow.length);
            FUZZ_NEED(memchr(now.hash, ':', now.length) == NULL);
            FUZZ_NEED(memchr(now.hash, '\n', now.length) == NULL);
        }
    }
    asp_shadow_free(&shadow);
    return 0;
}
