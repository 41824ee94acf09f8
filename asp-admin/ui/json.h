/*
 * The documents of --json.
 */
#ifndef ASP_ADMIN_UI_JSON_H
#define ASP_ADMIN_UI_JSON_H

#include "console.h"

#include "asp/buffer.h"
#include "asp/entry.h"
#include "asp/usage.h"

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

/* A text, or null for NULL and the empty one. NULL, as of all that follow: out of memory. */
json_t *json_from_text(const char *text);

/* RFC 3339 UTC, or null for ASP_NEVER. */
json_t *json_from_time(time_t when);

/* An entry as list shows it. */
json_t *json_from_entry(const char *user, const struct asp_entry *entry,
                        const struct asp_usage *usage, time_t now);

/* Adds an element. Without memory for it the whole array becomes NULL, and so the document. */
void json_add(json_t **array, json_t *element);

/* Adds the document as one line to a text, and frees it. NULL is out of memory, of the text too. */
void json_add_line(struct asp_buffer *out, json_t *document);

/* Writes the document to standard output, and frees it. False when it did not get there; NULL
 * is out of memory. */
bool json_write(const struct console *console, json_t *document);

#endif
