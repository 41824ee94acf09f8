/* The lines of a text, as it comes. */
#include "line_reader.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_ROOM = 4096,
    BEHIND = 3, /* CR, the first byte too many, and a NUL of ours */
};

/* Twice the room, in a new place: what it held is wiped. */
static bool grow(struct line_reader *reader)
{
    const size_t most = reader->max + BEHIND;
    size_t size = reader->size == 0 ? FIRST_ROOM : 2 * reader->size;
    char *grown;

    size = size < most ? size : most;
    grown = malloc(size);
    if (grown == NULL)
        return false;
    if (reader->size > 0) {
        memcpy(grown, reader->room, reader->end);
        sodium_memzero(reader->room, reader->size);
    }
    free(reader->room);
    reader->room = grown;
    reader->size = size;
    return true;
}

/* Reads more behind what is there. False with errno. */
static bool fill(struct line_reader *reader)
{
    ssize_t got;

    if (reader->begin > 0) {
        memmove(reader->room, reader->room + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    if (reader->end + 1 >= reader->size && !grow(reader))
        return false;
    do {
        got = read(reader->from, reader->room + reader->end, reader->size - 1 - reader->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return false;
    reader->end += (size_t)got;
    reader->at_end = got == 0;
    return true;
}

/* Looks for the end of the line that begins the room. False with errno. */
static bool find_end(struct line_reader *reader, bool *passed_over, char **newline)
{
    size_t seen = 0;

    for (;;) {
        size_t there = reader->end - reader->begin;

        *newline =
            there == seen ? NULL : memchr(reader->room + reader->begin + seen, '\n', there - seen);
        if (*newline != NULL || reader->at_end)
            return true;
        seen = there;
        if (there > reader->max + 1) {
            *passed_over = true;
            reader->end = reader->begin = seen = 0;
        }
        if (!fill(reader))
            return false;
    }
}

enum line_read line_reader_next(struct line_reader *reader, char **line, size_t *length)
{
    bool passed_over = false;
    char *newline;

    if (!find_end(reader, &passed_over, &newline))
        return LINES_FAILED;
    if (newline == NULL && reader->begin == reader->end && !passed_over)
        return LINES_END;
    reader->number++;
    *line = reader->room + reader->begin;
    *length = newline != NULL ? (size_t)(newline - *line) : reader->end - reader->begin;
    reader->begin += *length + (newline != NULL);
    if (*length > 0 && (*line)[*length - 1] == '\r')
        --*length;
    (*line)[*length] = '\0';
    if (passed_over || *length > reader->max)
        return LINE_TOO_LONG;
    return memchr(*line, '\0', *length) != NULL ? LINE_HAS_NUL : LINE_WHOLE;
}

void line_reader_close(struct line_reader *reader)
{
    if (reader->room != NULL)
        sodium_memzero(reader->room, reader->size);
    free(reader->room);
    *reader = (struct line_reader){.from = -1};
}
