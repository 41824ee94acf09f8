/*
 * The watch that runs until it is told to end.
 */
#ifndef ASP_ADMIN_WATCH_H
#define ASP_ADMIN_WATCH_H

#include "admin.h"

/* EXIT_DONE after a signal to end, else what was complained about before it began. */
enum exit_code watch_run(struct admin *admin);

#endif
