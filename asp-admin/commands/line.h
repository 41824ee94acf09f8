/*
 * A command line: what is wrong with it that getopt cannot know, and the whole line that was meant,
 * to be pasted into a shell.
 */
#ifndef ASP_ADMIN_COMMANDS_LINE_H
#define ASP_ADMIN_COMMANDS_LINE_H

#include "commands.h"

/* fail_with: the text of `why`, a colon and the line; without both where it is so long that it
 * would be cut, or memory has run out. */
enum exit_code line_fail(const struct console *console, enum exit_code code, const char *why,
                         const struct options *options, const struct options_line *line);

/* Adds the words of a text that was typed without quotation marks, as one. */
void line_join(struct asp_buffer *whole, const char *first, char *const words[], int count);

/* Says that a text was typed without the quotation marks that its blanks need: those of --label and
 * --reason, each with what stood behind it, else the last of the first `count` arguments, which are
 * the only ones that are meant to be arguments. EXIT_USAGE, or EXIT_STORE when memory has run out.
 */
enum exit_code line_fail_unquoted(const struct console *console, const struct options *options,
                                  int count);

/* Which options and how many arguments the command takes: EXIT_DONE, or EXIT_USAGE after a line on
 * the console. */
enum exit_code line_check(const struct command *command, const struct console *console,
                          const struct options *options);

#endif
