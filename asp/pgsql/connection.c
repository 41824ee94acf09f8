/*
 * The one connection to the database that a process keeps.
 *
 * It MUST NOT wait without a bound: PQconnectdb, PQexec, PQprepare and PQreset do. It MUST NOT ask
 * for a cancel: a commit that waits for its standby, and is cancelled, answers success.
 */
#include "connection.h"

#include "exchange.h"
#include "opening.h"
#include "parameters.h"
#include "result.h"

#include "asp/clock.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HOST_SIZE = 256, WORD_SIZE = 256, STALE_MAX = 8, PAUSE_MS = 5, LOOK_MS = 10 };

struct pgsql_connection {
    struct pgsql_way way;
    PGconn *conn;    /* NULL: it is not open */
    pid_t owner;     /* the process that has opened it */
    uint64_t opened; /* how many times it was */
    uint8_t opened_by[PGSQL_PARAMETERS_DIGEST];
    char host[HOST_SIZE];
    const struct pgsql_statement *prepared[PGSQL_STATEMENTS_MAX];
    size_t prepared_count;
    bool warned; /* since something was asked */
    char warning[WORD_SIZE];
    struct pgsql_failure failure;
    bool hides; /* where it goes */
};

struct pgsql_connection *pgsql_connection_new(const char *application)
{
    struct pgsql_connection *connection = calloc(1, sizeof *connection);

    if (connection != NULL)
        connection->way.application = application;
    return connection;
}

bool pgsql_connection_is_of_another(const struct pgsql_connection *connection,
                                    const struct asp_database *database, const char *role)
{
    uint8_t digest[PGSQL_PARAMETERS_DIGEST];

    if (connection->conn == NULL)
        return false;
    pgsql_parameters_digest(database, role, digest);
    return memcmp(digest, connection->opened_by, sizeof digest) != 0;
}

void pgsql_connection_use(struct pgsql_connection *connection, const struct asp_database *database,
                          const char *role)
{
    if (pgsql_connection_is_of_another(connection, database, role))
        pgsql_connection_close(connection);
    connection->way.database = database;
    connection->way.role = role;
}

void pgsql_connection_hide(struct pgsql_connection *connection)
{
    connection->hides = true;
}

void pgsql_connection_read_by(struct pgsql_connection *connection,
                              const struct pgsql_reader *reader)
{
    connection->way.reader = reader;
}

const struct pgsql_failure *pgsql_last_failure(const struct pgsql_connection *connection)
{
    return &connection->failure;
}

const char *pgsql_connection_host(const struct pgsql_connection *connection)
{
    return connection->host;
}

uint64_t pgsql_connection_opened(const struct pgsql_connection *connection)
{
    return connection->opened;
}

/* Takes the socket away from one that is the parent's: what libpq says to end it would be heard
 * there. False: it cannot be ended. */
static bool let_go(PGconn *conn)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool gone = nothing >= 0 && dup3(nothing, PQsocket(conn), O_CLOEXEC) >= 0;

    asp_close(nothing);
    return gone;
}

void pgsql_connection_close(struct pgsql_connection *connection)
{
    if (connection->conn != NULL && (connection->owner == getpid() || let_go(connection->conn)))
        PQfinish(connection->conn);
    connection->conn = NULL;
    connection->host[0] = '\0';
    connection->prepared_count = 0;
}

void pgsql_connection_free(struct pgsql_connection *connection)
{
    if (connection != NULL)
        pgsql_connection_close(connection);
    free(connection);
}

/* Whatever its SQLSTATE: that a commit was given up for the end of the server has the one of that.
 */
static void keep_warning(void *context, const PGresult *notice)
{
    struct pgsql_connection *connection = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
    const char *word = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

    if ((severity == NULL || strcmp(severity, "WARNING") != 0) &&
        (sqlstate == NULL || strncmp(sqlstate, "01", 2) != 0))
        return;
    connection->warned = true;
    (void)snprintf(connection->warning, sizeof connection->warning, "%s", word == NULL ? "" : word);
}

