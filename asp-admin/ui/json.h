/*
 * The documents of --json.
 */
#ifndef ASP_ADMIN_UI_JSON_H
#define ASP_ADMIN_UI_JSON_H

#include "asp/entry.h"
#include "asp/usage.h"

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

/* A text, or null for NULL and the empty one. */
json_t *document_text(const char *text);

/* RFC 3339 UTC, or null for ASP_NEVER. */
json_t *document_time(time_t when);

/* An entry as list shows it. */
json_t *document_entry(const char *user, const struct asp_entry *entry,
                       const struct asp_usage *usage, time_t now);

/* Writes the document to standard output, wipes and frees it. False after a complaint; NULL is out
 * of memory. */
bool document_emit(json_t *document);

/* The word of a state. */
const char *state_word(enum asp_state state);

#endif
