/* A line of create --batch: what is taken of it, with tabs between, is the line. */
#include "fuzz.h"

/* For read_fields, whose lines come from standard input alone. */
#include "asp-admin/commands/create_batch.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = fuzz_text(data, size);
    char *whole = strdup(line);
    struct options options = {.app = NULL};
    struct asp_buffer again = {0};
    char *arguments[1] = {NULL};
    const bool read = read_fields(line, arguments, &options);
    size_t tabs = 0;

    FUZZ_NEED(whole != NULL);
    for (const char *at = whole; *at != '\0'; at++)
        tabs += *at == '\t';
    FUZZ_NEED(read == (tabs == 1 || tabs == 2));
    FUZZ_NEED(arguments[0] == line && options.argument_count == 1);
    if (read) {
        asp_buffer_add(&again, arguments[0]);
        asp_buffer_add(&again, "\t");
        asp_buffer_add(&again, options.label);
        if (tabs == 2)
            asp_buffer_add(&again, "\t");
        asp_buffer_add(&again, options.app != NULL ? options.app : "");
        FUZZ_NEED(!again.failed && strcmp(again.text, whole) == 0);
        FUZZ_NEED(options.app == NULL || options.app[0] != '\0');
    }
    asp_buffer_free(&again);
    free(whole);
    free(line);
    return 0;
}
