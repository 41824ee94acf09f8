/*
 * A word of a command that is printed, to be pasted into a shell.
 */
#ifndef ASP_SHELL_WORD_H
#define ASP_SHELL_WORD_H

#include "buffer.h"

/*
 * Adds a word so that any POSIX shell reads it as it is, but for line ends at its end, and nothing
 * of it disturbs a terminal: as it stands where it has letters, digits and _ . @ + - / : alone,
 * else in quotation marks.
 */
void asp_shell_word_add(struct asp_buffer *out, const char *word);

#endif
