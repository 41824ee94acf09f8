/*
 * What was wrong with a certificate, of this machine or of a server, by what libpq says.
 */
#ifndef ASP_PGSQL_CERTIFICATE_H
#define ASP_PGSQL_CERTIFICATE_H

#include "asp/database.h"
#include "asp/error.h"

struct pgsql_certificate_fault;

/* NULL: what libpq says of a connection that was not made is of no certificate and of no key. */
const struct pgsql_certificate_fault *pgsql_certificate_fault_in(const char *word);

/* What is wrong, for struct pgsql_answer. */
const char *pgsql_certificate_cause(const struct pgsql_certificate_fault *fault);

/* What libpq says of it, in which there need not be the place of a file: it is another one for who
 * is told what root has read, and how to look at the file says where it is. */
const char *pgsql_certificate_word(const struct pgsql_certificate_fault *fault, const char *word);

/* Adds to the line in `error` how to look at what is wrong. */
void pgsql_certificate_advise(const struct pgsql_certificate_fault *fault,
                              const struct asp_database *database,
                              const struct asp_database_host *host, struct asp_error *error);

#endif
