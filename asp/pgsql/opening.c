/* A connection to the one of all hosts that is written to. */
#include "opening.h"

#include "certificate.h"
#include "exchange.h"
#include "failure.h"
#include "parameters.h"
#include "socket_folder.h"

#include "asp/buffer.h"
#include "asp/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A standby is read-only, whatever it is set to; before version 14 a server does not say whether it
 * is one. Whose warnings are switched off could not say that a commit is not on its standby.
 */
#define QUESTION                                                                                   \
    "SELECT pg_catalog.current_setting('transaction_read_only'),"                                  \
    " pg_catalog.current_setting('client_min_messages'),"                                          \
    " pg_catalog.current_setting('in_hot_standby', true)"

/* The connection to one host, until it is won or lost. */
struct attempt {
    const struct asp_database_host *host;
    PGconn *conn; /* NULL: lost */
    bool asked;
    bool is_standby; /* why it is lost: it is read-only, and not said to be so by a setting */
    bool is_silent;  /* why it is lost: it has not answered */
    short events;    /* to wait for */
    struct exchange exchange;
    struct asp_error error; /* why it is lost */
};

static void lose(struct attempt *attempt)
{
    exchange_free(&attempt->exchange);
    PQfinish(attempt->conn);
    attempt->conn = NULL;
}

/* By what libpq says before version 16, and since. */
static bool is_without_password(const char *word)
{
    return strstr(word, "no password supplied") != NULL ||
           strstr(word, "method requirement \"none\" failed") != NULL;
}

static void advise_password(const struct asp_database_host *host, struct asp_error *error)
{
    const char *advice = asp_database_host_is_folder(host)
                             ? "let the role in by peer in pg_hba.conf: asp-store(7)"
                             : "name the file of passwords in database.passfile; or have "
                               "pg_hba.conf take the certificate of database.cert: asp-store(7)";

    (void)asp_advise(error, error->status, "%s", advice);
}

/* With what libpq says, in which there may be what the server has said. */
static void lose_for(struct attempt *attempt, const struct pgsql_way *way, const char *sqlstate,
                     const char *word)
{
    const struct pgsql_certificate_fault *fault = NULL;
    bool is_bare = false;
    char found[PGSQL_SQLSTATE_SIZE];
    struct pgsql_answer answer = {
        .host = pgsql_host_label(attempt->host), .sqlstate = sqlstate, .word = word};

    if (sqlstate == NULL) {
        const char *said = pgsql_sqlstate_in(word, found);

        if (said != NULL) {
            answer.sqlstate = found;
            answer.word = said;
        } else {
            fault = pgsql_certificate_fault_in(word);
            is_bare = fault == NULL && is_without_password(word);
        }
    }
    if (fault != NULL) {
        answer.cause = pgsql_certificate_cause(fault);
        answer.word = pgsql_certificate_word(fault, word);
    } else if (is_bare) {
        answer.cause = "it asks for a password, and this machine has none for it";
    }
    attempt->is_silent = answer.sqlstate == NULL && answer.cause == NULL;
    (void)pgsql_failure_of(&answer, &attempt->error);
    if (is_bare)
        advise_password(attempt->host, &attempt->error);
    if (fault != NULL)
        pgsql_certificate_advise(fault, way->database, attempt->host, &attempt->error);
    lose(attempt);
}

