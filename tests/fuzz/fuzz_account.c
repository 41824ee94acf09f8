/* The file of an account: as it is, and with a digest that is right. */
#include "fuzz.h"

#include "asp/account_file.h"
#include "asp/buffer.h"
#include "asp/checksum.h"

/* For some ids: what reading one entry gives is what reading all gives for it, or for the last
 * where there is none. */
static void read_each(const uint8_t *bytes, size_t length, const struct asp_account *all)
{
    for (size_t i = 0; i <= all->count && i < 8; i++) {
        const char *id = i < all->count ? all->entries[i].id : "00";
        const struct asp_entry *expected = asp_account_find(all, id);
        struct asp_account one;

        FUZZ_NEED(asp_account_read(bytes, length, "alice", id, &one, NULL) == ASP_OK);
        if (expected == NULL && all->count > 0)
            expected = &all->entries[all->count - 1];
        FUZZ_NEED(one.count == (expected != NULL));
        if (expected != NULL)
            FUZZ_NEED(memcmp(&one.entries[0], expected, sizeof *expected) == 0);
        asp_account_free(&one);
    }
}

static void read_all(const uint8_t *bytes, size_t length)
{
    struct asp_error error = {0};
    char user[ASP_USER_MAX + 1];
    bool says = asp_account_whose(bytes, length, user);
    struct asp_account account;
    struct asp_buffer out = {0};
    enum asp_status status = asp_account_read(bytes, length, "alice", NULL, &account, &error);

    FUZZ_NEED(status == ASP_OK || status == ASP_CORRUPT || status == ASP_NEWER);
    FUZZ_NEED((status == ASP_OK) == (error.text[0] == '\0'));
    if (status != ASP_OK)
        return;
    FUZZ_NEED(says && strcmp(user, "alice") == 0);
    asp_account_write(&account, &out);
    FUZZ_NEED(out.length == length);
    /* The second version may hold nothing that needs it: then the first is written, and its digest
     * is another. */
    FUZZ_NEED(memcmp(out.text, bytes, length) == 0 || (bytes[12] == '2' && out.text[12] == '1'));
    asp_buffer_free(&out);
    read_each(bytes, length, &account);
    asp_account_free(&account);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 64);
    int length;

    if (text == NULL)
        abort();
    read_all(data, size);
    if (size > 0)
        memcpy(text, data, size);
    length =
        snprintf(text + size, 64, "digest=%016llx\n", (unsigned long long)asp_checksum(data, size));
    read_all((uint8_t *)text, size + (size_t)length);
    free(text);
    return 0;
}
