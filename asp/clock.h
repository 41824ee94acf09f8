/*
 * The clock by which waits are bounded. What is stored or shown has time(3) instead.
 */
#ifndef ASP_CLOCK_H
#define ASP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of a clock that is never set: CLOCK_MONOTONIC, clock_gettime(2). */
int64_t asp_clock_ms(void);

/* Waits until the descriptor can be read, or is at its end, poll(2); a signal does not end the
 * wait. False when it did not come to that before `deadline`, of asp_clock_ms. */
bool asp_clock_wait(int fd, int64_t deadline);

#endif
