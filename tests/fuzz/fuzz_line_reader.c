/* The lines of standard input, as they come in pieces of a pipe: what they are is held against a
 * look at the whole text. */
#include "fuzz.h"

#include "asp-admin/ui/line_reader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHORT = 7, LONG = 5000 };

static int file = -1;

/* The next line of the text, without its end. */
static const uint8_t *take(const uint8_t **at, const uint8_t *end, size_t *length)
{
    const uint8_t *line = *at;
    const uint8_t *stop = memchr(line, '\n', (size_t)(end - line));

    *length = (size_t)((stop == NULL ? end : stop) - line);
    *at = stop == NULL ? end : stop + 1;
    if (*length > 0 && line[*length - 1] == '\r')
        --*length;
    return line;
}

static void read_all(const uint8_t *data, size_t size, size_t max)
{
    struct line_reader reader = {.from = file, .max = max};
    const uint8_t *at = data;
    enum line_read read;
    unsigned long number = 0;
    size_t found;
    char *line;

    FUZZ_NEED(lseek(file, 0, SEEK_SET) == 0);
    while ((read = line_reader_next(&reader, &line, &found)) < LINES_END) {
        const uint8_t *expected;
        size_t length;

        FUZZ_NEED(at < data + size && reader.number == ++number);
        expected = take(&at, data + size, &length);
        FUZZ_NEED((read == LINE_TOO_LONG) == (length > max));
        if (read == LINE_TOO_LONG)
            continue;
        FUZZ_NEED(found == length && line[found] == '\0' && memcmp(line, expected, length) == 0);
        FUZZ_NEED((read == LINE_HAS_NUL) == (length > 0 && memchr(expected, 0, length) != NULL));
    }
    FUZZ_NEED(read == LINES_END && at == data + size);
    line_reader_close(&reader);
    FUZZ_NEED(reader.room == NULL && reader.from == -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line_reader broken = {.from = -1, .max = SHORT};
    size_t length;
    char *line;

    if (file < 0)
        file = memfd_create("lines", MFD_CLOEXEC);
    FUZZ_NEED(file >= 0 && ftruncate(file, 0) == 0);
    FUZZ_NEED(pwrite(file, data, size, 0) == (ssize_t)size);
    if (size > 0) {
        read_all(data, size, SHORT);
        read_all(data, size, LONG);
    }
    FUZZ_NEED(line_reader_next(&broken, &line, &length) == LINES_FAILED);
    line_reader_close(&broken);
    return 0;
}
