/*
 * Names of temporary files in the store: what is taken for one is removed, so that nothing else may
 * be, and each that an update makes of an account's name must be.
 */
#include "fuzz.h"

#include "asp/name.h"
#include "asp/store_files_temp.h"

#define NONCE "0123456789abcdef"

/* `.NAME.` or `.NAME.~`, and the digits. Returns how long the name is; 0: it is none. */
static size_t name_length(const char *file)
{
    const size_t length = strlen(file);
    const char *nonce;

    if (length < ASP_NONCE_DIGITS + 3 || file[0] != '.')
        return 0;
    nonce = file + length - ASP_NONCE_DIGITS;
    for (size_t i = 0; i < ASP_NONCE_DIGITS; i++) {
        if ((nonce[i] < '0' || nonce[i] > '9') && (nonce[i] < 'a' || nonce[i] > 'f'))
            return 0;
    }
    if (nonce[-1] == '~')
        nonce--;
    return nonce[-1] == '.' && nonce - 1 > file ? (size_t)(nonce - 1 - file - 1) : 0;
}

static bool is_of_account(const char *name)
{
    char user[ASP_USER_MAX + 1];

    return asp_user_is_digest(name) || asp_user_decode(name, user);
}

static void look_at(const char *file)
{
    const size_t length = name_length(file);
    char expected[ASP_USER_FILE + 1] = "";
    char name[ASP_USER_FILE + 1];
    const bool is_temp = asp_files_is_temp(file, name);

    if (length > 0 && length <= ASP_USER_FILE)
        memcpy(expected, file + 1, length);
    FUZZ_NEED(is_temp == (expected[0] != '\0' && is_of_account(expected)));
    FUZZ_NEED(!is_temp || strcmp(name, expected) == 0);
}

/* The two that an update makes of a user's name. */
static void name_of(const char *user)
{
    struct asp_store_held held = {.fd = -1};
    char encoded[ASP_USER_ENCODED + 1];
    char name[ASP_USER_FILE + 1];

    if (!asp_user_encode(user, encoded))
        return;
    asp_user_file(encoded, held.name);
    asp_files_name_temp(&held, NONCE);
    FUZZ_NEED(asp_files_is_temp(held.temp, name) && strcmp(name, held.name) == 0);
    FUZZ_NEED(asp_files_is_temp(held.old, name) && strcmp(name, held.name) == 0);
    FUZZ_NEED(strcmp(held.temp, held.old) != 0);
    FUZZ_NEED(!asp_files_is_temp(held.name, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char *file = malloc(size + ASP_NONCE_DIGITS + 4);

    FUZZ_NEED(file != NULL);
    look_at(text);
    (void)sprintf(file, ".%s.%s", text, NONCE);
    look_at(file);
    (void)sprintf(file, ".%s.~%s", text, NONCE);
    look_at(file);
    name_of(text);
    free(file);
    free(text);
    return 0;
}
