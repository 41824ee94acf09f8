/*
 * The watch that runs until it is told to end.
 */
#ifndef ASP_ADMIN_WATCH_LOOP_H
#define ASP_ADMIN_WATCH_LOOP_H

#include "asp-admin/admin.h"

/* EXIT_DONE after a signal to end, else the code of what went wrong before it began. */
enum exit_code watch_run(struct admin *admin);

#endif
