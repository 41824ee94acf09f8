/* What is sent to a database and what comes back, with a libpq that is played: what it would find
 * on a connection is set down in each test. */
#include "unit.h"

#include "asp/pgsql/exchange.h"
#include "asp/pgsql/result.h"

#include <poll.h>
#include <string.h>

enum { ROWS = 2, COLUMNS = 3, VALUE = 8, RESULTS = 4 };

struct pg_result {
    ExecStatusType status;
    const char *sqlstate;
    const char *primary;
    const char *message;
    char values[ROWS][COLUMNS][VALUE];
    bool null[ROWS][COLUMNS];
    unsigned cleared;
};

struct pg_conn {
    PGresult *results[RESULTS]; /* then NULL */
    int count;
    int there; /* so many of them, and the end when it is more; then it is busy */
    int given;
    int unsent;
    bool gone; /* nothing is read any more */
    ConnStatusType status;
    PGTransactionStatusType transaction;
};

int PQntuples(const PGresult *result)
{
    return result->status == PGRES_TUPLES_OK ? ROWS : 0;
}

int PQnfields(const PGresult *result)
{
    return result->status == PGRES_TUPLES_OK ? COLUMNS : 0;
}

int PQgetisnull(const PGresult *result, int row, int column)
{
    ck_assert(row >= 0 && row < ROWS && column >= 0 && column < COLUMNS);
    return result->null[row][column];
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
    ck_assert(!PQgetisnull(result, row, column));
    return ((PGresult *)result)->values[row][column];
}

int PQgetlength(const PGresult *result, int row, int column)
{
    return (int)strlen(PQgetvalue(result, row, column));
}

void PQclear(PGresult *result)
{
    result->cleared++;
}

ExecStatusType PQresultStatus(const PGresult *result)
{
    return result->status;
}

char *PQresultErrorField(const PGresult *result, int field)
{
    ck_assert(field == PG_DIAG_SQLSTATE || field == PG_DIAG_MESSAGE_PRIMARY);
    return (char *)(field == PG_DIAG_SQLSTATE ? result->sqlstate : result->primary);
}

char *PQresultErrorMessage(const PGresult *result)
{
    return (char *)result->message;
}

int PQflush(PGconn *conn)
{
    return conn->unsent;
}

int PQconsumeInput(PGconn *conn)
{
    return !conn->gone;
}

int PQisBusy(PGconn *conn)
{
    return conn->given >= conn->there;
}

PGresult *PQgetResult(PGconn *conn)
{
    ck_assert_int_lt(conn->given, conn->there);
    ck_assert_int_le(conn->given, conn->count);
    return conn->given++ < conn->count ? conn->results[conn->given - 1] : NULL;
}

ConnStatusType PQstatus(const PGconn *conn)
{
    return conn->status;
}

PGTransactionStatusType PQtransactionStatus(const PGconn *conn)
{
    return conn->transaction;
}

char *PQerrorMessage(const PGconn *conn)
{
    (void)conn;
    return (char *)"what libpq says";
}

static struct pg_result rows_of(const char *value)
{
    struct pg_result result = {.status = PGRES_TUPLES_OK};

    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++)
            (void)snprintf(result.values[row][column], VALUE, "%s", value);
    }
    return result;
}

static struct pg_result failure(const char *sqlstate, const char *primary)
{
    return (struct pg_result){.status = PGRES_FATAL_ERROR,
                              .sqlstate = sqlstate,
                              .primary = primary,
                              .message = "the whole message"};
}

/* All of it is there. */
static struct pg_conn with(PGresult *first, PGresult *second)
{
    const int count = (first != NULL) + (second != NULL);

    return (struct pg_conn){
        .results = {first, second}, .count = count, .there = count + 1, .status = CONNECTION_OK};
}

