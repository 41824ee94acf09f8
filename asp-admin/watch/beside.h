/*
 * A process that works beside a running watch, and ends with it.
 */
#ifndef ASP_ADMIN_WATCH_BESIDE_H
#define ASP_ADMIN_WATCH_BESIDE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * In the new process: it gets SIGTERM when the watch, which is `watch`, ends. What that has open is
 * its own, above all its lock, which would outlive it here: it is closed, but for the standard
 * streams. The signals of signals.h stay blocked. False: the watch has ended already.
 */
bool beside_begin(pid_t watch);

#endif
