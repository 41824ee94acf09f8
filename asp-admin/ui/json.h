/*
 * The documents of --json.
 */
#ifndef ASP_ADMIN_UI_JSON_H
#define ASP_ADMIN_UI_JSON_H

#include "console.h"

#include "asp/entry.h"
#include "asp/usage.h"

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

/* A text, or null for NULL and the empty one. */
json_t *json_from_text(const char *text);

/* RFC 3339 UTC, or null for ASP_NEVER. */
json_t *json_from_time(time_t when);

/* An entry as list shows it. */
json_t *json_from_entry(const char *user, const struct asp_entry *entry,
                        const struct asp_usage *usage, time_t now);

/* Adds an element. Without memory for it the whole array becomes NULL, and so the document. */
void json_add(json_t **array, json_t *element);

/* Writes the document to standard output, wipes and frees it. False when it did not get there; NULL
 * is out of memory. */
bool json_write(const struct console *console, json_t *document);

#endif
