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

/* A table that is aligned when it is written. Begins as {0}. */
struct table {
    char *(*rows)[TABLE_COLUMNS];
    size_t count;
    size_t room;
    size_t columns;
    bool failed;
};

/* Adds a row of `columns` texts, which are copied; NULL is one that had no memory, and then the
 * table has none. Every row of a table has the same number. */
void table_add(struct table *table, size_t columns, const char *const cells[]);

/* The text of a cell, a dash where it is empty, NULL where it had no memory. */
const char *table_cell(const struct asp_buffer *text);

/* Writes the rows under the first one, which is the heading. */
void table_write(const struct table *table, const struct console *console, struct asp_buffer *out);

void table_free(struct table *table);

/* On a terminal "3 hours ago", else RFC 3339; ASP_NEVER is `unset`. Adds it to `out`. */
void add_when(const struct console *console, struct asp_buffer *out, time_t now, time_t when,
              const char *unset);

#endif
