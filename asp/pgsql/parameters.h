/*
 * What libpq is told of one host.
 */
#ifndef ASP_PGSQL_PARAMETERS_H
#define ASP_PGSQL_PARAMETERS_H

#include "asp/database.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PGSQL_PARAMETERS = 48, PGSQL_PARAMETERS_DIGEST = 32 };

/* What a host is called in a line: it needs no name where there is no certificate. */
const char *pgsql_host_label(const struct asp_database_host *host);

/* Whether this host is to show a certificate: nobody but this machine lies on the way to a Unix
 * socket. */
bool pgsql_host_has_tls(const struct asp_database *database, const struct asp_database_host *host);

/* For PQconnectStartParams, to the NULL at the end of each. */
struct pgsql_parameters {
    const char *keys[PGSQL_PARAMETERS];
    const char *values[PGSQL_PARAMETERS];
    size_t count;
    char port[12];
    char wait[12];
};

/*
 * Gives every parameter that can be given, so that neither the environment nor a file in somebody's
 * home is asked for it, and no name service. `password` may be NULL: there is none, and a server
 * that asks for one is refused. So it is at a Unix socket in any case, where the system says who we
 * are. What is given is not copied.
 */
void pgsql_parameters_give(struct pgsql_parameters *parameters, const struct asp_database *database,
                           const struct asp_database_host *host, const char *role,
                           const char *application, const char *password);

/* A digest of what the configuration says of all hosts for this role: where it is the same, libpq
 * is told the same. What is in the files that it names is not in it. */
void pgsql_parameters_digest(const struct asp_database *database, const char *role,
                             uint8_t digest[PGSQL_PARAMETERS_DIGEST]);

#endif
