/*
 * Standard output that is for the eyes of who asked alone.
 */
#ifndef ASP_ADMIN_UI_PRIVATE_OUTPUT_H
#define ASP_ADMIN_UI_PRIVATE_OUTPUT_H

#include "console.h"

/*
 * Before anything is written to standard output: where that is a file that others have rights to,
 * as a shell makes it, its mode is made 0600, and a line on the console says so. That is done to a
 * file of this user's that is empty; of another one it is only said.
 */
void private_output(const struct console *console);

#endif
