/*
 * The answer of a command that has rows: a document for a program, or a table for a person.
 */
#ifndef ASP_ADMIN_UI_ANSWER_H
#define ASP_ADMIN_UI_ANSWER_H

#include "console.h"
#include "json.h"
#include "table.h"

#include <stdbool.h>

/*
 * With `json` writes the document (NULL is out of memory), else the table, or the line `none` when
 * it has nothing under its heading; frees both. False when it did not get there.
 */
bool answer_write(const struct console *console, bool json, json_t *document, struct table *table,
                  const char *none);

/* Rows that are so many that none is kept: each is made when it is its turn, for a table twice. */
struct answer_rows {
    size_t count;
    const void *context;
    json_t *(*document)(const void *context, size_t row); /* NULL is out of memory */
    void (*add)(const void *context, size_t row, struct table *table);
};

/* The same of those, under the heading that `table` has. Where it does not get there, a part of it
 * may be written. */
bool answer_write_rows(const struct console *console, bool json, const struct answer_rows *rows,
                       struct table *table, const char *none);

#endif
