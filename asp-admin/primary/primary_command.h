/*
 * The program of primary.command, which prints NAME<TAB>STRING for every user.
 */
#ifndef ASP_ADMIN_PRIMARY_PRIMARY_COMMAND_H
#define ASP_ADMIN_PRIMARY_PRIMARY_COMMAND_H

#include "asp/buffer.h"
#include "asp/error.h"

/*
 * Runs it once, for 30 seconds and 64 MiB at most; what it says to standard error goes to the log.
 * ASP_OK: it ended with 0. Else why nothing of it counts; ASP_INTERRUPTED: this process is to end.
 * The caller frees `printed` in any case.
 */
enum asp_status primary_command_read(const char *path, struct asp_buffer *printed,
                                     struct asp_error *error);

/* ASP_OK: all that it printed are whole lines of that form, perhaps none. Else ASP_CORRUPT: a
 * program that ends with 0 and prints an error, or half of what it wanted to, is not believed. */
enum asp_status primary_command_check(const char *path, const struct asp_buffer *printed,
                                      struct asp_error *error);

#endif
