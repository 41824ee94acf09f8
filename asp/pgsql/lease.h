/*
 * What one machine does for all that share a database: as long as it has the lease of it.
 */
#ifndef ASP_PGSQL_LEASE_H
#define ASP_PGSQL_LEASE_H

#include "asp/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { PGSQL_HOLDER_MAX = 127 }; /* bytes */

/* That of primary.command, and for how many seconds it is taken. */
#define PGSQL_LEASE_PRIMARY "primary"
enum { PGSQL_LEASE_PRIMARY_SECONDS = 90 };

struct pgsql_store;

struct pgsql_lease {
    bool is_ours;
    char holder[PGSQL_HOLDER_MAX + 1]; /* whose it is */
    int64_t left; /* milliseconds until it ends, unless it is prolonged; not above 0: since it has
                     ended, and anybody may take it */
};

/*
 * Takes the lease of `what` for so many seconds, which are the same for all who ask for it, or
 * prolongs one's own; with 0 seconds it is given up. `holder`, which no other machine has, is at
 * most PGSQL_HOLDER_MAX bytes. ASP_OK: `lease` says whose it is by now. Else that is not known.
 */
enum asp_status pgsql_lease_take(struct pgsql_store *own, const char *what, const char *holder,
                                 int seconds, struct pgsql_lease *lease, struct asp_error *error);

/* Looks at that without taking it; by who may read the tables. ASP_NOT_FOUND: nobody has ever had
 * it, and `lease` is empty. */
enum asp_status pgsql_lease_look(struct pgsql_store *own, const char *what, const char *holder,
                                 int seconds, struct pgsql_lease *lease, struct asp_error *error);

#endif
