/*
 * Work that may hang in what it calls, the name service above all: done in a process of its own,
 * which is ended after a while.
 */
#ifndef PAM_ASP_BOUNDED_WORK_H
#define PAM_ASP_BOUNDED_WORK_H

#include "asp/error.h"

#include <stdbool.h>

/*
 * Does it and waits for its end, `seconds` at most. For a process whose children nobody else waits
 * for. False: it was ended before it was done, and `error` says by what. Where there is no process
 * for it, it is done in this one, which then is what is ended.
 */
bool bounded_work(unsigned seconds, void (*work)(void *context), void *context,
                  struct asp_error *error);

#endif
