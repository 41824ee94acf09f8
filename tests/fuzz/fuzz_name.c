/* Names of users, of their files, of services. */
#include "fuzz.h"

#include "asp/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char name[ASP_USER_ENCODED + 1];
    char file[ASP_USER_FILE + 1];
    char user[ASP_USER_MAX + 1];
    char again[ASP_USER_ENCODED + 1];

    if (asp_user_encode(text, name)) {
        asp_user_file(name, file);
        FUZZ_NEED(name[0] != '.' && name[0] != '-' && strchr(name, '/') == NULL);
        FUZZ_NEED(asp_user_decode(name, user) && strcmp(user, text) == 0);
        FUZZ_NEED(asp_user_is_digest(file) ? strlen(text) > 66 : strcmp(file, name) == 0);
    }
    FUZZ_NEED(asp_user_fault(text) != NULL || asp_user_encode(text, name));
    if (asp_user_decode(text, user))
        FUZZ_NEED(!asp_user_is_digest(text) && asp_user_encode(user, again) &&
                  strcmp(again, text) == 0);
    if (asp_service_valid(text))
        FUZZ_NEED(strlen(text) <= ASP_SERVICE_MAX && asp_service_equal(text, text));
    free(text);
    return 0;
}
