/* Times and lengths of time. */
#include "fuzz.h"

#include "asp/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const time_t now = 1700000000;
    char *text = fuzz_text(data, size);
    char again[ASP_TIME_SIZE];
    time_t when = 0;

    if (asp_time_read(text, &when)) {
        FUZZ_NEED(when >= 0 && when <= ASP_TIME_MAX);
        asp_time_format(when, again);
        FUZZ_NEED(strncmp(again, text, ASP_TIME_SIZE - 1) == 0);
    }
    if (asp_duration_read(text, &when))
        FUZZ_NEED(when == ASP_NEVER || (when >= 1 && when <= ASP_DURATION_MAX));
    if (asp_when_read(text, now, &when))
        FUZZ_NEED(when == ASP_NEVER || (when >= 0 && when <= ASP_TIME_MAX));
    free(text);
    return 0;
}
