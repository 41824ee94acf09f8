/*
 * The command line.
 */
#ifndef ASP_ADMIN_OPTIONS_H
#define ASP_ADMIN_OPTIONS_H

#include "asp-admin/ui/console.h"
#include "asp/entry.h"

#include <stdbool.h>
#include <stddef.h>

struct options {
    const char *config; /* NULL: the default, which may be missing */
    bool json;
    bool help;
    bool version;

    const char *command;
    char **arguments; /* after the command */
    int argument_count;

    const char *label;
    const char *app;
    const char *from[ASP_NETWORKS_MAX];
    size_t from_count;
    const char *expires;
    const char *unused;
    const char *reason;
    const char *service;
    const char *rhost;
    bool is_virtual;
    bool quiet;
    bool all;
    bool once;
    bool confirm;

    unsigned given; /* which of those that only some commands take, see OPTION_BIT */
};

/* A bit for each option that is not global, by its letter. */
#define OPTION_BIT(letter) (1U << ((letter) - 'a'))

/* Reads the line. False after a line on the console. */
bool options_read(int argc, char **argv, const struct console *console, struct options *options);

/* The name of the first option in `bits`, for a line on the console. */
const char *option_name(unsigned bits);

#endif
