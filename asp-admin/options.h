/*
 * The command line.
 */
#ifndef ASP_ADMIN_OPTIONS_H
#define ASP_ADMIN_OPTIONS_H

#include "asp-admin/ui/console.h"
#include "asp/buffer.h"
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
    OPTION_BATCH,
    OPTION_CONFIRM,
    OPTION_EXPIRES,
    OPTION_FILE,
    OPTION_FIX,
    OPTION_FROM,
    OPTION_LABEL,
    OPTION_NEW_APP,
    OPTION_ONCE,
    OPTION_PRIMARY,
    OPTION_PROFILE,
    OPTION_QR,
    OPTION_QUIET,
    OPTION_REALM,
    OPTION_REASON,
    OPTION_REFUSED,
    OPTION_REPLACE,
    OPTION_RHOST,
    OPTION_SERVICE,
    OPTION_SINCE,
    OPTION_SQL,
    OPTION_UNUSED,
    OPTION_USES_LOST,
    OPTION_VIRTUAL,
};

/* The bit of an option in a set of them. */
#define OPTION_BIT(id) (1U << (id))

/* The set of all of them. */
#define OPTIONS_ALL (~0U)

/* An option as it was typed. */
struct option_typed {
    enum option_id id;
    const char *value; /* NULL: it takes none */
    size_t before;     /* so many words that belong to no option, the command among them, stood
                          before it */
};

enum {
    OPTION_FILES_MAX = 32,
    OPTIONS_TYPED = ASP_NETWORKS_MAX + OPTION_FILES_MAX + 32,
};

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
    const char *files[OPTION_FILES_MAX];
    size_t file_count;
    const char *unused;
    const char *reason;
    const char *realm;
    const char *service;
    const char *rhost;
    const char *since;
    const char *profile; /* FILE, - or json; NULL: none is wanted */
    const char *qr;      /* of what, where it is given with a value */
    bool is_virtual;
    bool new_app;
    bool quiet;
    bool replace;
    bool all;
    bool batch;
    bool once;
    bool primary;
    bool refused;
    bool confirm;
    bool fix;
    bool sql;
    bool uses_lost;

    unsigned given; /* which of those that only some commands take, by OPTION_BIT */

    struct option_typed typed[OPTIONS_TYPED]; /* all of them, as they came */
    size_t typed_count;
};

/* The options that a command takes, by OPTION_BIT, but for those that every one takes; OPTIONS_ALL
 * where there is no such command. */
typedef unsigned options_of(const char *command);

/* Reads the line, and changes the order of its words; what is no option may have been meant for one
 * of those that `of` says. False after a line on the console. */
bool options_read(int argc, char **argv, const struct console *console, options_of *of,
                  struct options *options);

enum { OPTIONS_ADDED = 5 };

/* In what the line that was meant differs from the one that was read. */
struct options_line {
    const char *const *arguments;         /* in the place of its own, to a NULL; or NULL */
    const char *argument;                 /* or that one of its own, in whose place `by` stands, */
    const char *by;                       /* and where that is NULL nothing */
    unsigned without;                     /* options that are not in it, by OPTION_BIT */
    const char *added[OPTIONS_ADDED + 1]; /* what stands behind it as well, to a NULL */
    const char *input;                    /* the file that is its standard input, or NULL */
};

/* Adds the line that was meant, quoted for a shell. */
void options_add_line(struct asp_buffer *out, const struct options *options,
                      const struct options_line *line);

/* The name of the first option in `bits`, for a line on the console. */
const char *option_name(unsigned bits);

/* What the value of an option is called, such as FILE; NULL where it takes none. */
const char *option_value(enum option_id id);

#endif
