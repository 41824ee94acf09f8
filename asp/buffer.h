/*
 * Text that others wrote (labels, names, addresses), and text that we build.
 */
#ifndef ASP_BUFFER_H
#define ASP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
    ASP_LABEL_CHARS = 64,
    ASP_LABEL_SIZE = ASP_LABEL_CHARS * 4 + 1, /* the longest label, with its NUL */
    ASP_HOST_MAX = 160,                       /* a host longer than this is not kept */
    ASP_TIME_SIZE = 21,                       /* YYYY-MM-DDTHH:MM:SSZ and NUL */
};

/*
 * True for a label: UTF-8 of 1 to 64 characters without C0, C1, DEL, U+2028, U+2029 and the bidi
 * controls (UAX #9: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).
 */
bool asp_label_valid(const char *label);

/* The length in bytes of the well-formed UTF-8 character at `text` (RFC 3629), its value in
 * `*value`; 0 when it is none. */
size_t asp_utf8_next(const char *text, unsigned long *value);

/* True for characters that a screen or a log must never get: controls and the bidi controls. */
bool asp_is_control(unsigned long value);

/* True for what looks like an IPv4 or IPv6 address or a host name of at most ASP_HOST_MAX bytes. */
bool asp_host_valid(const char *host);

/*
 * A text that grows. Begins as {0}; after the first failed growth `failed` stays true and what is
 * added is dropped. The owner calls asp_buffer_free, which wipes it.
 */
struct asp_buffer {
    char *text; /* NUL-terminated once something was added */
    size_t length;
    size_t room;
    bool failed;
};

void asp_buffer_add(struct asp_buffer *out, const char *text);
void asp_buffer_add_bytes(struct asp_buffer *out, const char *bytes, size_t length);
void asp_buffer_add_number(struct asp_buffer *out, unsigned long long number);
/* YYYY-MM-DDTHH:MM:SSZ */
void asp_buffer_add_time(struct asp_buffer *out, time_t when);
/* In quotes, with a backslash before quote and backslash: for the store, whose values hold no
 * control bytes. */
void asp_buffer_add_stored(struct asp_buffer *out, const char *value);
/* In quotes, with \xNN for quote, backslash and every byte outside 0x20..0x7e: for logs. NULL is -
 * without quotes. */
void asp_buffer_add_logged(struct asp_buffer *out, const char *value);
void asp_buffer_free(struct asp_buffer *out);

#endif
