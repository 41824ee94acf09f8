/*
 * A command of asp-admin as it is printed, to be pasted into a shell.
 */
#ifndef ASP_ADMIN_UI_COMMAND_LINE_H
#define ASP_ADMIN_UI_COMMAND_LINE_H

#include "asp/buffer.h"

/* Adds asp-admin, the words up to a NULL and, unless it is NULL, --config with `config`. */
void command_line_add(struct asp_buffer *out, const char *config, const char *const words[]);

#endif
