/*
 * watch: follows primary passwords, revokes when one changes, and runs the hooks that are due.
 */
#ifndef ASP_ADMIN_WATCH_WATCH_H
#define ASP_ADMIN_WATCH_WATCH_H

#include "asp-admin/admin.h"

/* The command: one pass with --once or --confirm, else the loop. */
enum exit_code command_watch(struct admin *admin);

#endif
