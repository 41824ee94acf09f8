/* Leases, by the clock of the database. */
#include "lease.h"

#include "own.h"
#include "result.h"

#include "asp/time_text.h"

#define LEFT_MAX (ASP_TIME_MAX * MS)

enum { MS = 1000 };

static const struct pgsql_statement take = {
    .name = "take_lease",
    .text = "SELECT mine, held_by, left_ms FROM asp.take_lease($1, $2, $3::int)",
    .values = 3,
    .writes = true,
};

static const struct pgsql_statement look = {
    .name = "look at lease",
    .text = "SELECT l.holder = $2, l.holder,"
            " floor(extract(epoch FROM l.until - clock_timestamp()) * 1000)::bigint"
            " FROM asp.lease l WHERE l.what = $1",
    .values = 2,
};

/* What a row tells. False: it is none of ours. */
static bool read_row(const struct pg_result *result, struct pgsql_lease *lease)
{
    int64_t mine = 0;
    const bool told = pgsql_number(result, 0, 0, &mine) &&
                      pgsql_text(result, 0, 1, lease->holder, sizeof lease->holder) &&
                      pgsql_number_within(result, 0, 2, -LEFT_MAX, LEFT_MAX, &lease->left);

    lease->is_ours = told && mine != 0;
    return told;
}

enum asp_status pgsql_lease_take(struct pgsql_store *own, const char *what, const char *holder,
                                 int seconds, struct pgsql_lease *lease, struct asp_error *error)
{
    const struct pgsql_number number = pgsql_number_text(seconds);
    const struct pgsql_value values[] = {
        {.bytes = what}, {.bytes = holder}, {.bytes = number.text}};
    struct pg_result *result = NULL;
    enum asp_status status = pgsql_say(own, &take, values, pgsql_wait_until(own), &result, error);

    *lease = (struct pgsql_lease){0};
    if (status == ASP_OK && !read_row(result, lease))
        status = pgsql_not_ours(error);
    pgsql_result_free(result);
    return status;
}

enum asp_status pgsql_lease_look(struct pgsql_store *own, const char *what, const char *holder,
                                 int seconds, struct pgsql_lease *lease, struct asp_error *error)
{
    const struct pgsql_value values[] = {{.bytes = what}, {.bytes = holder}};
    struct pg_result *result = NULL;
    enum asp_status status =
        pgsql_ask(own->connection, &look, values, pgsql_wait_until(own), &result, error);

    *lease = (struct pgsql_lease){0};
    if (status == ASP_OK && pgsql_row_count(result) == 0)
        status = ASP_NOT_FOUND;
    else if (status == ASP_OK && !read_row(result, lease))
        status = pgsql_not_ours(error);
    if (lease->left > seconds * (int64_t)MS) /* of a clock that was ahead */
        lease->left = 0;
    pgsql_result_free(result);
    return status;
}
