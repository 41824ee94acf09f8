/* What libpq is told of one host. */
#include "parameters.h"

#include <libpq-fe.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* No file is there, ever: for what is not to be looked for in a home instead. */
#define NOWHERE "/dev/null/none"

enum { LIBPQ_16 = 160000, LIBPQ_17 = 170000, LIBPQ_18 = 180000 };

static void give(struct pgsql_parameters *parameters, const char *key, const char *value)
{
    parameters->keys[parameters->count] = key;
    parameters->values[parameters->count++] = value;
}

const char *pgsql_host_label(const struct asp_database_host *host)
{
    return host->name[0] == '\0' ? host->address : host->name;
}

bool pgsql_host_has_tls(const struct asp_database *database, const struct asp_database_host *host)
{
    return database->tls && !asp_database_host_is_folder(host);
}

static const char *or_nowhere(const char *path)
{
    return path[0] == '\0' ? NOWHERE : path;
}

static void give_way(struct pgsql_parameters *parameters, const struct asp_database *database,
                     const struct asp_database_host *host)
{
    (void)snprintf(parameters->port, sizeof parameters->port, "%d", host->port);
    (void)snprintf(parameters->wait, sizeof parameters->wait, "%d", database->wait);
    if (asp_database_host_is_folder(host)) {
        give(parameters, "host", host->address);
    } else {
        give(parameters, "host", pgsql_host_label(host));
        give(parameters, "hostaddr", host->address);
    }
    give(parameters, "port", parameters->port);
    give(parameters, "keepalives", "1");
    give(parameters, "keepalives_idle", "10");
    give(parameters, "keepalives_interval", "3");
    give(parameters, "keepalives_count", "3");
    give(parameters, "tcp_user_timeout", parameters->wait);
    /* Who is asked, and until when, is for us to say. */
    give(parameters, "connect_timeout", "0");
    give(parameters, "target_session_attrs", "any");
    if (PQlibVersion() >= LIBPQ_16)
        give(parameters, "load_balance_hosts", "disable");
    if (PQlibVersion() >= LIBPQ_18) {
        give(parameters, "min_protocol_version", "3.0");
        give(parameters, "max_protocol_version", "3.0");
    }
}

static void give_tls(struct pgsql_parameters *parameters, const struct asp_database *database,
                     const struct asp_database_host *host)
{
    bool tls = pgsql_host_has_tls(database, host);

    give(parameters, "sslmode", tls ? "verify-full" : "disable");
    give(parameters, "sslrootcert", or_nowhere(database->ca));
    give(parameters, "sslcert", or_nowhere(database->cert));
    give(parameters, "sslkey", or_nowhere(database->key));
    if (PQlibVersion() >= LIBPQ_16) {
        give(parameters, "sslcertmode", database->cert[0] == '\0' ? "disable" : "allow");
        give(parameters, "gssdelegation", "0");
    }
    if (PQlibVersion() >= LIBPQ_17)
        give(parameters, "sslnegotiation", "postgres");
    give(parameters, "sslcrl", NOWHERE);
    give(parameters, "sslcrldir", NOWHERE);
    give(parameters, "sslcompression", "0");
    give(parameters, "sslsni", "1");
    give(parameters, "ssl_min_protocol_version", "TLSv1.2");
    give(parameters, "ssl_max_protocol_version", "TLSv1.3");
    give(parameters, "gssencmode", "disable");
    give(parameters, "krbsrvname", "postgres");
}

/*
 * libpq sends a password as it is to whoever asks for it so, and to who asks for SCRAM what it can
 * be guessed by, after as many rounds as he says, for which it waits: so the channel is to be bound
 * to a certificate that was verified, which needs TLS. Who has that is trusted with all accounts.
 */
static void give_role(struct pgsql_parameters *parameters, const struct asp_database *database,
                      const char *role, const char *password)
{
    give(parameters, "dbname", database->name);
    give(parameters, "user", role);
    give(parameters, "passfile", NOWHERE);
    give(parameters, "password", password);
    give(parameters, "channel_binding", password == NULL ? "disable" : "require");
    if (PQlibVersion() >= LIBPQ_16)
        give(parameters, "require_auth", password == NULL ? "none" : "scram-sha-256");
}

static void add(crypto_generichash_state *state, const char *text)
{
    (void)crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 1);
}

void pgsql_parameters_digest(const struct asp_database *database, const char *role,
                             uint8_t digest[PGSQL_PARAMETERS_DIGEST])
{
    const char *const texts[] = {role,           database->name, database->ca,
                                 database->cert, database->key,  database->passfile};
    const int numbers[] = {database->tls ? 1 : 0, database->wait};
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, NULL, 0, PGSQL_PARAMETERS_DIGEST);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add(&state, texts[i]);
    (void)crypto_generichash_update(&state, (const uint8_t *)numbers, sizeof numbers);
    for (size_t i = 0; i < database->host_count; i++) {
        const struct asp_database_host *host = &database->hosts[i];

        add(&state, host->name);
        add(&state, host->address);
        (void)crypto_generichash_update(&state, (const uint8_t *)&host->port, sizeof host->port);
    }
    (void)crypto_generichash_final(&state, digest, PGSQL_PARAMETERS_DIGEST);
}

void pgsql_parameters_give(struct pgsql_parameters *parameters, const struct asp_database *database,
                           const struct asp_database_host *host, const char *role,
                           const char *application, const char *password)
{
    parameters->count = 0;
    give_way(parameters, database, host);
    give_tls(parameters, database, host);
    give_role(parameters, database, role, asp_database_host_is_folder(host) ? NULL : password);
    give(parameters, "client_encoding", "UTF8");
    give(parameters, "application_name", application);
    give(parameters, NULL, NULL);
}
