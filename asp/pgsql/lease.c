/* Leases, by the clock of the database. */
#include "lease.h"

#include "own.h"
#include "result.h"

static const struct pgsql_statement take = {
    .name = "take_lease",
    .text = "SELECT mine, held_by, left_ms FROM asp.take_lease($1, $2, $3::int)",
    .values = 3,
    .writes = true,
};

enum asp_status pgsql_lease_take(struct pgsql_store *own, const char *what, const char *holder,
                                 int seconds, struct pgsql_lease *lease, struct asp_error *error)
{
    const struct pgsql_number number = pgsql_number_text(seconds);
    const struct pgsql_value values[] = {
        {.bytes = what}, {.bytes = holder}, {.bytes = number.text}};
    struct pg_result *result = NULL;
    int64_t mine = 0;
    enum asp_status status = pgsql_say(own, &take, values, pgsql_wait_until(own), &result, error);

    *lease = (struct pgsql_lease){0};
    if (status == ASP_OK && (!pgsql_number(result, 0, 0, &mine) ||
                             !pgsql_text(result, 0, 1, lease->holder, sizeof lease->holder) ||
                             !pgsql_number(result, 0, 2, &lease->left)))
        status = pgsql_not_ours(error);
    lease->is_ours = status == ASP_OK && mine != 0;
    pgsql_result_free(result);
    return status;
}
