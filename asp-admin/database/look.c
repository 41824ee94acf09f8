/* A machine joins the store of a database, and looks at that. */
#include "look.h"

#include "database.h"

#include "asp/clock.h"
#include "asp/pgsql/connection.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/schema.h"
#include "asp/pgsql/store.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 5000, MS = 1000, NS_OF_MS = 1000000 };

/* Of what a look asks for. */
enum column {
    ID,
    SCHEMA,
    PARTS,
    OLDEST,
    IS_SUPER,
    IS_NODE,
    IS_ADMIN,
    BEYOND_ADMIN,
    BEYOND_NODE,
    HAS_SOCKET,
    TLS,
    STANDBYS,
    FOLLOWERS,
    COMMIT,
    CLOCK,
    OWNERS,
};

/* What a role does beyond its own are words of a sentence, "" for nothing. */
static const struct pgsql_statement look_at = {
    .name = "look",
    .text =
        "SELECT s.id::text, s.schema, s.parts, s.oldest, r.rolsuper, f.node, f.admin AND t.reads,"
        " concat_ws(', ', CASE WHEN r.rolcreaterole THEN 'makes roles' END,"
        " CASE WHEN r.rolcreatedb THEN 'makes databases' END,"
        " CASE WHEN r.rolreplication THEN 'may copy the whole cluster' END,"
        " CASE WHEN t.owns THEN 'owns the tables' END,"
        " CASE WHEN t.writes THEN 'writes to tables itself' END),"
        " concat_ws(', ', CASE WHEN f.some THEN 'calls what is for asp_admin' END,"
        " CASE WHEN t.takes THEN 'reads tables, or deletes from them' END),"
        " inet_server_addr() IS NULL, c.version,"
        " current_setting('synchronous_standby_names'),"
        " (SELECT string_agg(coalesce(nullif(application_name, ''), '-'), chr(10))"
        " FROM pg_catalog.pg_stat_replication),"
        " current_setting('synchronous_commit'),"
        " (extract(epoch FROM clock_timestamp()) * 1000)::bigint,"
        " (SELECT string_agg(DISTINCT pg_get_userbyid(o.owner), ', ') FROM"
        " (SELECT p.proowner FROM pg_catalog.pg_proc p"
        " WHERE p.pronamespace = 'asp'::regnamespace AND p.prosecdef"
        " UNION SELECT c.relowner FROM pg_catalog.pg_class c"
        " WHERE c.relnamespace = 'asp'::regnamespace AND c.relkind = 'r') o(owner)"
        " WHERE pg_get_userbyid(o.owner) <> 'asp_owner')"
        " FROM asp.store s"
        " JOIN pg_catalog.pg_roles r ON r.rolname = current_user"
        " LEFT JOIN pg_catalog.pg_stat_ssl c ON c.pid = pg_backend_pid()"
        " CROSS JOIN ("
        "SELECT bool_and(may) FILTER (WHERE proname IN ('load', 'uses', 'write', 'record', 'beat',"
        " 'note_password', 'password_mark')) AS node,"
        " bool_and(may) FILTER (WHERE of_admin) AS admin, bool_or(may AND of_admin) AS some"
        " FROM (SELECT p.proname, has_function_privilege(p.oid, 'EXECUTE') AS may,"
        " p.proname IN ('since', 'expiring', 'take_lease', 'close_store', 'begin_uses', 'tidy',"
        " 'put') AS of_admin"
        " FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'asp'::regnamespace) p) f"
        " CROSS JOIN ("
        "SELECT bool_and(has_table_privilege(c.oid, 'SELECT')) AS reads,"
        " bool_or(pg_has_role(c.relowner, 'MEMBER')) AS owns,"
        " bool_or(has_any_column_privilege(c.oid, 'INSERT, UPDATE') OR"
        " has_table_privilege(c.oid, 'TRUNCATE')) AS writes,"
        " bool_or(has_table_privilege(c.oid, 'DELETE') OR (c.relname NOT IN ('store', 'feed') AND"
        " has_table_privilege(c.oid, 'SELECT'))) AS takes FROM pg_catalog.pg_class c"
        " WHERE c.relnamespace = 'asp'::regnamespace AND c.relkind = 'r') t",
};

static int64_t clock_of_machine(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS + now.tv_nsec / NS_OF_MS;
}

/* What is not told is no. */
static bool take_bool(const struct pg_result *result, enum column column)
{
    int64_t number;

    return pgsql_number(result, 0, column, &number) && number == 1;
}

/* What is not told is empty. */
static void take_text(const struct pg_result *result, enum column column, char *to, size_t size)
{
    if (!pgsql_text(result, 0, column, to, size))
        to[0] = '\0';
}

/* What is not told is empty, and lasts as long as the result. */
static const char *text_in(const struct pg_result *result, enum column column)
{
    const uint8_t *bytes;
    size_t length;

    return pgsql_bytes(result, 0, column, &bytes, &length) ? (const char *)bytes : "";
}

