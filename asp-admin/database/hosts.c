/* Which of the hosts of a database are written to. */
#include "hosts.h"

#include "asp/buffer.h"
#include "asp/clock.h"
#include "asp/pgsql/connection.h"
#include "asp/pgsql/parameters.h"
#include "asp/pgsql/result.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOOK_MS = 5000 };

/* No two servers were started in the same microsecond; and a copy has all else of the other. */
static const struct pgsql_statement started = {
    .name = "started",
    .text = "SELECT (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint",
};

/* True where this host is written to; then since when its server runs. */
static bool is_written(struct pgsql_connection *connection, int64_t *since)
{
    struct pg_result *result = NULL;
    const bool written =
        pgsql_ask(connection, &started, NULL, asp_clock_ms() + LOOK_MS, &result, NULL) == ASP_OK &&
        pgsql_number(result, 0, 0, since);

    pgsql_result_free(result);
    pgsql_connection_close(connection);
    return written;
}

static bool is_known(const int64_t *times, size_t count, int64_t since)
{
    bool known = false;

    for (size_t i = 0; i < count; i++)
        known = known || times[i] == since;
    return known;
}

bool database_find_written(const struct asp_conf *conf, const char *role,
                           struct database_written *written)
{
    char line[DATABASE_WRITTEN_SIZE] = "";
    struct asp_buffer names = asp_buffer_on(line, sizeof line);
    struct asp_database one = conf->database;
    const size_t count = one.host_count;
    struct pgsql_connection *connection = pgsql_connection_new("asp-admin");
    int64_t *times = calloc(count, sizeof *times);
    const bool room = connection != NULL && times != NULL;

    written->count = 0;
    one.host_count = 1;
    for (size_t i = 0; room && i < count; i++) {
        int64_t since;

        one.hosts = &conf->database.hosts[i];
        pgsql_connection_use(connection, &one, role);
        if (!is_written(connection, &since) || is_known(times, written->count, since))
            continue;
        times[written->count++] = since;
        asp_buffer_add(&names, written->count == 1 ? "" : " and ");
        asp_buffer_add(&names, pgsql_host_label(one.hosts));
    }
    (void)snprintf(written->names, sizeof written->names, "%s", line);
    asp_buffer_free(&names);
    pgsql_connection_free(connection);
    free(times);
    return room;
}
