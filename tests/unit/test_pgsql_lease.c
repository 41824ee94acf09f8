/* Leases, with a database that is played: what is asked for, and what its answer is taken for. */
#include "unit.h"

#include "asp/pgsql/lease.h"
#include "asp/pgsql/own.h"

#include <libpq-fe.h>
#include <string.h>

enum { NOW = 5000000, WAIT = 700 };

static const struct asp_conf conf = {.database = {.wait = WAIT}};
static struct pgsql_store own = {.conf = &conf};
static struct pgsql_lease lease;
static struct asp_error error;

/* What was asked for last, and the answer. */
static struct {
    bool writes;
    char values[3][32];
    int64_t until;
    enum asp_status status;
    PGresult *result;
} asked;

static int64_t now(void)
{
    return NOW;
}

static enum asp_status answer(const struct pgsql_statement *statement,
                              const struct pgsql_value *values, int64_t until,
                              struct pg_result **result)
{
    asked.writes = statement->writes;
    asked.until = until;
    for (size_t i = 0; i < statement->values; i++)
        (void)snprintf(asked.values[i], sizeof asked.values[i], "%s", values[i].bytes);
    *result = asked.status == ASP_OK ? asked.result : NULL;
    return asked.status;
}

enum asp_status __wrap_pgsql_say(struct pgsql_store *store, const struct pgsql_statement *statement,
                                 const struct pgsql_value *values, int64_t until,
                                 struct pg_result **result, struct asp_error *why);
enum asp_status __wrap_pgsql_say(struct pgsql_store *store, const struct pgsql_statement *statement,
                                 const struct pgsql_value *values, int64_t until,
                                 struct pg_result **result, struct asp_error *why)
{
    (void)why;
    ck_assert_ptr_eq(store, &own);
    return answer(statement, values, until, result);
}

enum asp_status __wrap_pgsql_ask(struct pgsql_connection *connection,
                                 const struct pgsql_statement *statement,
                                 const struct pgsql_value *values, int64_t deadline,
                                 struct pg_result **result, struct asp_error *why);
enum asp_status __wrap_pgsql_ask(struct pgsql_connection *connection,
                                 const struct pgsql_statement *statement,
                                 const struct pgsql_value *values, int64_t deadline,
                                 struct pg_result **result, struct asp_error *why)
{
    (void)why;
    ck_assert_ptr_eq(connection, own.connection);
    return answer(statement, values, deadline, result);
}

/* A row, or none where `holder` is NULL; `left` is 8 bytes, or NULL. */
static void answers(const char *mine, const char *holder, const char *left)
{
    char name[] = "a";
    PGresAttDesc columns[3] = {{.name = name}, {.name = name}, {.name = name}};

    asked.status = ASP_OK;
    asked.result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    ck_assert_ptr_nonnull(asked.result);
    ck_assert_int_eq(PQsetResultAttrs(asked.result, 3, columns), 1);
    if (holder == NULL)
        return;
    ck_assert_int_eq(PQsetvalue(asked.result, 0, 0, (char *)(uintptr_t)mine, mine ? 1 : -1), 1);
    ck_assert_int_eq(PQsetvalue(asked.result, 0, 1, (char *)(uintptr_t)holder, (int)strlen(holder)),
                     1);
    ck_assert_int_eq(PQsetvalue(asked.result, 0, 2, (char *)(uintptr_t)left, left ? 8 : -1), 1);
}

#define LEFT_5000 "\0\0\0\0\0\0\x13\x88"
#define LEFT_5001 "\0\0\0\0\0\0\x13\x89"
#define LEFT_MINUS_1 "\xff\xff\xff\xff\xff\xff\xff\xff"

static enum asp_status take(int seconds)
{
    memset(&lease, 'x', sizeof lease);
    return pgsql_lease_take(&own, "primary", "this-machine", seconds, &lease, &error);
}

static enum asp_status look(int seconds)
{
    memset(&lease, 'x', sizeof lease);
    return pgsql_lease_look(&own, "primary", "this-machine", seconds, &lease, &error);
}

static void has_none(void)
{
    static const struct pgsql_lease nothing;

    ck_assert(!lease.is_ours);
    ck_assert_str_eq(lease.holder, nothing.holder);
    ck_assert_int_eq(lease.left, 0);
}

