/* What was sent on a connection, and what comes back, without waiting. */
#include "exchange.h"

#include <poll.h>
#include <sodium.h>
#include <stddef.h>

void exchange_free_result(PGresult *result)
{
    if (result == NULL)
        return;
    for (int row = 0; row < PQntuples(result); row++) {
        for (int column = 0; column < PQnfields(result); column++) {
            if (!PQgetisnull(result, row, column))
                sodium_memzero(PQgetvalue(result, row, column),
                               (size_t)PQgetlength(result, row, column));
        }
    }
    PQclear(result);
}

void exchange_free(struct exchange *exchange)
{
    exchange_free_result(exchange->rows);
    exchange_free_result(exchange->error);
    exchange->rows = exchange->error = NULL;
}

static const char *sqlstate_of(const PGresult *result)
{
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static void keep(struct exchange *exchange, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        exchange_free_result(exchange->rows);
        exchange->rows = result;
        break;
    case PGRES_FATAL_ERROR:
        /* What ends a connection is told, and then that it has ended: the first says why. */
        if (exchange->error == NULL)
            exchange->error = result;
        else
            exchange_free_result(result);
        break;
    default: /* a COPY, of which there would be no end: nobody has asked for one */
        exchange->broken = exchange->over = true;
        exchange_free_result(result);
    }
}

short exchange_go_on(PGconn *conn, struct exchange *exchange)
{
    PGresult *result;
    int unsent = PQflush(conn); /* what cannot be sent has its reason in what is read */

    if (PQconsumeInput(conn) == 0)
        exchange->broken = true;
    while (!exchange->over && PQisBusy(conn) == 0) {
        result = PQgetResult(conn);
        if (result == NULL)
            exchange->over = true;
        else
            keep(exchange, result);
    }
    if (exchange->broken || PQstatus(conn) != CONNECTION_OK)
        exchange->broken = exchange->over = true;
    if (exchange->over)
        return 0;
    return unsent == 1 ? POLLIN | POLLOUT : POLLIN;
}

bool exchange_succeeded(const PGconn *conn, const struct exchange *exchange)
{
    return exchange->over && !exchange->broken && exchange->error == NULL &&
           exchange->rows != NULL && PQtransactionStatus(conn) == PQTRANS_IDLE;
}

const char *exchange_word(const PGconn *conn, const struct exchange *exchange)
{
    const char *word = NULL;

    if (exchange->error != NULL) {
        word = PQresultErrorField(exchange->error, PG_DIAG_MESSAGE_PRIMARY);
        if (word == NULL)
            word = PQresultErrorMessage(exchange->error);
    }
    return word == NULL ? PQerrorMessage(conn) : word;
}

const char *exchange_sqlstate(const struct exchange *exchange)
{
    return exchange->error == NULL ? NULL : sqlstate_of(exchange->error);
}
