/*
 * A worker's way to accounts in a database, where its configuration names one.
 */
#ifndef ASP_BROKER_WORKER_DATABASE_H
#define ASP_BROKER_WORKER_DATABASE_H

#include "asp/store.h"

struct pgsql_breaker;
struct pgsql_reader; /* asp/pgsql/credentials.h */
struct pgsql_store;
struct shared_conf; /* pam_asp/conf_cache.h */

struct worker_database {
    struct pgsql_breaker *breaker; /* of all workers; NULL: none of them has a database */
    struct pgsql_store *store;     /* the worker's own; begins as NULL */
    struct shared_conf *conf;      /* by which that is used, and which is held; begins as NULL */
    /* Who reads for it what root alone may read; NULL: nobody, it is root. */
    const struct pgsql_reader *reader;
};

/* What stores are opened with by this configuration, until the next call or the end; `kept` is room
 * for it. */
const struct asp_store_kept *worker_database_use(struct worker_database *database,
                                                 struct shared_conf *conf,
                                                 struct asp_store_kept *kept);

/* Writes what is still to be written, and closes it. */
void worker_database_end(struct worker_database *database);

#endif
