/* The database is asked, and again where others hold what that needs. */
#include "patient.h"

#include "asp/clock.h"
#include "asp/pgsql/result.h"

#include <stdint.h>
#include <time.h>

enum { ASK_MS = 60000, BUSY_MS = 5000, PAUSE_NS = 100 * 1000 * 1000 };

enum asp_status database_ask(struct pgsql_connection *connection,
                             const struct pgsql_statement *statement,
                             const struct pgsql_value *values, struct pg_result **result,
                             struct asp_error *error)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const int64_t until = asp_clock_ms() + BUSY_MS;

    for (;;) {
        enum asp_status status =
            pgsql_ask(connection, statement, values, asp_clock_ms() + ASK_MS, result, error);

        if ((status != ASP_BUSY && status != ASP_AGAIN) || asp_clock_ms() >= until)
            return status;
        (void)nanosleep(&pause, NULL);
    }
}

enum asp_status database_do(struct pgsql_connection *connection,
                            const struct pgsql_statement *statement,
                            const struct pgsql_value *values, struct asp_error *error)
{
    struct pg_result *result = NULL;
    enum asp_status status = database_ask(connection, statement, values, &result, error);

    pgsql_result_free(result);
    return status;
}
