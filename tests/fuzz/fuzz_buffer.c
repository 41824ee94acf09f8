/* What a log line makes of a value. */
#include "fuzz.h"

#include "asp/buffer.h"
#include "asp/redact.h"

static void log_value(const char *text)
{
    struct asp_buffer out = {0};

    asp_buffer_add_logged(&out, text);
    for (size_t i = 0; i < out.length; i++)
        FUZZ_NEED(out.text[i] >= 0x20 && out.text[i] <= 0x7e);
    if (asp_redact_needed(text))
        FUZZ_NEED(strcmp(out.text, "-") == 0);
    else
        FUZZ_NEED(out.length >= 2 && strchr(out.text + 1, '"') == out.text + out.length - 1);
    asp_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    log_value(text);
    free(text);
    return 0;
}
