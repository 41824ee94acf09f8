/*
 * What is asked of the database as a whole, in which others may be at work at the moment.
 */
#ifndef ASP_ADMIN_DATABASE_PATIENT_H
#define ASP_ADMIN_DATABASE_PATIENT_H

#include "asp/error.h"
#include "asp/pgsql/connection.h"

/* As pgsql_ask, for a minute; where others hold what it needs it is asked again for 5 seconds. */
enum asp_status database_ask(struct pgsql_connection *connection,
                             const struct pgsql_statement *statement,
                             const struct pgsql_value *values, struct pg_result **result,
                             struct asp_error *error);

/* The same of what has no answer but that it is done. */
enum asp_status database_do(struct pgsql_connection *connection,
                            const struct pgsql_statement *statement,
                            const struct pgsql_value *values, struct asp_error *error);

#endif
