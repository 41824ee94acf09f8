/*
 * The command line.
 */
#ifndef ASP_ADMIN_OPTIONS_H
#define ASP_ADMIN_OPTIONS_H

#include "asp-admin/ui/console.h"
#include "asp/entry.h"

#include <stdbool.h>
#include <stddef.h>

/* Every option, by which a command says what it takes. */
enum option_id {
    /* global: before or after any command */
    OPTION_CONFIG = 1,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_VERSION,
    /* of some commands */
    OPTION_ALL,
    OPTION_APP,
    OPTION_CONFIRM,
    OPTION_EXPIRES,
    OPTION_FROM,
    OPTION_LABEL,
    OPTION_ONCE,
    OPTION_QUIET,
    OPTION_REASON,
    OPTION_RHOST,
    OPTION_SERVICE,
    OPTION_UNUSED,
    OPTION_VIRTUAL,
};

/* The bit of an option in a set of them. */
#define OPTION_BIT(id) (1U << (id))

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

    unsigned given; /* which of those that only some commands take, by OPTION_BIT */
};

/* Reads the line. False after a line on the console. */
bool options_read(int argc, char **argv, const struct console *console, struct options *options);

/* The name of the first option in `bits`, for a line on the console. */
const char *option_name(unsigned bits);

/* What the value of an option is called, such as FILE; NULL where it takes none. */
const char *option_value(enum option_id id);

#endif
