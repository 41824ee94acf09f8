/*
 * A line of a file that a system log has written: when, by which program, and what. Either as it
 * was of old, "Nov  2 07:00:01 host program[12]: text", or with a time of RFC 3339 before the host.
 */
#ifndef ASP_ADMIN_LOG_SYSLOG_LINE_H
#define ASP_ADMIN_LOG_SYSLOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
    SYSLOG_PROGRAM_MAX = 64,
    SYSLOG_TIMES_MAX = 1000000, /* so often one may have been repeated */
};

struct syslog_line {
    time_t when;
    char program[SYSLOG_PROGRAM_MAX + 1]; /* without its process id; empty: none that it could be */
    char *text;                           /* in the line */
    unsigned times; /* rsyslog writes one that is repeated once more, and how often it was */
};

/*
 * Reads the time at the beginning. One without a year is in the zone of this process, and in the
 * latest year in which it is not in the future; a day of grace is for clocks and zones that do not
 * agree. `*after` is what stands behind it. False: it has neither form.
 */
bool syslog_line_time(const char *line, time_t now, time_t *when, const char **after);

/* Reads a whole line, in which it may set a NUL. False: its time or host is none. */
bool syslog_line_read(char *line, time_t now, struct syslog_line *out);

#endif
