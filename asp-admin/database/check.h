/*
 * All that is in the store of a database is read, and it is told what is not as it should be.
 */
#ifndef ASP_ADMIN_DATABASE_CHECK_H
#define ASP_ADMIN_DATABASE_CHECK_H

#include "asp/error.h"

#include <stddef.h>

struct pgsql_store;

/* Told of what is wrong with an account, whose name is as asp_user_encode has it; NULL: it is of a
 * part of the store. */
typedef void database_fault(void *context, const char *name, int part, const char *what);

/* What there is. */
struct database_counts {
    unsigned long long accounts;
    unsigned long long entries; /* app passwords in them, revoked ones too */
    unsigned long long removed; /* accounts that were, and are still remembered */
    unsigned long long events;
};

/*
 * Reads every account, with its digest, and makes its part and its expiries again from what is in
 * it; and looks whether events are missing. A thousand accounts are in memory at once, and nobody
 * is held off. Anything but ASP_OK: not all of it was read.
 */
enum asp_status database_check(struct pgsql_store *own, database_fault *tell, void *context,
                               struct database_counts *counts, struct asp_error *error);

#endif
