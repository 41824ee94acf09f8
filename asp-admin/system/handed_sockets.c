/* Sockets that a service manager has opened. */
#include "handed_sockets.h"

#include <stdlib.h>
#include <unistd.h>

/* The number in a variable; -1: there is none. */
static long number_in(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long number;

    if (text == NULL || text[0] == '\0')
        return -1;
    number = strtol(text, &end, 10);
    return *end == '\0' ? number : -1;
}

long handed_sockets_take(void)
{
    const long process = number_in("LISTEN_PID");
    const long given = number_in("LISTEN_FDS");

    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return process == getpid() && given > 0 ? given : 0;
}
