/* Lines about clients, one a minute for each kind and user. */
#include "log_throttle.h"

#include "asp/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <syslog.h>

enum { PLACES = 256, PAUSE_SECONDS = 60, LINE_SIZE = 1500 };

/* When a line was last logged, in a place that kinds and users may share: then one of them is told
 * of less. In seconds: a long is atomic without a lock on every machine, which 64 bits are not. */
struct log_throttle {
    _Atomic long last[PLACES];
    atomic_bool said[THROTTLED_KINDS]; /* by log_once */
};

struct log_throttle *log_throttle_make(void)
{
    void *shared = mmap(NULL, sizeof(struct log_throttle), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return shared == MAP_FAILED ? NULL : shared;
}

static bool is_due(struct log_throttle *log_throttle, enum log_throttle_kind kind, uid_t uid)
{
    size_t place = ((size_t)uid * THROTTLED_KINDS + (size_t)kind) % PLACES;
    long now = (long)(asp_clock_ms() / 1000);
    long last = atomic_load(&log_throttle->last[place]);

    if (last != 0 && now - last < PAUSE_SECONDS)
        return false;
    return atomic_compare_exchange_strong(&log_throttle->last[place], &last, now + (now == 0));
}

__attribute__((format(printf, 2, 0))) static void write_line(int level, const char *format,
                                                             va_list args)
{
    char line[LINE_SIZE];

    (void)vsnprintf(line, sizeof line, format, args);
    syslog(level, "%s", line);
}

void log_throttled(struct log_throttle *log_throttle, enum log_throttle_kind kind, uid_t uid,
                   int level, const char *format, ...)
{
    va_list args;

    if (!is_due(log_throttle, kind, uid))
        return;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}

void log_once(struct log_throttle *log_throttle, enum log_throttle_kind kind, int level,
              const char *format, ...)
{
    va_list args;

    if (atomic_exchange(&log_throttle->said[kind], true))
        return;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}