static void ignore(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static void begin(struct attempt *attempt, const struct pgsql_way *way,
                  const struct asp_database *told, const char *password)
{
    struct pgsql_parameters parameters;

    if (asp_database_host_is_folder(attempt->host) &&
        pgsql_socket_folder_check(attempt->host->address, &attempt->error) != ASP_OK)
        return;
    pgsql_parameters_give(&parameters, told, attempt->host, way->role, way->application, password);
    attempt->conn = PQconnectStartParams(parameters.keys, parameters.values, 0);
    if (attempt->conn == NULL) {
        (void)asp_fail(&attempt->error, ASP_NO_MEMORY, "out of memory");
        return;
    }
    (void)PQsetErrorVerbosity(attempt->conn, PQERRORS_VERBOSE);
    (void)PQsetNoticeReceiver(attempt->conn, ignore, NULL);
    attempt->events = POLLOUT;
    if (PQstatus(attempt->conn) == CONNECTION_BAD)
        lose_for(attempt, way, NULL, PQerrorMessage(attempt->conn));
}

/* Once connected it waits for nothing, also when it is ended. */
static bool ask(struct attempt *attempt)
{
    attempt->asked = true;
    return PQsetnonblocking(attempt->conn, 1) == 0 &&
           PQsendQueryParams(attempt->conn, QUESTION, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/* Goes on until it is asked. False: not yet, or lost. */
static bool connect_further(struct attempt *attempt, const struct pgsql_way *way)
{
    switch (PQconnectPoll(attempt->conn)) {
    case PGRES_POLLING_READING:
        attempt->events = POLLIN;
        return false;
    case PGRES_POLLING_WRITING:
        attempt->events = POLLOUT;
        return false;
    case PGRES_POLLING_OK:
        if (ask(attempt))
            return true;
        break;
    default:
        break;
    }
    lose_for(attempt, way, NULL, PQerrorMessage(attempt->conn));
    return false;
}

/* Whether a server that says no less than this says nothing of warnings. */
static bool hides_warnings(const char *level)
{
    return strcmp(level, "error") == 0 || strcmp(level, "fatal") == 0 ||
           strcmp(level, "panic") == 0;
}

static void lose_read_only(struct attempt *attempt, const struct pgsql_way *way)
{
    attempt->is_standby = strcmp(PQgetvalue(attempt->exchange.rows, 0, 2), "off") != 0;
    lose_for(attempt, way, "25006", "");
    if (!attempt->is_standby)
        (void)asp_advise(&attempt->error, attempt->error.status,
                         "it is no standby: RESET default_transaction_read_only where it is set, "
                         "by ALTER ROLE %s, ALTER DATABASE or ALTER SYSTEM",
                         way->role);
}

/* True where the answer is that of the host that is looked for. */
static bool judge(struct attempt *attempt, const struct pgsql_way *way)
{
    const PGresult *rows = attempt->exchange.rows;

    if (!exchange_succeeded(attempt->conn, &attempt->exchange)) {
        lose_for(attempt, way, exchange_sqlstate(&attempt->exchange),
                 exchange_word(attempt->conn, &attempt->exchange));
        return false;
    }
    if (PQntuples(rows) != 1 || PQnfields(rows) != 3) {
        lose_for(attempt, way, "", "");
        return false;
    }
    if (strcmp(PQgetvalue(rows, 0, 0), "off") != 0) {
        lose_read_only(attempt, way);
        return false;
    }
    if (hides_warnings(PQgetvalue(rows, 0, 1))) {
        (void)asp_fail(&attempt->error, ASP_IO, "database %s: client_min_messages is %s there",
                       pgsql_host_label(attempt->host), PQgetvalue(rows, 0, 1));
        (void)asp_advise(&attempt->error, ASP_IO, "ALTER ROLE %s RESET client_min_messages",
                         way->role);
        lose(attempt);
        return false;
    }
    return true;
}

/* Goes on as far as it gets. True: won. */
static bool go_on(struct attempt *attempt, const struct pgsql_way *way)
{
    if (!attempt->asked && !connect_further(attempt, way))
        return false;
    attempt->events = exchange_go_on(attempt->conn, &attempt->exchange);
    return attempt->events == 0 && judge(attempt, way);
}

/* Waits for one of them to get further. False: none can, or not in time. */
static bool wait_for(const struct attempt *attempts, struct pollfd *polled, size_t count,
                     int64_t deadline)
{
    size_t alive = 0;
    int64_t left = deadline - asp_clock_ms();
    int code;

    for (size_t i = 0; i < count; i++) {
        bool lost = attempts[i].conn == NULL;

        alive += lost ? 0 : 1;
        polled[i] = (struct pollfd){lost ? -1 : PQsocket(attempts[i].conn), attempts[i].events, 0};
    }
    if (alive == 0 || left <= 0)
        return false;
    do {
        code = poll(polled, (nfds_t)count, (int)left);
        left = deadline - asp_clock_ms();
    } while (code < 0 && errno == EINTR && left > 0);
    return code > 0;
}

/* The one that is won, or NULL: those that are left have said nothing in time. */
static struct attempt *race(struct attempt *attempts, struct pollfd *polled,
                            const struct pgsql_way *way, int64_t deadline)
{
    size_t count = way->database->host_count;

    while (wait_for(attempts, polled, count, deadline)) {
        for (size_t i = 0; i < count; i++) {
            if (polled[i].revents != 0 && go_on(&attempts[i], way))
                return &attempts[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (attempts[i].conn != NULL)
            lose_for(&attempts[i], way, NULL, "it has said nothing in time");
    }
    return NULL;
}

/* The first one; what is to be done about silence where no other host says more. */
static const char *advice_of(const struct attempt *attempts, size_t count)
{
    const char *advice = "";

    for (size_t i = 0; i < 2 * count && advice[0] == '\0'; i++) {
        if (attempts[i % count].is_silent == (i >= count))
            advice = attempts[i % count].error.advice;
    }
    return advice;
}

/* A line of each. */
static enum asp_status say_all(const struct attempt *attempts, size_t count,
                               struct asp_error *error)
{
    char room[ASP_ERROR_TEXT];
    struct asp_buffer line = asp_buffer_on(room, sizeof room);
    const char *advice = advice_of(attempts, count);
    enum asp_status status = attempts[0].error.status;
    size_t standbys = 0;

    for (size_t i = 0; i < count; i++) {
        asp_buffer_add(&line, i == 0 ? "" : ", and ");
        asp_buffer_add(&line, attempts[i].error.text);
        if (attempts[i].error.status != status)
            status = ASP_IO;
        standbys += attempts[i].is_standby ? 1 : 0;
    }
    if (standbys == count)
        advice = count == 1 ? "it is a standby: name the primary in hosts of asp.conf, too"
                            : "all are standbys: name the primary in hosts of asp.conf, too, or "
                              "promote one of them";
    (void)asp_fail(error, status, "%s", room);
    if (advice[0] != '\0')
        (void)asp_advise(error, status, "%s", advice);
    asp_buffer_free(&line);
    return status;
}

/* What was read by another, in files that libpq can read. `told` is what it is told of the
 * database. */
static enum asp_status take_copies(const struct pgsql_way *way, int64_t deadline,
                                   struct pgsql_credentials *credentials,
                                   struct pgsql_copies *copies, struct asp_database *told,
                                   struct asp_error *error)
{
    enum asp_status status =
        way->reader->credentials(way->reader->context, deadline, credentials, error);

    if (status == ASP_OK)
        status = pgsql_copies_make(credentials, copies, error);
    told->ca = copies->paths[PGSQL_CA];
    told->cert = copies->paths[PGSQL_CERT];
    told->key = copies->paths[PGSQL_KEY];
    return status;
}

/* What root alone may read is read anew for each connection, so that what is changed is taken at
 * the next one. */
static enum asp_status begin_all(struct attempt *attempts, const struct pgsql_way *way,
                                 int64_t deadline, struct pgsql_copies *copies,
                                 struct asp_error *error)
{
    const struct asp_database *database = way->database;
    struct pgsql_credentials credentials = PGSQL_NO_CREDENTIALS;
    struct asp_database told = *database;
    enum asp_status status = way->reader == NULL
                                 ? pgsql_credentials_read(database, way->role, &credentials, error)
                                 : take_copies(way, deadline, &credentials, copies, &told, error);

    for (size_t i = 0; status == ASP_OK && i < database->host_count; i++) {
        attempts[i].host = &database->hosts[i];
        begin(&attempts[i], way, &told,
              credentials.password[0] == '\0' ? NULL : credentials.password);
    }
    pgsql_credentials_close(&credentials);
    return status;
}

enum asp_status pgsql_open(const struct pgsql_way *way, int64_t deadline, PGconn **conn,
                           const struct asp_database_host **host, struct asp_error *error)
{
    size_t count = way->database->host_count;
    struct attempt *attempts = calloc(count, sizeof *attempts);
    struct pollfd *polled = calloc(count, sizeof *polled);
    struct attempt *won = NULL;
    struct pgsql_copies copies = PGSQL_NO_COPIES; /* until libpq has read them, while it connects */
    enum asp_status status;

    *conn = NULL;
    if (attempts == NULL || polled == NULL) {
        status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    } else {
        status = begin_all(attempts, way, deadline, &copies, error);
        if (status == ASP_OK) {
            won = race(attempts, polled, way, deadline);
            if (won == NULL)
                status = say_all(attempts, count, error);
        }
    }
    if (won != NULL) {
        *conn = won->conn;
        *host = won->host;
        won->conn = NULL;
        exchange_free(&won->exchange);
    }
    for (size_t i = 0; attempts != NULL && i < count; i++) {
        if (attempts[i].conn != NULL)
            lose(&attempts[i]);
    }
    pgsql_copies_close(&copies);
    free(attempts);
    free(polled);
    return status;
}
