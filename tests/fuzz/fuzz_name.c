/* Names of users, of their files, of services. */
#include "fuzz.h"

#include "asp/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char file[ASP_USER_FILE + 1];
    char user[ASP_USER_MAX + 1];
    char again[ASP_USER_FILE + 1];

    if (asp_user_encode(text, file)) {
        FUZZ_NEED(file[0] != '.' && file[0] != '-' && strchr(file, '/') == NULL);
        FUZZ_NEED(asp_user_is_digest(file)
                      ? strlen(text) > 66
                      : asp_user_decode(file, user) && strcmp(user, text) == 0);
    }
    FUZZ_NEED(asp_user_fault(text) != NULL || asp_user_encode(text, file));
    if (asp_user_decode(text, user))
        FUZZ_NEED(!asp_user_is_digest(text) && asp_user_encode(user, again) &&
                  strcmp(again, text) == 0);
    if (asp_service_valid(text))
        FUZZ_NEED(strlen(text) <= ASP_SERVICE_MAX && asp_service_equal(text, text));
    free(text);
    return 0;
}
