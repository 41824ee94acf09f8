/*
 * The store of a database, as one side of a copy (asp/store_copy.h), and whether it is in use.
 */
#ifndef ASP_ADMIN_DATABASE_COPY_H
#define ASP_ADMIN_DATABASE_COPY_H

#include "init.h"

#include "asp/error.h"
#include "asp/store_copy.h"

#include <stdbool.h>
#include <time.h>

struct pgsql_store;

enum { DATABASE_HOLDER_SIZE = 128 };

struct database_copy_state {
    char id[DATABASE_ID_SIZE];
    bool is_closed;                    /* nobody finds an account in it */
    time_t since;                      /* from when on it knows of uses */
    char holder[DATABASE_HOLDER_SIZE]; /* who has copied it last; empty: nobody */
};

/* Begins as {0}. */
struct database_copy {
    struct pgsql_store *own; /* lent; as a role that may all that asp_admin does */
    int parts;
    int oldest; /* which schemas may use it: of asp.store, and while it is closed what that was */
    time_t since;
};

/* Looks at the database, which this machine has joined, or may join. */
enum asp_status database_copy_begin(struct database_copy *copy, struct pgsql_store *own,
                                    struct database_copy_state *state, struct asp_error *error);

/* `holder` is who copies, for a minute from now, and is remembered. ASP_BUSY: another does. */
enum asp_status database_copy_hold(const struct database_copy *copy, const char *holder,
                                   struct asp_error *error);

/* Nobody finds an account, or writes one, from then on; who was writing has. */
enum asp_status database_copy_close(const struct database_copy *copy, struct asp_error *error);

/* It is again for those that it was for before. */
enum asp_status database_copy_open(const struct database_copy *copy, struct asp_error *error);

/* Uses are known from now on, which is `copy->since`. */
enum asp_status database_copy_begin_uses(struct database_copy *copy, struct asp_error *error);

struct asp_copy_side database_copy_side(struct database_copy *copy);

/* Whether the machine with this folder has heard all that was revoked. One that hears of nothing
 * has. */
enum asp_status database_copy_has_heard(const struct database_copy *copy, const char *folder,
                                        bool *heard, struct asp_error *error);

/* From now on it hears what is revoked, if it did not before. */
enum asp_status database_copy_begin_hearing(const struct database_copy *copy, const char *folder,
                                            struct asp_error *error);

#endif