START_TEST(rows_are_there_once_all_has_come)
{
    struct pg_result rows = rows_of("secret");
    struct pg_conn conn = with(&rows, NULL);
    struct exchange exchange = {0};

    conn.there = 0;
    ck_assert_int_eq(exchange_go_on(&conn, &exchange), POLLIN);
    ck_assert(!exchange.over && exchange.rows == NULL);
    conn.there = 1;
    ck_assert_int_eq(exchange_go_on(&conn, &exchange), POLLIN);
    ck_assert(!exchange.over && !exchange_succeeded(&conn, &exchange));
    conn.there = 2;
    ck_assert_int_eq(exchange_go_on(&conn, &exchange), 0);
    ck_assert(exchange.over && !exchange.broken && exchange.rows == &rows);
    ck_assert(exchange_succeeded(&conn, &exchange));
    ck_assert_ptr_null(exchange_sqlstate(&exchange));
    ck_assert_uint_eq(rows.cleared, 0);
}
END_TEST

START_TEST(what_is_not_sent_yet_is_waited_for_too)
{
    struct pg_conn conn = with(NULL, NULL);
    struct exchange exchange = {0};

    conn.there = 0;
    conn.unsent = 1;
    ck_assert_int_eq(exchange_go_on(&conn, &exchange), POLLIN | POLLOUT);
    conn.unsent = -1;
    ck_assert_int_eq(exchange_go_on(&conn, &exchange), POLLIN);
}
END_TEST

START_TEST(of_what_succeeds_the_last_is_kept_and_the_others_are_wiped)
{
    struct pg_result first = rows_of("secret");
    struct pg_result last = {.status = PGRES_COMMAND_OK};
    struct pg_conn conn = with(&first, &last);
    struct exchange exchange = {0};

    ck_assert_int_eq(exchange_go_on(&conn, &exchange), 0);
    ck_assert_ptr_eq(exchange.rows, &last);
    ck_assert_uint_eq(first.cleared, 1);
    ck_assert_uint_eq(last.cleared, 0);
    ck_assert(exchange_succeeded(&conn, &exchange));
}
END_TEST

START_TEST(of_what_fails_the_first_says_why)
{
    struct pg_result first = failure("57P01", "it is shut down");
    struct pg_result last = failure("08006", "it has gone");
    struct pg_conn conn = with(&first, &last);
    struct exchange exchange = {0};

    ck_assert_int_eq(exchange_go_on(&conn, &exchange), 0);
    ck_assert_ptr_eq(exchange.error, &first);
    ck_assert_uint_eq(first.cleared, 0);
    ck_assert_uint_eq(last.cleared, 1);
    ck_assert_str_eq(exchange_sqlstate(&exchange), "57P01");
    ck_assert_str_eq(exchange_word(&conn, &exchange), "it is shut down");
    ck_assert(!exchange_succeeded(&conn, &exchange));
}
END_TEST

START_TEST(without_a_word_of_the_server_it_is_that_of_libpq)
{
    struct pg_result error = failure(NULL, NULL);
    struct pg_conn conn = with(NULL, NULL);
    struct exchange exchange = {.error = &error};

    ck_assert_str_eq(exchange_word(&conn, &exchange), "the whole message");
    ck_assert_ptr_null(exchange_sqlstate(&exchange));
    error.message = NULL;
    ck_assert_str_eq(exchange_word(&conn, &exchange), "what libpq says");
    exchange.error = NULL;
    ck_assert_str_eq(exchange_word(&conn, &exchange), "what libpq says");
}
END_TEST

START_TEST(a_commit_that_fails_behind_its_rows_is_no_success)
{
    struct pg_result rows = rows_of("secret");
    struct pg_result error = failure("40001", "in vain");
    struct pg_conn conn = with(&rows, &error);
    struct exchange exchange = {0};

    ck_assert_int_eq(exchange_go_on(&conn, &exchange), 0);
    ck_assert(exchange.rows == &rows && exchange.error == &error);
    ck_assert(!exchange_succeeded(&conn, &exchange));
}
END_TEST

