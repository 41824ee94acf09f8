/* Labels, and the characters that they are made of. */
#include "fuzz.h"

#include "asp/label.h"

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
    free(text);
    return 0;
}
