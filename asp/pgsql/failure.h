/*
 * What an answer of the database that is no success means: pure, and without a type of libpq.
 *
 * None of them is ever ASP_OK or ASP_NOT_FOUND. That an account is not there is told by rows alone.
 */
#ifndef ASP_PGSQL_FAILURE_H
#define ASP_PGSQL_FAILURE_H

#include "asp/error.h"

#include <stdbool.h>

enum { PGSQL_SQLSTATE_SIZE = 6 }; /* five characters and a NUL */

/* What a warning at a write is told as where it has no SQLSTATE of class 01 itself. */
#define PGSQL_WARNING "01000"

/* What came of a question. */
struct pgsql_answer {
    const char *host;     /* who was asked, for the line; NULL: nobody in particular */
    const char *sqlstate; /* PostgreSQL's manual, appendix A; NULL: there was no answer */
    const char *word;     /* what libpq or the server says of it; NULL: nothing */
    const char *cause;    /* why there was none, where that is known; else NULL */
    bool writes;          /* it was to change something */
};

/* What is to be done about it. */
struct pgsql_failure {
    enum asp_status status;
    bool closes;   /* the connection is of no use any more */
    bool anew;     /* a read is asked once more, on a new connection */
    bool again;    /* it was in the way of others: the same is said again, on this connection too */
    bool unknown;  /* a write: whether it was done, or whether that lasts, is not known */
    bool down;     /* it is not this question alone that there would be no answer to */
    bool no_store; /* the database has none */
};

/*
 * Judges an answer, and leaves one line in `error`, which names the SQLSTATE. The word is in it
 * where the server says something of itself; where its word could have a value of the question in
 * it, it is left out. Nothing in the line disturbs a log or a terminal.
 */
struct pgsql_failure pgsql_failure_of(const struct pgsql_answer *answer, struct asp_error *error);

/*
 * The SQLSTATE in what libpq says of a connection that was refused while its verbosity was
 * PQERRORS_VERBOSE: it has no other way to tell it. Returns what the server says behind it; NULL:
 * there is none in it.
 */
const char *pgsql_sqlstate_in(const char *word, char sqlstate[PGSQL_SQLSTATE_SIZE]);

#endif
