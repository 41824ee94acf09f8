/*
 * The lines of a text that is read as it comes: bounded, numbered, each with what is wrong with it.
 */
#ifndef ASP_ADMIN_UI_LINE_READER_H
#define ASP_ADMIN_UI_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as {.from = FD, .max = BYTES}. Closed with line_reader_close, which wipes it. */
struct line_reader {
    int from;             /* read here; not closed */
    size_t max;           /* bytes that a line may have, its end left out */
    unsigned long number; /* of the line that was read last, from 1 */
    char *room;           /* what was read; the rest is its own */
    size_t size;
    size_t begin;
    size_t end;
    bool at_end;
};

enum line_read {
    LINE_WHOLE,
    LINE_TOO_LONG, /* passed over to its end */
    LINE_HAS_NUL,
    LINES_END,
    LINES_FAILED, /* with errno; ENOMEM too */
};

/*
 * The next line, of `*length` bytes without its line end (LF or CR LF; the last one needs none),
 * and a NUL behind them. It is the caller's to change until the next call; only of LINE_WHOLE there
 * is one.
 */
enum line_read line_reader_next(struct line_reader *reader, char **line, size_t *length);

void line_reader_close(struct line_reader *reader);

#endif
