/* The clock by which waits are bounded. */
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

int64_t asp_clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool asp_clock_wait(int fd, int64_t deadline)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    for (int64_t left = deadline - asp_clock_ms(); left > 0; left = deadline - asp_clock_ms()) {
        int code = poll(&ready, 1, (int)left);

        if (code > 0)
            return true;
        if (code < 0 && errno != EINTR)
            return false;
    }
    return false;
}