START_TEST(what_nobody_has_asked_for_ends_it)
{
    struct pg_result copy = {.status = PGRES_COPY_OUT};
    struct pg_result rows = rows_of("secret");
    struct pg_conn conn = with(&copy, &rows);
    struct exchange exchange = {0};

    ck_assert_int_eq(exchange_go_on(&conn, &exchange), 0);
    ck_assert(exchange.broken && exchange.over);
    ck_assert_ptr_null(exchange.rows);
    ck_assert_uint_eq(copy.cleared, 1);
    ck_assert_int_eq(conn.given, 1);
}
END_TEST

START_TEST(when_the_other_end_is_gone_what_it_said_last_is_read)
{
    struct pg_result error = failure("57P01", "it is shut down");
    struct pg_conn conn = with(&error, NULL);
    struct exchange exchange = {0};

    conn.there = 1;
    conn.gone = true;
    ck_assert_int_eq(exchange_go_on(&conn, &exchange), 0);
    ck_assert(exchange.broken && exchange.over);
    ck_assert_str_eq(exchange_sqlstate(&exchange), "57P01");
}
END_TEST

START_TEST(a_connection_that_is_bad_is_over)
{
    struct pg_conn conn = with(NULL, NULL);
    struct exchange exchange = {0};

    conn.there = 0;
    conn.status = CONNECTION_BAD;
    ck_assert_int_eq(exchange_go_on(&conn, &exchange), 0);
    ck_assert(exchange.broken && exchange.over);
}
END_TEST

START_TEST(it_has_succeeded_when_nothing_is_left_open)
{
    struct pg_result rows = rows_of("secret");
    struct pg_result error = failure("40001", "in vain");
    struct pg_conn conn = with(NULL, NULL);
    const struct exchange whole = {.rows = &rows, .over = true};
    struct exchange exchange = whole;

    ck_assert(exchange_succeeded(&conn, &exchange));
    exchange.over = false;
    ck_assert(!exchange_succeeded(&conn, &exchange));
    exchange = whole;
    exchange.broken = true;
    ck_assert(!exchange_succeeded(&conn, &exchange));
    exchange = whole;
    exchange.error = &error;
    ck_assert(!exchange_succeeded(&conn, &exchange));
    exchange = whole;
    exchange.rows = NULL;
    ck_assert(!exchange_succeeded(&conn, &exchange));
    conn.transaction = PQTRANS_INTRANS;
    ck_assert(!exchange_succeeded(&conn, &whole));
}
END_TEST

START_TEST(each_value_is_wiped_before_it_is_freed)
{
    static const char nothing[VALUE];
    struct pg_result rows = rows_of("secret");
    struct pg_result other = rows_of("more");
    struct pg_result error = failure("40001", "in vain");
    struct exchange exchange = {.rows = &other, .error = &error};

    rows.null[1][0] = true;
    pgsql_result_free(&rows);
    ck_assert_uint_eq(rows.cleared, 1);
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            if (rows.null[row][column])
                ck_assert_str_eq(rows.values[row][column], "secret");
            else
                ck_assert_mem_eq(rows.values[row][column], nothing, VALUE);
        }
    }
    exchange_free_result(NULL);
    exchange_free(&exchange);
    ck_assert(exchange.rows == NULL && exchange.error == NULL);
    ck_assert(other.cleared == 1 && error.cleared == 1);
    exchange_free(&exchange);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, rows_are_there_once_all_has_come);
    unit_add(suite, what_is_not_sent_yet_is_waited_for_too);
    unit_add(suite, of_what_succeeds_the_last_is_kept_and_the_others_are_wiped);
    unit_add(suite, of_what_fails_the_first_says_why);
    unit_add(suite, without_a_word_of_the_server_it_is_that_of_libpq);
    unit_add(suite, a_commit_that_fails_behind_its_rows_is_no_success);
    unit_add(suite, what_nobody_has_asked_for_ends_it);
    unit_add(suite, when_the_other_end_is_gone_what_it_said_last_is_read);
    unit_add(suite, a_connection_that_is_bad_is_over);
    unit_add(suite, it_has_succeeded_when_nothing_is_left_open);
    unit_add(suite, each_value_is_wiped_before_it_is_freed);
}

int main(void)
{
    return unit_run("pgsql_exchange", fill);
}
