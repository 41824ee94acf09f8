/*
 * Times: RFC 3339 in UTC and what people type. No locale, no time zone of the process.
 */
#ifndef ASP_TIME_TEXT_H
#define ASP_TIME_TEXT_H

#include <stdbool.h>
#include <time.h>

enum { ASP_TIME_SIZE = 21 }; /* YYYY-MM-DDTHH:MM:SSZ and NUL */

/* A time or a length of time that is not set. */
#define ASP_NEVER ((time_t)-1)

/* The last second that YYYY-MM-DDTHH:MM:SSZ can say. */
#define ASP_TIME_MAX ((time_t)253402300799)

_Static_assert(sizeof(time_t) >= 8, "times go beyond 2038");

/* The longest duration, 100 years of 365 days. */
#define ASP_DURATION_MAX ((time_t)100 * 365 * 24 * 3600)

/* YYYY-MM-DDTHH:MM:SSZ; a time before 1970 or after 9999 is written as the nearest that can be. */
void asp_time_format(time_t when, char text[ASP_TIME_SIZE]);

/* Reads the 20 characters that asp_time_format writes, and no other form. */
bool asp_time_read(const char *text, time_t *when);

/* DURATION: a number with s, m, h, d or w (seconds, at least 1), or `never`. */
bool asp_duration_read(const char *text, time_t *seconds);

/*
 * WHEN: a DURATION from `now`, RFC 3339 with Z or an offset, or YYYY-MM-DD (its last second, UTC),
 * or `never`. The past is well-formed here: the caller refuses it.
 */
bool asp_when_read(const char *text, time_t now, time_t *when);

/*
 * A time that is past: a DURATION before `now`, RFC 3339 as above, or YYYY-MM-DD (its first second,
 * UTC). The future is well-formed here: the caller refuses it.
 */
bool asp_since_read(const char *text, time_t now, time_t *since);

/* What is wrong with a DURATION or a WHEN that was not read, as what is said of it: "there is no
 * such day". NULL: it has not the form of one. */
const char *asp_duration_fault(const char *text);
const char *asp_when_fault(const char *text);

#endif
