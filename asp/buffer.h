/*
 * A text that grows.
 */
#ifndef ASP_BUFFER_H
#define ASP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * Begins as {0}, or on room that is lent; after the first failed growth `failed` stays true and
 * what is added is dropped. The owner calls asp_buffer_free, which wipes it.
 */
struct asp_buffer {
    char *text; /* NUL-terminated once something was added */
    size_t length;
    size_t room;
    bool lent; /* the room is the caller's: what does not go into it is a failed growth */
    bool failed;
};

/* An empty text that needs no memory but the caller's: for what has to be said when there is none
 * left. `room` has to last as long as it does. */
struct asp_buffer asp_buffer_on(char *room, size_t size);

void asp_buffer_add(struct asp_buffer *out, const char *text);
void asp_buffer_add_bytes(struct asp_buffer *out, const char *bytes, size_t length);
void asp_buffer_add_number(struct asp_buffer *out, unsigned long long number);
/* YYYY-MM-DDTHH:MM:SSZ */
void asp_buffer_add_time(struct asp_buffer *out, time_t when);
/* In quotes, with a backslash before quote and backslash: for the store, whose values hold no
 * control bytes. */
void asp_buffer_add_stored(struct asp_buffer *out, const char *value);
/* With \xNN for quote, backslash and every byte outside 0x20..0x7e. */
void asp_buffer_add_escaped(struct asp_buffer *out, const char *value);
/* The same in quotes: for logs. NULL is - without quotes, and so is what may hold an app password
 * (redact.h). */
void asp_buffer_add_logged(struct asp_buffer *out, const char *value);
/* With \xNN for every control, bidi control and broken byte: for screens. */
void asp_buffer_add_visible(struct asp_buffer *out, const char *text);
/* As a part of an address: with %NN for every byte that RFC 3986 does not leave as it is. */
void asp_buffer_add_percent(struct asp_buffer *out, const char *value);
void asp_buffer_free(struct asp_buffer *out);

#endif
