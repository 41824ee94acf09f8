/* One line of an account; and a verifier, of which what a login reads is what the store takes. */
#include "fuzz.h"

#include "asp/buffer.h"
#include "asp/entry.h"
#include "asp/secret.h"
#include "asp/time_text.h"
#include "asp/verifier.h"

/* Of the schemes that are no work. The store may have one that no secret is ever right for. */
static void compare_verifier(const char *verifier)
{
    const struct asp_secret secret = {.id = "7k", .key = "m4qx8w2rtz5npv6hdj3csyb"};
    const bool valid = asp_verifier_valid(verifier);
    struct asp_cost cost;
    enum asp_status status;

    asp_verifier_cost(verifier, &cost);
    FUZZ_NEED(!asp_verifier_is_beyond_1(verifier) || cost.scheme == ASP_BLAKE2B);
    if (cost.scheme == ASP_ARGON2ID)
        return;
    status = asp_verifier_check(verifier, "alice", &secret);
    FUZZ_NEED(status == ASP_MISMATCH || status == ASP_CORRUPT);
    FUZZ_NEED(valid || status == ASP_CORRUPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = fuzz_text(data, size);
    struct asp_entry entry;
    struct asp_buffer out = {0};

    /* There is one text for a record. */
    if (asp_entry_read(line, size, &entry) == ASP_OK) {
        FUZZ_NEED(asp_entry_fault(&entry) == NULL);
        asp_entry_write(&entry, &out);
        FUZZ_NEED(out.length == size + 1 && memcmp(out.text, line, size) == 0);
        (void)asp_entry_state(&entry, ASP_NEVER, 0);
        compare_verifier(entry.verifier);
    }
    compare_verifier(line);
    asp_buffer_free(&out);
    free(line);
    return 0;
}
