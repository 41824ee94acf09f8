/*
 * The file that a profile is written to, opened by whoever asks for it.
 */
#ifndef ASP_ADMIN_PROFILE_PROFILE_FILE_H
#define ASP_ADMIN_PROFILE_PROFILE_FILE_H

#include "asp-admin/ui/console.h"

struct profile_file {
    const char *path;
    int fd;
    const struct console *outer;
    struct console console; /* the same, with the file for CONSOLE_PROFILE */
};

/* Makes a new file of mode 0600. EXIT_DONE: the caller calls profile_file_close; else why not was
 * said on the console. */
enum exit_code profile_file_open(struct profile_file *file, const char *path,
                                 const struct console *console);

/* `keep`: the password in it is good. Else the file is taken away. */
void profile_file_close(struct profile_file *file, bool keep);

#endif