START_TEST(it_is_taken_by_this_machine_for_so_many_seconds)
{
    answers("\1", "this-machine", LEFT_5000);
    ck_assert_int_eq(take(90), ASP_OK);
    ck_assert(asked.writes);
    ck_assert_str_eq(asked.values[0], "primary");
    ck_assert_str_eq(asked.values[1], "this-machine");
    ck_assert_str_eq(asked.values[2], "90");
    ck_assert_int_eq(asked.until, NOW + WAIT);
    ck_assert(lease.is_ours);
    ck_assert_str_eq(lease.holder, "this-machine");
    ck_assert_int_eq(lease.left, 5000);
}
END_TEST

START_TEST(whose_it_is_when_it_is_anothers_is_told)
{
    answers("\0", "another", LEFT_MINUS_1);
    ck_assert_int_eq(take(0), ASP_OK);
    ck_assert_str_eq(asked.values[2], "0");
    ck_assert(!lease.is_ours);
    ck_assert_str_eq(lease.holder, "another");
    ck_assert_int_eq(lease.left, -1);
    answers("\0", "another", LEFT_5000);
    ck_assert_int_eq(look(90), ASP_OK);
    ck_assert(!asked.writes && !lease.is_ours);
    ck_assert_str_eq(asked.values[0], "primary");
    ck_assert_str_eq(asked.values[1], "this-machine");
    ck_assert_int_eq(asked.until, NOW + WAIT);
    ck_assert_str_eq(lease.holder, "another");
    ck_assert_int_eq(lease.left, 5000);
}
END_TEST

START_TEST(one_that_lasts_longer_than_any_is_of_a_clock_that_was_ahead)
{
    answers("\1", "this-machine", LEFT_5000);
    ck_assert_int_eq(look(5), ASP_OK);
    ck_assert(lease.is_ours && lease.left == 5000);
    answers("\1", "this-machine", LEFT_5001);
    ck_assert_int_eq(look(5), ASP_OK);
    ck_assert(lease.is_ours && lease.left == 0);
    answers("\1", "this-machine", LEFT_5001);
    ck_assert_int_eq(take(5), ASP_OK);
    ck_assert_int_eq(lease.left, 5001);
}
END_TEST

START_TEST(one_that_nobody_has_had_is_not_found)
{
    answers(NULL, NULL, NULL);
    ck_assert_int_eq(look(90), ASP_NOT_FOUND);
    has_none();
    answers(NULL, NULL, NULL);
    ck_assert_int_eq(take(90), ASP_UNSAFE);
    has_none();
}
END_TEST

START_TEST(what_has_another_form_is_none_of_ours)
{
    char holder[PGSQL_HOLDER_MAX + 2];

    memset(holder, 'h', sizeof holder);
    holder[sizeof holder - 1] = '\0';
    answers("\1", holder, LEFT_5000);
    ck_assert_int_eq(take(90), ASP_UNSAFE);
    ck_assert(!lease.is_ours);
    answers("\1", holder, LEFT_5000);
    ck_assert_int_eq(look(90), ASP_UNSAFE);
    ck_assert(!lease.is_ours);
    holder[PGSQL_HOLDER_MAX] = '\0';
    answers("\1", holder, LEFT_5000);
    ck_assert_int_eq(take(90), ASP_OK);
    answers(NULL, holder, LEFT_5000);
    ck_assert_int_eq(take(90), ASP_UNSAFE);
    answers("\1", holder, NULL);
    ck_assert_int_eq(look(90), ASP_UNSAFE);
    ck_assert(!lease.is_ours);
}
END_TEST

START_TEST(what_is_not_answered_is_not_known)
{
    static const enum asp_status statuses[] = {ASP_IO, ASP_BUSY, ASP_UNSAFE, ASP_NO_MEMORY};

    for (size_t i = 0; i < UNIT_COUNT(statuses); i++) {
        asked.status = statuses[i];
        ck_assert_int_eq(take(90), statuses[i]);
        has_none();
        ck_assert_int_eq(look(90), statuses[i]);
        has_none();
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_clock_ms = now;
    unit_add(suite, it_is_taken_by_this_machine_for_so_many_seconds);
    unit_add(suite, whose_it_is_when_it_is_anothers_is_told);
    unit_add(suite, one_that_lasts_longer_than_any_is_of_a_clock_that_was_ahead);
    unit_add(suite, one_that_nobody_has_had_is_not_found);
    unit_add(suite, what_has_another_form_is_none_of_ours);
    unit_add(suite, what_is_not_answered_is_not_known);
}

int main(void)
{
    return unit_run("pgsql_lease", fill);
}
