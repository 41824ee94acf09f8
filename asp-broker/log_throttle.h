/*
 * What a client does wrong is logged once and not each time, so that nobody can fill the log: one
 * line for each kind, user and minute, over all workers.
 */
#ifndef ASP_BROKER_LOG_THROTTLE_H
#define ASP_BROKER_LOG_THROTTLE_H

#include <sys/types.h>

enum notice_kind {
    NOTICE_SILENT,  /* connected, and said nothing */
    NOTICE_GARBAGE, /* what it said was no message of ours */
    NOTICE_CLAIM,   /* claimed a service that is not its own */
    NOTICE_CROWDED, /* has more connections than it can have */
    NOTICE_FAILED,  /* asp-broker itself could not answer */
    NOTICE_KINDS,
};

struct notices;

/* Memory that is shared with the processes that are forked from now on; NULL when there is none. */
struct notices *notices_make(void);

/* Logs the line at that level of syslog(3), if none of its kind was logged for this user within a
 * minute. */
void notice(struct notices *notices, enum notice_kind kind, uid_t uid, int level,
            const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
