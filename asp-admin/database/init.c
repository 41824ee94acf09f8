/* A store is made in a database that is there. */
#include "init.h"

#include "asp/clock.h"
#include "asp/pgsql/connection.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/schema.h"
#include "asp/pgsql/store.h"

#include <stdio.h>
#include <string.h>

enum { INIT_MS = 60000, NAME_SIZE = 16 };

_Static_assert((int)DATABASE_ID_SIZE == PGSQL_ID_CHARS + 1, "an id is a uuid");
_Static_assert((int)DATABASE_ID_SHORT == PGSQL_ID_SHORT, "it is shortened in one way");

/* By what everybody may read: who has not made it may see nothing of it. */
static const struct pgsql_statement is_there = {
    .name = "is there",
    .text = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = 'asp' AND c.relname = 'store')",
};

static const struct pgsql_statement identify = {
    .name = "identify",
    .text = "SELECT id::text, schema, parts FROM asp.store",
};

const char database_begin_uses[] = "SELECT asp.begin_uses()";

const char *const *database_schema(void)
{
    return pgsql_schema;
}

static enum asp_status look_for_store(struct pgsql_connection *connection, int64_t deadline,
                                      bool *found, struct asp_error *error)
{
    struct pg_result *result = NULL;
    int64_t there = 0;
    enum asp_status status = pgsql_ask(connection, &is_there, NULL, deadline, &result, error);

    if (status == ASP_OK)
        *found = pgsql_number(result, 0, 0, &there) && there == 1;
    pgsql_result_free(result);
    return status;
}

static enum asp_status run_one(struct pgsql_connection *connection,
                               const struct pgsql_statement *statement, int64_t deadline,
                               struct asp_error *error)
{
    struct pg_result *result = NULL;
    enum asp_status status = pgsql_ask(connection, statement, NULL, deadline, &result, error);

    pgsql_result_free(result);
    return status;
}

/* One after the other: what is prepared is one statement, and is known by its address. */
static enum asp_status run(struct pgsql_connection *connection, bool uses_lost, int64_t deadline,
                           struct asp_error *error)
{
    static const struct pgsql_statement begin_uses = {
        .name = "begin uses", .text = database_begin_uses, .writes = true};
    struct pgsql_statement statements[PGSQL_STATEMENTS_MAX];
    char names[PGSQL_STATEMENTS_MAX][NAME_SIZE];
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < PGSQL_STATEMENTS_MAX && pgsql_schema[i] != NULL;
         i++) {
        (void)snprintf(names[i], NAME_SIZE, "schema %zu", i);
        statements[i] =
            (struct pgsql_statement){.name = names[i], .text = pgsql_schema[i], .writes = true};
        status = run_one(connection, &statements[i], deadline, error);
    }
    if (status == ASP_OK && uses_lost)
        status = run_one(connection, &begin_uses, deadline, error);
    return status;
}

static enum asp_status ask_identity(struct pgsql_connection *connection, int64_t deadline,
                                    struct database_identity *identity, struct asp_error *error)
{
    struct pg_result *result = NULL;
    const uint8_t *id;
    size_t length;
    enum asp_status status = pgsql_ask(connection, &identify, NULL, deadline, &result, error);

    if (status != ASP_OK)
        return status;
    if (pgsql_row_count(result) != 1 || !pgsql_bytes(result, 0, 0, &id, &length) ||
        length != PGSQL_ID_CHARS || !pgsql_int(result, 0, 1, &identity->schema) ||
        !pgsql_int(result, 0, 2, &identity->parts))
        status = pgsql_not_ours(error);
    else
        memcpy(identity->id, id, length + 1);
    pgsql_result_free(result);
    return status;
}

enum asp_status database_init(const struct asp_conf *conf, const char *role, bool uses_lost,
                              struct database_identity *identity, int *before,
                              struct asp_error *error)
{
    struct pgsql_connection *connection = pgsql_connection_new("asp-admin");
    const int64_t deadline = asp_clock_ms() + INIT_MS;
    bool found = false;
    enum asp_status status;

    *before = 0;
    if (connection == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    pgsql_connection_use(connection, &conf->database, role);
    status = look_for_store(connection, deadline, &found, error);
    if (status == ASP_OK && found)
        status = ask_identity(connection, deadline, identity, error);
    if (status == ASP_OK && found)
        *before = identity->schema;
    if (status == ASP_OK)
        status = run(connection, uses_lost, deadline, error);
    if (status == ASP_OK)
        status = ask_identity(connection, deadline, identity, error);
    pgsql_connection_free(connection);
    return status;
}
