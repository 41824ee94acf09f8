/*
 * What libpq takes from the environment.
 */
#ifndef ASP_PGSQL_ENVIRONMENT_H
#define ASP_PGSQL_ENVIRONMENT_H

/*
 * Takes every variable PG* out of the environment: for each program that links libpq, at its start,
 * while it has one thread.
 *
 * To give each parameter of a connection (parameters.h) is not enough. One that is empty counts as
 * not given, so PGHOSTADDR leads away from a Unix socket, and PGPASSWORD, PGSERVICE, PGOPTIONS and
 * PGREQUIREPEER are taken where nothing is to be; and for PGDATESTYLE, PGTZ and PGGEQO there is no
 * parameter.
 */
void pgsql_forget_environment(void);

#endif
