/*
 * Texts as wide as the terminal that they are written to: they are broken between words, and never
 * inside one. Every text here is visible already: see asp_buffer_add_visible.
 */
#ifndef ASP_ADMIN_UI_WRAP_H
#define ASP_ADMIN_UI_WRAP_H

#include "asp/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* The place of a text, in columns of the terminal. */
struct wrap {
    size_t width;  /* of a whole line; 0: nothing is broken */
    size_t at;     /* where the text begins: what stands before it on its first line */
    size_t indent; /* where its other lines begin */
    bool others;   /* others wrote it: what looks like a command in it is words like any */
    bool lines;    /* what stands in backquotes and has blanks in it is a line to copy */
    bool usage;    /* it is the line of a command in a help: an option keeps its VALUE, and what
                      stands in brackets stays together as far as a line holds it */
};

/* The columns of the terminal at `fd`; 0: it is none, does not say, or has so few that breaking
 * would not help. */
size_t wrap_width_of(int fd);

/* How many columns a text takes, as wcwidth has it: two for a wide character, none for a mark that
 * is put on the one before. */
size_t wrap_columns(const char *text);

/* The columns of its longest word. */
size_t wrap_longest_word(const char *text);

/*
 * Adds `text`, without an end of line behind it; the ends of lines in it are kept. What is longer
 * than a line stands on a line of its own, whole. A command to copy (asp-admin and some of the
 * system's, up to a comma, semicolon, colon or bracket or to the end) is whole too; where the text
 * takes more than one line, one of asp-admin that it announces by a colon has a line to itself. So
 * has then each line to copy, further in, without its backquotes and a comma behind them.
 */
void wrap_add(struct asp_buffer *out, const struct wrap *wrap, const char *text);

/* Where a line begins whose first word needs that many columns: at the indent, or to the left of it
 * where it would not go onto the line there. */
size_t wrap_indent(const struct wrap *wrap, size_t columns);

/* Adds `count` spaces. */
void wrap_add_spaces(struct asp_buffer *out, size_t count);

#endif
