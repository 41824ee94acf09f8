/* Labels, and the characters that they are made of: what is UTF-8 is what jansson takes for it. */
#include "fuzz.h"

#include "asp-admin/ui/json.h"
#include "asp/label.h"

static void compare_text(const char *text)
{
    json_t *value = json_string(text);

    FUZZ_NEED((value != NULL) == json_takes_text(text));
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    if (asp_label_valid(text)) {
        FUZZ_NEED(strlen(text) < ASP_LABEL_SIZE);
        for (const char *at = text; *at != '\0';) {
            unsigned long value = 0;
            size_t length = asp_utf8_next(at, &value);

            FUZZ_NEED(length > 0 && !asp_is_control(value));
            at += length;
        }
    }
    compare_text(text);
    free(text);
    return 0;
}
