/*
 * What was sent on a connection, and what comes back, without waiting: whoever calls has the
 * poll(2) and the deadline. Nothing is cancelled: a commit that waits for its standby and is
 * cancelled counts as done.
 */
#ifndef ASP_PGSQL_EXCHANGE_H
#define ASP_PGSQL_EXCHANGE_H

#include <libpq-fe.h>
#include <stdbool.h>

/* Begins as {0} when something was sent. */
struct exchange {
    PGresult *rows;  /* of what succeeded; NULL: nothing has */
    PGresult *error; /* the first one */
    bool broken;     /* the other end is gone, or has said what is not to be understood */
    bool over;
};

/*
 * Sends and reads as far as it gets. Returns the events of poll(2) to wait for, 0 once it is over.
 * It is over when the server is ready for more, and no earlier: a commit comes after the rows, and
 * can fail.
 */
short exchange_go_on(PGconn *conn, struct exchange *exchange);

/* Whether it is over, everything succeeded, and nothing is left open. */
bool exchange_succeeded(const PGconn *conn, const struct exchange *exchange);

/* What went wrong, in the words of the server, or of libpq; and the SQLSTATE, or NULL. */
const char *exchange_word(const PGconn *conn, const struct exchange *exchange);
const char *exchange_sqlstate(const struct exchange *exchange);

/* Wipes and frees a result, which may be NULL. */
void exchange_free_result(PGresult *result);

void exchange_free(struct exchange *exchange);

#endif
