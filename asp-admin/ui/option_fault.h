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
    const char *meant;
};

/*
 * Says what is wrong where getopt_long has just returned `found`, which is ':' or '?'; it was given
 * `table`, a string of options that is ":", and no option whose `val` is a letter. `synonyms` ends
 * with an empty one; `help` is the command that lists the options. Returns EXIT_USAGE.
 */
enum exit_code option_fault_say(const struct console *console, int found, char *const argv[],
                                const struct option *table, const struct option_synonym synonyms[],
                                const char *help);

#endif
