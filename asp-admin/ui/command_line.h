/*
 * A command of asp-admin as it is printed, to be pasted into a shell.
 */
#ifndef ASP_ADMIN_UI_COMMAND_LINE_H
#define ASP_ADMIN_UI_COMMAND_LINE_H

#include "asp/buffer.h"

/*
 * Adds a word so that any POSIX shell reads it as it is, and nothing of it disturbs a terminal: as
 * it stands where it has letters, digits and _ . @ + - / alone, else in quotation marks.
 */
void command_line_add_word(struct asp_buffer *out, const char *word);

/* Adds asp-admin, the words up to a NULL and, unless it is NULL, --config with `config`. */
void command_line_add(struct asp_buffer *out, const char *config, const char *const words[]);

#endif
