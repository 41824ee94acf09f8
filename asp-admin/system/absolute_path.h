/*
 * A path as a person gives it, for what takes absolute ones.
 */
#ifndef ASP_ADMIN_SYSTEM_ABSOLUTE_PATH_H
#define ASP_ADMIN_SYSTEM_ABSOLUTE_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Makes it absolute, `.` and `..` taken out by name alone: where a link stood in it, the core
 * refuses it. False: it is too long, names no file, or there is no working folder that it is of. */
bool absolute_path(const char *given, char path[PATH_MAX]);

#endif
