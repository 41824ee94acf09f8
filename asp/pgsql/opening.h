/*
 * A connection to the one of all hosts that is written to.
 */
#ifndef ASP_PGSQL_OPENING_H
#define ASP_PGSQL_OPENING_H

#include "credentials.h"

#include "asp/database.h"
#include "asp/error.h"

#include <libpq-fe.h>
#include <stdint.h>

/* Who connects to what. */
struct pgsql_way {
    const struct asp_database *database;
    const char *role;
    const char *application;           /* what the database is told of this program */
    const struct pgsql_reader *reader; /* NULL: this process reads its files itself */
};

/*
 * Connects to all hosts at once, until `deadline` (asp_clock_ms) at most, and takes the first that
 * says that it is not read-only; the others are closed. Each attempt has one host, by its address:
 * libpq, given several, waits for one that says nothing for ever.
 *
 * ASP_OK: the caller ends `*conn` by PQfinish, and `*host` is whose it is. Else `error` has a line
 * of each host, and the status is never ASP_NOT_FOUND.
 */
enum asp_status pgsql_open(const struct pgsql_way *way, int64_t deadline, PGconn **conn,
                           const struct asp_database_host **host, struct asp_error *error);

#endif
