/*
 * Tables and times, as a person sees them.
 */
#ifndef ASP_ADMIN_UI_TABLE_H
#define ASP_ADMIN_UI_TABLE_H

#include "console.h"

#include "asp/buffer.h"

#include <stddef.h>
#include <time.h>

enum { TABLE_COLUMNS = 8 };

struct table_row {
    char *cells[TABLE_COLUMNS];
    bool is_empty[TABLE_COLUMNS]; /* and shown as a dash, which a person may have written too */
    char *below;                  /* what is said of the row as a whole; NULL: nothing */
};

/* A table that is laid out when it is written. Begins as {0}. */
struct table {
    struct table_row *rows;
    size_t count;
    size_t room;
    size_t columns;
    size_t hangs; /* the number of a column, from 1, whose long cells may have a line to themselves,
                     for the words in it are long ones; 0: none */
    bool failed;
};

/* How wide the columns of a table are, and what was written of it. Begins as {0}. */
struct table_layout {
    size_t width; /* of the terminal; 0: the answer goes to none */
    size_t columns[TABLE_COLUMNS];
    size_t least[TABLE_COLUMNS]; /* with its longest word on one line */
    size_t total;                /* with the gutters */
    size_t hangs;                /* as the table has it; 0: no cell has to */
    bool is_laid;                /* the columns are as wide as they will be */
    bool in_blocks;              /* they do not fit */
    size_t written;              /* rows */
};

/* Adds a row of `columns` texts, which are copied; an empty one is shown as a dash, and NULL is
 * one that had no memory, and then the table has none. Every row of a table has the same number;
 * the first is the heading. */
void table_add(struct table *table, size_t columns, const char *const cells[]);

/* Adds a text to the row that was added last, a name for such texts where that is the heading. It
 * is for a person, and so it is shown on a terminal alone: below the row. NULL is a text that had
 * no memory. */
void table_add_below(struct table *table, const char *text);

/* The text of a cell, which may be empty; NULL where it had no memory. */
const char *table_cell(const struct asp_buffer *text);

/*
 * Writes the rows under the heading, each a line. On a terminal that is too narrow for that, words
 * go onto further lines of their columns, and, where that does not do, what is long in the column
 * that hangs ends its line, with the cells behind it below; where even that does not do, each row
 * is a block, of lines with the name of a column and what is in it, but for what is empty.
 */
void table_write(const struct table *table, const struct console *console, struct asp_buffer *out);

/*
 * The same of a table that is never whole, for it has very many rows: all of them are measured,
 * some at a time, and then written, as many at a time under the same heading.
 */
void table_measure(const struct table *table, struct table_layout *layout);
void table_write_more(const struct table *table, struct table_layout *layout,
                      const struct console *console, struct asp_buffer *out);

/* Frees the rows, but for the heading. */
void table_drop_rows(struct table *table);

void table_free(struct table *table);

/* On a terminal "3 hours ago", else RFC 3339; ASP_NEVER is `unset`. Adds it to `out`. */
void add_when(const struct console *console, struct asp_buffer *out, time_t now, time_t when,
              const char *unset);

#endif
