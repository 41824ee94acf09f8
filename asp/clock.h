/*
 * The clock by which waits are bounded. What is stored or shown has time(3) instead.
 */
#ifndef ASP_CLOCK_H
#define ASP_CLOCK_H

#include <stdint.h>

/* Milliseconds of a clock that is never set: CLOCK_MONOTONIC, clock_gettime(2). */
int64_t asp_clock_ms(void);

#endif
