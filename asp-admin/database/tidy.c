/* What nobody needs any more is taken away from the store of a database. */
#include "tidy.h"

#include "patient.h"

#include "asp/pgsql/connection.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/store.h"

#include <stdint.h>
#include <stdio.h>

static const struct pgsql_statement tidy = {
    .name = "tidy",
    .text = "SELECT events, accounts, expiries, uses"
            " FROM asp.tidy($1::smallint, now() - interval '30 days')",
    .values = 1,
    .writes = true,
};

/* A revocation may hold the part's counter at the moment. */
static enum asp_status ask(struct pgsql_connection *connection, int part, struct pg_result **result,
                           struct asp_error *error)
{
    char number[24];
    const struct pgsql_value values[] = {{.bytes = number}};

    (void)snprintf(number, sizeof number, "%d", part);
    return database_ask(connection, &tidy, values, result, error);
}

static void count(const struct pg_result *result, size_t column, unsigned long long *sum)
{
    int64_t number;

    if (pgsql_number(result, 0, column, &number))
        *sum += (unsigned long long)number;
}

enum asp_status database_tidy(struct pgsql_store *own, struct database_tidied *tidied,
                              struct asp_error *error)
{
    struct pgsql_pin found = {0};
    enum asp_status status = pgsql_store_is_joined(own, &found, error);

    *tidied = (struct database_tidied){0};
    for (int part = 0; status == ASP_OK && part < found.parts; part++) {
        struct pg_result *result = NULL;

        status = ask(pgsql_store_connection(own), part, &result, error);
        if (status == ASP_OK) {
            count(result, 0, &tidied->events);
            count(result, 1, &tidied->accounts);
            count(result, 2, &tidied->expiries);
            count(result, 3, &tidied->uses);
        }
        pgsql_result_free(result);
    }
    return status;
}
