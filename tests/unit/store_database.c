/* A store in a real database. */
#include "store_database.h"

#include "unit.h"

#include "asp/clock.h"
#include "asp/pgsql/connection.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/store.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

static struct asp_database_host host = {.name = "", .port = 5432};
static struct asp_conf conf;

bool database_is_there(void)
{
    return getenv("ASP_TEST_DATABASE") != NULL;
}

static void ask(struct pgsql_connection *connection, const char *text)
{
    const struct pgsql_statement statement = {.name = "once", .text = text, .writes = true};
    struct pg_result *result = NULL;
    struct asp_error error = {0};

    ck_assert_msg(pgsql_ask(connection, &statement, NULL, asp_clock_ms() + PATIENCE_MS, &result,
                            &error) == ASP_OK,
                  "%s: %s", text, error.text);
    pgsql_result_free(result);
}

void database_empty(void)
{
    struct pgsql_connection *connection = pgsql_connection_new("tests");

    ck_assert_ptr_nonnull(connection);
    pgsql_connection_use(connection, &conf.database, "asp_admin");
    ask(connection, "WITH a AS (DELETE FROM asp.account), u AS (DELETE FROM asp.used),"
                    " x AS (DELETE FROM asp.expiry), w AS (DELETE FROM asp.password)"
                    " DELETE FROM asp.ended");
    pgsql_connection_free(connection);
}

void database_begin(struct asp_store_kept *kept)
{
    struct pgsql_store *own = pgsql_store_new("tests");
    struct asp_error error = {0};

    ck_assert_ptr_nonnull(own);
    host.address = getenv("ASP_TEST_DATABASE");
    conf = (struct asp_conf){
        .store = strdup(unit_folder()),
        .database = {.hosts = &host,
                     .host_count = 1,
                     .name = getenv("ASP_TEST_DATABASE_NAME"),
                     .ca = "",
                     .cert = "",
                     .key = "",
                     .passfile = "",
                     .wait = 5000},
    };
    pgsql_store_use(own, &conf, "asp_admin", kept);
    ck_assert_msg(pgsql_store_join(own, &error) == ASP_OK, "%s", error.text);
}
