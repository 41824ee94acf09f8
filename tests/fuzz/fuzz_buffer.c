/* Labels, hosts, and what a log line makes of them. */
#include "fuzz.h"

#include "asp/buffer.h"
#include "asp/label.h"
#include "asp/network.h"

static void log_value(const char *text)
{
    struct asp_buffer out = {0};

    asp_buffer_add_logged(&out, text);
    for (size_t i = 0; i < out.length; i++)
        FUZZ_NEED(out.text[i] >= 0x20 && out.text[i] <= 0x7e);
    FUZZ_NEED(out.length >= 2 && strchr(out.text + 1, '"') == out.text + out.length - 1);
    asp_buffer_free(&out);
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
    if (asp_host_valid(text))
        FUZZ_NEED(strlen(text) <= ASP_HOST_MAX && strpbrk(text, " \"\\\n=") == NULL);
    log_value(text);
    free(text);
    return 0;
}
