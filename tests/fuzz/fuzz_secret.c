/* What was typed for an app password. */
#include "fuzz.h"

#include "asp/name.h"
#include "asp/redact.h"
#include "asp/secret.h"

/* Nothing of it reaches a log: the text that was one is known for one, and none is left in it. */
static void is_known_anywhere(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    FUZZ_NEED(asp_redact_needed(text));
    asp_redact(text);
    FUZZ_NEED(!asp_redact_needed(text));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct asp_secret nothing;
    struct asp_secret secret;
    struct asp_secret again;
    char shown[ASP_SECRET_SHOWN + 1];
    bool capitals = false;

    if (!asp_secret_read((const char *)data, size, &secret)) {
        FUZZ_NEED(memcmp(&secret, &nothing, sizeof secret) == 0);
        return 0;
    }
    FUZZ_NEED(size <= ASP_SECRET_TYPED_MAX && asp_id_valid(secret.id));
    FUZZ_NEED(strspn(secret.key, ASP_ALPHABET) == ASP_KEY_CHARS);
    for (size_t i = 0; i < size; i++)
        capitals = capitals || asp_fold((char)data[i]) != (char)data[i];
    FUZZ_NEED(secret.capitals == capitals);
    asp_secret_show(&secret, shown);
    FUZZ_NEED(asp_secret_read(shown, strlen(shown), &again));
    FUZZ_NEED(strcmp(secret.id, again.id) == 0 && strcmp(secret.key, again.key) == 0);
    FUZZ_NEED(!again.capitals);
    is_known_anywhere(data, size);
    return 0;
}