/* The line that is there, or one of nothing but that. */
static enum asp_status tell(const struct pgsql_connection *connection, enum asp_status status,
                            struct asp_error *error)
{
    if (!connection->hides || status == ASP_NO_MEMORY)
        return status;
    return asp_fail(error, status, "the database does not answer: try later");
}

static enum asp_status open_it(struct pgsql_connection *connection, int64_t deadline,
                               struct asp_error *error)
{
    const struct asp_database_host *host = NULL;
    enum asp_status status =
        pgsql_open(&connection->way, deadline, &connection->conn, &host, error);

    if (status != ASP_OK) {
        connection->failure =
            (struct pgsql_failure){.status = status, .down = status != ASP_NO_MEMORY};
        return tell(connection, status, error);
    }
    (void)snprintf(connection->host, sizeof connection->host, "%s", pgsql_host_label(host));
    (void)PQsetNoticeReceiver(connection->conn, keep_warning, connection);
    connection->owner = getpid();
    connection->opened++;
    pgsql_parameters_digest(connection->way.database, connection->way.role, connection->opened_by);
    return ASP_OK;
}

/* Whether it was ended while nothing was asked. What else has come meanwhile is heard, and is
 * nothing. */
static bool is_stale(PGconn *conn)
{
    struct pollfd polled = {.fd = PQsocket(conn), .events = POLLIN};

    for (int i = 0; i < STALE_MAX && poll(&polled, 1, 0) > 0; i++) {
        if (PQconsumeInput(conn) == 0 || PQisBusy(conn) == 1)
            return true;
    }
    return PQstatus(conn) != CONNECTION_OK;
}

static enum asp_status be_open(struct pgsql_connection *connection, int64_t deadline,
                               struct asp_error *error)
{
    if (connection->conn != NULL && (connection->owner != getpid() || is_stale(connection->conn)))
        pgsql_connection_close(connection);
    return connection->conn != NULL ? ASP_OK : open_it(connection, deadline, error);
}

/*
 * Waits until it may be worth to go on. False: the time is over.
 *
 * libpq reads as much as it has room for. What is left of a record of TLS is in OpenSSL then, where
 * poll(2) does not see it: so it is looked at again without having been told.
 */
static bool wait_for(PGconn *conn, short events, int64_t deadline)
{
    struct pollfd polled = {.fd = PQsocket(conn), .events = events};
    int64_t left = deadline - asp_clock_ms();

    if (left <= 0)
        return false;
    if (PQsslInUse(conn) == 1 && left > LOOK_MS)
        left = LOOK_MS;
    return poll(&polled, 1, (int)left) >= 0 || errno == EINTR;
}

/* Judges what went wrong, and closes what is of no use any more. */
static enum asp_status fail(struct pgsql_connection *connection, bool writes, const char *sqlstate,
                            const char *word, bool ended, struct asp_error *error)
{
    struct pgsql_answer answer = {
        .host = connection->host, .sqlstate = sqlstate, .word = word, .writes = writes};

    connection->failure = pgsql_failure_of(&answer, error);
    if (connection->failure.closes || !ended)
        pgsql_connection_close(connection);
    return tell(connection, connection->failure.status, error);
}

/* Hears the answer to what was sent, unless `sent` is false. */
static enum asp_status hear(struct pgsql_connection *connection, bool sent, bool writes,
                            int64_t deadline, struct pg_result **result, struct asp_error *error)
{
    PGconn *conn = connection->conn;
    struct exchange exchange = {0};
    enum asp_status status = ASP_OK;
    short events;

    while (sent && (events = exchange_go_on(conn, &exchange)) != 0) {
        if (wait_for(conn, events, deadline))
            continue;
        status = fail(connection, writes, exchange_sqlstate(&exchange),
                      exchange.error != NULL ? exchange_word(conn, &exchange)
                                             : "it has said nothing in time",
                      false, error);
        exchange_free(&exchange);
        return status;
    }
    if (!sent || !exchange_succeeded(conn, &exchange)) {
        status = fail(connection, writes, exchange_sqlstate(&exchange),
                      exchange_word(conn, &exchange), sent && !exchange.broken, error);
    } else if (writes && connection->warned) {
        status = fail(connection, writes, PGSQL_WARNING, connection->warning, true, error);
    } else {
        *result = exchange.rows;
        exchange.rows = NULL;
    }
    exchange_free(&exchange);
    return status;
}

