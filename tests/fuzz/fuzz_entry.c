/* One line of an account. */
#include "fuzz.h"

#include "asp/buffer.h"
#include "asp/entry.h"
#include "asp/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = fuzz_text(data, size);
    struct asp_entry entry;
    struct asp_buffer out = {0};

    /* There is one text for a record. */
    if (asp_entry_read(line, size, &entry) == ASP_OK) {
        FUZZ_NEED(asp_entry_fault(&entry) == NULL);
        asp_entry_write(&entry, &out);
        FUZZ_NEED(out.length == size + 1 && memcmp(out.text, line, size) == 0);
        (void)asp_entry_state(&entry, ASP_NEVER, 0);
    }
    asp_buffer_free(&out);
    free(line);
    return 0;
}
