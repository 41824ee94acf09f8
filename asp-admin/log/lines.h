/*
 * Bytes as they come, handed on line by line.
 */
#ifndef ASP_ADMIN_LOG_LINES_H
#define ASP_ADMIN_LOG_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { LINES_ROOM = 65536 };

/* Begins with `take` and `context`, the rest 0. A line that is longer than the room is none of
 * ours, and passed over. */
struct lines {
    /* Gets a line without its end, in memory that it may change, with a NUL behind it. False: no
     * more. */
    bool (*take)(void *context, char *line, size_t length);
    void *context;
    size_t length;
    bool too_long;
    char bytes[LINES_ROOM];
};

/* False when `take` wants no more. */
bool lines_add(struct lines *lines, const char *bytes, size_t length);

/* Hands on what is left, a last line without an end. */
bool lines_end(struct lines *lines);

#endif
