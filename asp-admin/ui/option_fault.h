/*
 * What getopt_long(3) finds wrong in a command line, in a line for the person who typed it.
 */
#ifndef ASP_ADMIN_UI_OPTION_FAULT_H
#define ASP_ADMIN_UI_OPTION_FAULT_H

#include "console.h"

#include <getopt.h>

/* A word that others have for an option of ours, and what it is here. */
struct option_synonym {
    const char *word;
    const char *meant; /* "--label TEXT"; what does not begin so is meant by whatever option */
};

/* What getopt_long has stopped at. */
struct option_fault {
    int found;        /* what it has returned, ':' or '?' */
    char letter;      /* that is no option, or NUL */
    const char *name; /* of an option of its table that takes no value, or NULL */
    const char *word; /* the one that it has read last */
    const char *next; /* and the one behind that, or NULL */
};

/* Right after it has returned that; what it does next changes the order of the words. */
struct option_fault option_fault_take(int found, char *const argv[], const struct option *table);

/*
 * Says what is wrong where getopt_long was given a table of options of which none has a letter for
 * its `val`, and a string of options that is ":". `table` are those of them that may be meant.
 * `synonyms` ends with an empty one, and of two for a word the first whose option is in the table
 * is said. `help` is the command that lists the options. Returns EXIT_USAGE.
 */
enum exit_code option_fault_say(const struct console *console, const struct option_fault *fault,
                                const struct option *table, const struct option_synonym synonyms[],
                                const char *help);

#endif
