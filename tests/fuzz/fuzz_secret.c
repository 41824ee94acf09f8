/* What was typed for an app password. */
#include "fuzz.h"

#include "asp/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct asp_secret nothing;
    struct asp_secret secret;
    struct asp_secret again;
    char shown[ASP_SECRET_SHOWN + 1];

    if (!asp_secret_read((const char *)data, size, &secret)) {
        FUZZ_NEED(memcmp(&secret, &nothing, sizeof secret) == 0);
        return 0;
    }
    FUZZ_NEED(size <= ASP_SECRET_TYPED_MAX && asp_id_valid(secret.id));
    FUZZ_NEED(strspn(secret.key, ASP_ALPHABET) == ASP_KEY_CHARS);
    asp_secret_show(&secret, shown);
    FUZZ_NEED(asp_secret_read(shown, strlen(shown), &again));
    FUZZ_NEED(memcmp(&secret, &again, sizeof secret) == 0);
    return 0;
}