static bool is_prepared(const struct pgsql_connection *connection,
                        const struct pgsql_statement *statement)
{
    for (size_t i = 0; i < connection->prepared_count; i++) {
        if (connection->prepared[i] == statement)
            return true;
    }
    return false;
}

static enum asp_status too_much(struct pgsql_connection *connection,
                                const struct pgsql_statement *statement, struct asp_error *error)
{
    connection->failure = (struct pgsql_failure){.status = ASP_NO_MEMORY};
    return asp_fail(error, ASP_NO_MEMORY, "%s: too many values, or statements", statement->name);
}

/* While a statement is prepared nothing is written. */
static enum asp_status prepare(struct pgsql_connection *connection,
                               const struct pgsql_statement *statement, int64_t deadline,
                               struct asp_error *error)
{
    struct pg_result *result = NULL;
    enum asp_status status;
    bool sent;

    if (is_prepared(connection, statement))
        return ASP_OK;
    if (connection->prepared_count == PGSQL_STATEMENTS_MAX)
        return too_much(connection, statement, error);
    sent = PQsendPrepare(connection->conn, statement->name, statement->text, 0, NULL) == 1;
    status = hear(connection, sent, false, deadline, &result, error);
    if (status == ASP_OK)
        connection->prepared[connection->prepared_count++] = statement;
    pgsql_result_free(result);
    return status;
}

static enum asp_status ask_once(struct pgsql_connection *connection,
                                const struct pgsql_statement *statement,
                                const struct pgsql_value *values, int64_t deadline,
                                struct pg_result **result, struct asp_error *error)
{
    const char *bytes[PGSQL_VALUES_MAX];
    int lengths[PGSQL_VALUES_MAX];
    int formats[PGSQL_VALUES_MAX];
    enum asp_status status = be_open(connection, deadline, error);
    bool sent;

    if (status == ASP_OK)
        status = prepare(connection, statement, deadline, error);
    if (status != ASP_OK)
        return status;
    for (size_t i = 0; i < statement->values; i++) {
        bytes[i] = values[i].bytes;
        lengths[i] = (int)values[i].length;
        formats[i] = values[i].binary ? 1 : 0;
    }
    connection->warned = false;
    sent = PQsendQueryPrepared(connection->conn, statement->name, (int)statement->values, bytes,
                               lengths, formats, 1) == 1;
    return hear(connection, sent, statement->writes, deadline, result, error);
}

/* Lets those by whom it was crossed get on. False: there is no time for that. */
static bool pause_for(int64_t milliseconds, int64_t deadline)
{
    struct timespec pause = {.tv_sec = milliseconds / 1000,
                             .tv_nsec = (long)(milliseconds % 1000) * 1000000};

    if (asp_clock_ms() + milliseconds >= deadline)
        return false;
    (void)nanosleep(&pause, NULL);
    return true;
}

enum asp_status pgsql_ask(struct pgsql_connection *connection,
                          const struct pgsql_statement *statement, const struct pgsql_value *values,
                          int64_t deadline, struct pg_result **result, struct asp_error *error)
{
    bool renewed = false;
    int64_t pause = PAUSE_MS;

    *result = NULL;
    if (statement->values > PGSQL_VALUES_MAX)
        return too_much(connection, statement, error);
    for (;;) {
        enum asp_status status = ask_once(connection, statement, values, deadline, result, error);

        if (status == ASP_OK || statement->writes)
            return status;
        if (connection->failure.anew && !renewed && asp_clock_ms() < deadline)
            renewed = true;
        else if (connection->failure.again && pause_for(pause, deadline))
            pause *= 2;
        else
            break;
    }
    /* To read the same again later is not what the caller is to do. */
    if (connection->failure.status == ASP_AGAIN) {
        connection->failure = (struct pgsql_failure){.status = ASP_BUSY};
        if (error != NULL)
            error->status = ASP_BUSY;
    }
    return connection->failure.status;
}
