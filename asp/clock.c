/* The clock by which waits are bounded. */
#include "clock.h"

#include <time.h>

int64_t asp_clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
