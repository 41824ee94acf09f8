/*
 * Revocations that take long, preloaded: by this process's clock 40 seconds go by with each that is
 * logged.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static time_t ahead;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, now);

    if (rc == 0 && clock == CLOCK_MONOTONIC)
        now->tv_sec += ahead;
    return rc;
}

static void take_long(int level, const char *format, va_list words)
{
    const char *first;
    va_list again;

    va_copy(again, words);
    first = strcmp(format, "%s") == 0 ? va_arg(again, const char *) : "";
    if (strncmp(first, "event=revoked", strlen("event=revoked")) == 0)
        ahead += 40;
    va_end(again);
    vsyslog(level, format, words);
}

void syslog(int level, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    take_long(level, format, words);
    va_end(words);
}

/* The same, as a compiler calls it that fortifies. */
void __syslog_chk(int level, int flag, const char *format, ...)
{
    va_list words;

    (void)flag;
    va_start(words, format);
    take_long(level, format, words);
    va_end(words);
}