static bool take(const struct pg_result *result, int64_t asked, struct database_look *look)
{
    const int64_t told = clock_of_machine();
    int64_t clock;
    int oldest;

    if (pgsql_row_count(result) != 1 ||
        !pgsql_text(result, 0, ID, look->identity.id, sizeof look->identity.id) ||
        !pgsql_int(result, 0, SCHEMA, &look->identity.schema) ||
        !pgsql_int(result, 0, PARTS, &look->identity.parts) ||
        !pgsql_int(result, 0, OLDEST, &oldest) || !pgsql_time_us(result, 0, CLOCK, &clock))
        return false;
    look->is_closed = oldest == 0;
    look->is_known = oldest <= pgsql_schema_number;
    look->is_older = look->identity.schema < pgsql_schema_number;
    look->is_super = take_bool(result, IS_SUPER);
    look->is_node = take_bool(result, IS_NODE);
    look->is_admin = take_bool(result, IS_ADMIN);
    look->has_socket = take_bool(result, HAS_SOCKET);
    take_text(result, BEYOND_ADMIN, look->beyond_admin, sizeof look->beyond_admin);
    take_text(result, BEYOND_NODE, look->beyond_node, sizeof look->beyond_node);
    take_text(result, TLS, look->tls, sizeof look->tls);
    take_text(result, COMMIT, look->commit, sizeof look->commit);
    take_text(result, OWNERS, look->owners, sizeof look->owners);
    database_standbys_read(text_in(result, STANDBYS), text_in(result, FOLLOWERS), &look->standbys);
    look->told_ms = told - asked;
    look->ahead_ms = clock - (asked + look->told_ms / 2);
    return true;
}

enum asp_status database_look(struct pgsql_store *own, struct database_look *look,
                              struct asp_error *error)
{
    struct pgsql_connection *connection = pgsql_store_connection(own);
    struct pg_result *result = NULL;
    struct pgsql_pin found;
    int64_t asked;
    enum asp_status status = pgsql_store_which(own, &found, error); /* it is open after that */

    *look = (struct database_look){0};
    if (status != ASP_OK)
        return status;
    asked = clock_of_machine();
    status = pgsql_ask(connection, &look_at, NULL, asp_clock_ms() + LOOK_MS, &result, error);
    if (status == ASP_OK && !take(result, asked, look))
        status = pgsql_not_ours(error);
    (void)snprintf(look->host, sizeof look->host, "%s", pgsql_connection_host(connection));
    pgsql_result_free(result);
    return status;
}

/* Who comes as another user than root. */
struct comer {
    const struct asp_conf *conf;
    uid_t uid;
};

static enum asp_status read_for(void *context, int64_t deadline,
                                struct pgsql_credentials *credentials, struct asp_error *error)
{
    const struct comer *comer = context;
    enum asp_status status;

    (void)deadline;
    *credentials = PGSQL_NO_CREDENTIALS;
    if (seteuid(0) != 0)
        return asp_fail_errno(error, "root");
    status = database_credentials_open(comer->conf, credentials, error);
    if (seteuid(comer->uid) != 0)
        status = asp_fail_errno(error, "the user " DATABASE_USER);
    if (status != ASP_OK)
        database_credentials_close(credentials);
    return status;
}

/* PostgreSQL is told by the system who comes. Which database this machine is of is not asked. */
static enum asp_status look_as(struct pgsql_store *own, struct comer *comer,
                               struct database_look *look, struct asp_error *error)
{
    const struct pgsql_reader reader = {.credentials = read_for, .context = comer};
    enum asp_status status;

    if (seteuid(comer->uid) != 0)
        return asp_fail_errno(error, "the user " DATABASE_USER);
    database_read_by(own, &reader);
    status = database_look(own, look, error);
    database_read_by(own, NULL);
    return seteuid(0) == 0 ? status : asp_fail_errno(error, "root");
}

enum asp_status database_look_as_broker(const struct asp_conf *conf, struct database_look *look,
                                        struct asp_error *error)
{
    const struct passwd *user = getpwnam(DATABASE_USER);
    struct comer comer = {.conf = conf};
    struct pgsql_store *own = NULL;
    struct asp_store_kept kept;
    enum asp_status status = ASP_NO_MEMORY;

    *look = (struct database_look){0};
    if (user != NULL)
        comer.uid = user->pw_uid;
    if (database_use(&own, conf, conf->database.user, "asp-admin", &kept))
        status =
            comer.uid != 0 ? look_as(own, &comer, look, error) : database_look(own, look, error);
    else
        (void)asp_fail(error, status, "out of memory");
    database_end(&own);
    return status;
}

enum asp_status database_join(struct pgsql_store *own, struct asp_error *error)
{
    return pgsql_store_join(own, error);
}

enum asp_status database_is_joined(struct pgsql_store *own, struct asp_error *error)
{
    struct pgsql_pin found;

    return pgsql_store_is_joined(own, &found, error);
}

enum asp_status database_answers(struct pgsql_store *own, struct asp_error *error)
{
    enum asp_status status = pgsql_store_answers(own, error);

    if (status != ASP_OK && pgsql_last_failure(pgsql_store_connection(own))->down)
        error->advice[0] = '\0';
    return status;
}
