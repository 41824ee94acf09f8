/*
 * The one connection to the database that a process keeps.
 *
 * It is opened when something is asked, and again when it has broken: nothing has to be restarted.
 * No wait is without a bound. In a process that is forked it is opened anew, and the parent's goes
 * on. The program has called pgsql_forget_environment (environment.h).
 *
 * libpq keeps the password, and what it has sent and read last, for as long as it is open.
 */
#ifndef ASP_PGSQL_CONNECTION_H
#define ASP_PGSQL_CONNECTION_H

#include "credentials.h"
#include "failure.h"

#include "asp/database.h"
#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pgsql_connection;
struct pg_result; /* result.h */

enum { PGSQL_VALUES_MAX = 16, PGSQL_STATEMENTS_MAX = 32 };

/* One that is asked for often: it is prepared when a connection first asks for it, and known by its
 * address. `values` of it stand in the text as $1, $2 ... with their types. */
struct pgsql_statement {
    const char *name; /* another for each text */
    const char *text;
    size_t values;
    bool writes; /* it changes something */
};

struct pgsql_value {
    const char *bytes; /* NULL: NULL */
    size_t length;     /* of what is binary; other values end with a NUL */
    bool binary;       /* as a bytea is */
};

/* A connection that is not open. NULL: no memory. `application` is what the database is told of
 * this program, and is not copied. */
struct pgsql_connection *pgsql_connection_new(const char *application);

/* From now on a line that says what went wrong says nothing of where it goes, and what the database
 * has said: it is for somebody who is not root. */
void pgsql_connection_hide(struct pgsql_connection *connection);

/* Whether it is open, and was opened by another configuration, or for another role. */
bool pgsql_connection_is_of_another(const struct pgsql_connection *connection,
                                    const struct asp_database *database, const char *role);

/* What is connected to, which has a host at least, and as which role: one that is open and of
 * another is closed. Neither is copied; both last until the next call, or the end. */
void pgsql_connection_use(struct pgsql_connection *connection, const struct asp_database *database,
                          const char *role);

/* From the next opening on another reads for it what root alone may read; NULL: nobody does. It is
 * not copied. */
void pgsql_connection_read_by(struct pgsql_connection *connection,
                              const struct pgsql_reader *reader);

/*
 * Asks, until `deadline` (asp_clock_ms) at most. ASP_OK: it is done, and the caller gives
 * `*result`, which has no rows where there are none, to pgsql_result_free. Any other status is told
 * by failure.h, and none is ASP_NOT_FOUND; `*result` is NULL, and no value is in the line.
 *
 * What only reads is asked once more, on a new connection, where the one that was there has broken
 * before there was an answer, and again where it was in the way of others, within the same
 * deadline. What writes is asked once; where it is not known what came of it, the caller says the
 * same again. A write that the database warns of has failed: it may not be on the standby.
 */
enum asp_status pgsql_ask(struct pgsql_connection *connection,
                          const struct pgsql_statement *statement, const struct pgsql_value *values,
                          int64_t deadline, struct pg_result **result, struct asp_error *error);

/* What to do about the last pgsql_ask, where its status was not ASP_OK. */
const struct pgsql_failure *pgsql_last_failure(const struct pgsql_connection *connection);

/* The name, or the address, of the host that it is connected to, until it is closed; empty: it is
 * not open. */
const char *pgsql_connection_host(const struct pgsql_connection *connection);

/* How many times it was opened: where that is another number by now, what was answered before may
 * be another host's. */
uint64_t pgsql_connection_opened(const struct pgsql_connection *connection);

/* Closes it where it is open, without waiting. The next one who asks opens it. */
void pgsql_connection_close(struct pgsql_connection *connection);

/* NULL is nothing. */
void pgsql_connection_free(struct pgsql_connection *connection);

#endif
