/*
 * What a program that serves by itself says while it starts: to whoever starts it, and to the
 * system's log.
 */
#ifndef ASP_ADMIN_UI_DAEMON_H
#define ASP_ADMIN_UI_DAEMON_H

#include "console.h"

#include "asp/error.h"

/* Says it, and returns `code`. */
enum exit_code daemon_report(const char *program, enum exit_code code, const char *text);

/* The same for what the core says. */
enum exit_code daemon_report_error(const char *program, enum exit_code code,
                                   const struct asp_error *error);

/* Prints what was asked for. EXIT_STORE, with a line on standard error: it did not get there. */
enum exit_code daemon_print(const char *program, const char *text);

#endif
