/*
 * What nobody needs any more is taken away from the store of a database.
 */
#ifndef ASP_ADMIN_DATABASE_TIDY_H
#define ASP_ADMIN_DATABASE_TIDY_H

#include "asp/error.h"

struct pgsql_store;

/* How much of each. */
struct database_tidied {
    unsigned long long events;
    unsigned long long accounts; /* that were removed, and remembered */
    unsigned long long expiries; /* that are over */
    unsigned long long uses;     /* of accounts that are not there */
};

/* Takes away what is older than 30 days by the database's clock, part by part; what was done until
 * it fails stays done. It is done again without harm. */
enum asp_status database_tidy(struct pgsql_store *own, struct database_tidied *tidied,
                              struct asp_error *error);

#endif
