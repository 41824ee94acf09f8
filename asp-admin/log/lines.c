/* Bytes as they come, handed on line by line. */
#include "lines.h"

#include <string.h>

static void keep(struct lines *lines, const char *bytes, size_t length)
{
    if (lines->too_long || length >= sizeof lines->bytes - lines->length) {
        lines->too_long = true;
        return;
    }
    memcpy(lines->bytes + lines->length, bytes, length);
    lines->length += length;
}

bool lines_end(struct lines *lines)
{
    const size_t length = lines->length;
    const bool is_line = !lines->too_long && length > 0;

    lines->bytes[length] = '\0';
    lines->length = 0;
    lines->too_long = false;
    return !is_line || lines->take(lines->context, lines->bytes, length);
}

bool lines_add(struct lines *lines, const char *bytes, size_t length)
{
    const char *end;

    while (length > 0 && (end = memchr(bytes, '\n', length)) != NULL) {
        const size_t piece = (size_t)(end - bytes);

        keep(lines, bytes, piece);
        if (!lines_end(lines))
            return false;
        bytes += piece + 1;
        length -= piece + 1;
    }
    keep(lines, bytes, length);
    return true;
}
