/* Times and lengths of time. */
#include "fuzz.h"

#include "asp/time_text.h"

/* It is what libc writes of it, and is read as the same. */
static void need_text(time_t when, time_t now)
{
    char text[ASP_TIME_SIZE];
    char of_libc[ASP_TIME_SIZE];
    struct tm parts;
    time_t again;

    if (when == ASP_NEVER)
        return;
    asp_time_format(when, text);
    FUZZ_NEED(gmtime_r(&when, &parts) != NULL);
    FUZZ_NEED(strftime(of_libc, sizeof of_libc, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0);
    FUZZ_NEED(strcmp(text, of_libc) == 0);
    FUZZ_NEED(asp_when_read(text, now, &again) && again == when);
    FUZZ_NEED(asp_time_read(text, &again) && again == when);
}

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
    if (asp_when_read(text, now, &when)) {
        FUZZ_NEED(when == ASP_NEVER || (when >= 0 && when <= ASP_TIME_MAX));
        need_text(when, now);
    }
    if (!asp_since_read(text, now, &when))
        FUZZ_NEED(asp_when_fault(text) == NULL || strchr("itnd", asp_when_fault(text)[0]) != NULL);
    else
        FUZZ_NEED(when >= 0 && when <= ASP_TIME_MAX);
    free(text);
    return 0;
}
