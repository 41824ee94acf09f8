/*
 * Text that people wrote: labels, and the characters that they are made of.
 */
#ifndef ASP_LABEL_H
#define ASP_LABEL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ASP_LABEL_CHARS = 64,
    ASP_LABEL_SIZE = ASP_LABEL_CHARS * 4 + 1, /* the longest label, with its NUL */
};

/*
 * True for a label: UTF-8 of 1 to 64 characters without C0, C1, DEL, U+2028, U+2029 and the bidi
 * controls (UAX #9: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).
 */
bool asp_label_valid(const char *label);

/* Which of these rules a text breaks first, and what to do, to be said behind it; NULL for a label.
 */
const char *asp_label_fault(const char *label);

/* The length in bytes of the well-formed UTF-8 character at `text` (RFC 3629), its value in
 * `*value`; 0 when it is none. */
size_t asp_utf8_next(const char *text, unsigned long *value);

/* True for characters that a screen or a log must never get: controls and the bidi controls. */
bool asp_is_control(unsigned long value);

#endif
