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

#endif
