/* An app password in what others wrote: none is left, and nothing is lost where there is none. */
#include "fuzz.h"

#include "asp/redact.h"

/* With letters that are no hexadecimal digits in each group, so that it is no UUID's. */
static const char *const shapes[] = {
    "7km4q-x8w2r-tz5np-v6hdj-3csyb",
    "7KM4QX8W2RTZ5NPV6HDJ3CSYB",
    "7km4q x8w2r tz5np v6hdj 3csyb",
};

static void redact(const char *given)
{
    char *text = strdup(given);
    bool needed = asp_redact_needed(given);

    if (text == NULL)
        abort();
    asp_redact(text);
    FUZZ_NEED(strlen(text) <= strlen(given));
    FUZZ_NEED(!asp_redact_needed(text));
    FUZZ_NEED(needed == (strcmp(text, given) != 0));
    free(text);
}

/* Whatever is around it. */
static void insert(const char *text, size_t at, const char *shape)
{
    size_t size = strlen(text) + strlen(shape) + 1;
    char *with = malloc(size);

    if (with == NULL)
        abort();
    (void)snprintf(with, size, "%.*s%s%s", (int)at, text, shape, text + at);
    FUZZ_NEED(asp_redact_needed(with));
    asp_redact(with);
    FUZZ_NEED(strstr(with, shape) == NULL);
    free(with);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    size_t length = strlen(text);

    redact(text);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        insert(text, length == 0 ? 0 : data[0] % length, shapes[i]);
    FUZZ_NEED(asp_redact_cut(text, length) <= length);
    free(text);
    return 0;
}
