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

/* True for UTF-8: a document has no other text. */
bool json_takes_text(const char *text);

/* Parts of an entry: strings, `{time, service}` or null, `{time, service, rhost}` or null. */
json_t *json_from_networks(const struct asp_entry *entry);
json_t *json_from_binding(const struct asp_entry *entry);
json_t *json_from_use(const struct asp_entry *entry, const struct asp_usage *usage);

/* An entry as list shows it. */
json_t *json_from_entry(const char *user, const struct asp_entry *entry,
                        const struct asp_usage *usage, time_t now);

/*
 * Reads a document in which no object has a member twice. NULL with what is wrong, in `fault`, or
 * out of memory (ASP_NO_MEMORY in `*status`, else ASP_INVALID): then what was read is lost, and the
 * process had better end.
 */
json_t *json_read(const char *text, size_t length, enum asp_status *status, json_error_t *fault);

/* Adds an element. Without memory for it the whole array becomes NULL, and so the document. */
void json_add(json_t **array, json_t *element);

/* The same of a member of an object. */
void json_put(json_t **object, const char *key, json_t *value);

/* Adds the document as one line to a text, and frees it. NULL is out of memory, of the text too. */
void json_add_line(struct asp_buffer *out, json_t *document);

/* Adds the document as an element of an array that json_write would write as a whole, with what
 * stands before it; frees it. `number` counts from 0. */
void json_add_element(struct asp_buffer *out, json_t *document, size_t number);

/* Adds the end of an array of `count` elements that were added so. */
void json_add_end(struct asp_buffer *out, size_t count);

/* Writes the document to standard output, and frees it. False when it did not get there; NULL
 * is out of memory. */
bool json_write(const struct console *console, json_t *document);

#endif
