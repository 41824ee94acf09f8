/*
 * Runs one program, without a shell, and stays with it: hooks, the command that tells of primary
 * passwords, and what doctor asks and mends with.
 *
 * The program is one that may be trusted, see asp_program_check; that is looked at when it is run.
 * It gets the environment given and nothing else of ours: standard input is /dev/null or what it is
 * to read, the working directory /, the umask 022, the session its own, signals are as at the start
 * of a program.
 */
#ifndef ASP_ADMIN_SYSTEM_PROGRAM_H
#define ASP_ADMIN_SYSTEM_PROGRAM_H

#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>

struct program {
    const char *path;
    char *const *arguments; /* its words, of which the first is its name, and NULL at the end; NULL:
                               it has none but that */
    char *const *environment; /* NAME=VALUE, and NULL at the end */
    const char *input; /* what it reads, of no more bytes than PROGRAM_INPUT_MAX; NULL: nothing */
    size_t input_length;
    int timeout; /* seconds */
    /* What it writes to standard output and standard error, as it comes. False: that is too much.
     */
    bool (*take_output)(void *context, const char *bytes, size_t length);
    bool (*take_errors)(void *context, const char *bytes, size_t length);
    void *context;
};

/* What goes into a pipe at once. */
enum { PROGRAM_INPUT_MAX = 32 * 1024 };

enum program_end {
    PROGRAM_DONE,        /* with exit code 0 */
    PROGRAM_FAILED,      /* another one, a signal, too long, too much */
    PROGRAM_NOT_STARTED, /* nothing of it was run: it is not there or not to be trusted, or the
                            system has no room for it now */
    PROGRAM_INTERRUPTED, /* this process is to end */
};

/*
 * Returns when the program has ended. What runs too long or writes too much is killed, with its
 * process group. So it is when SIGINT, SIGQUIT or SIGTERM comes for this process, which gets the
 * signal then; not when it ignores that. SIGHUP waits. `why` says what went wrong, in a few words.
 */
enum program_end program_run(const struct program *run, struct asp_error *why);

enum { PROGRAM_PATH_SIZE = 64 };

/* Where the system keeps a program of this name that may be trusted. False: nowhere. */
bool program_find(const char *name, char path[PROGRAM_PATH_SIZE]);

/* An environment of a path and plain messages, for those. */
extern char *const program_environment[];

#endif
