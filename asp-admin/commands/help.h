/*
 * What asp-admin says of its commands to who asks for help.
 */
#ifndef ASP_ADMIN_COMMANDS_HELP_H
#define ASP_ADMIN_COMMANDS_HELP_H

#include "commands.h"

/* Prints a line for each command, or of one all that there is: how it is called, its options, two
 * examples. `command` is its name, or NULL. EXIT_DONE, or a code after a line on the console. */
enum exit_code help_show(const struct console *console, const char *command);

/* Says that there is no command of that name, and which one may be meant: EXIT_USAGE. */
enum exit_code help_fail_unknown(const struct console *console, const char *name);

#endif
