/*
 * What a client does wrong is logged once and not each time, so that nobody can fill the log: one
 * line for each kind, user and minute, over all workers.
 */
#ifndef ASP_BROKER_LOG_THROTTLE_H
#define ASP_BROKER_LOG_THROTTLE_H

#include <sys/types.h>

enum log_throttle_kind {
    THROTTLED_SILENT,  /* connected, and said nothing */
    THROTTLED_GARBAGE, /* what it said was no message of ours */
    THROTTLED_CLAIM,   /* claimed a service that is not its own */
    THROTTLED_CROWDED, /* has more connections than it can have */
    THROTTLED_FAILED,  /* asp-broker itself could not answer */
    THROTTLED_STUCK,   /* the name service has not answered; of no user: uid 0 */
    LOGGED_UNWRITABLE, /* the store cannot be written; by log_once */
    LOGGED_ROOT,       /* workers are root where they need not be; the same */
    THROTTLED_KINDS,
};

struct log_throttle;

/* Memory that is shared with the processes that are forked from now on; NULL when there is none. */
struct log_throttle *log_throttle_make(void);

/* Logs the line at that level of syslog(3), if none of its kind was logged for this user within a
 * minute. */
void log_throttled(struct log_throttle *log_throttle, enum log_throttle_kind kind, uid_t uid,
                   int level, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Logs the line if none of its kind was logged by this broker: for what lasts. */
void log_once(struct log_throttle *log_throttle, enum log_throttle_kind kind, int level,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
