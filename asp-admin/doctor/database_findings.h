/*
 * What a look at a database has found, in words: for doctor and for `store join`.
 *
 * Each function adds, under the name `check`, what is wrong or to be known, and returns true where
 * there is nothing of that.
 */
#ifndef ASP_ADMIN_DOCTOR_DATABASE_FINDINGS_H
#define ASP_ADMIN_DOCTOR_DATABASE_FINDINGS_H

#include "findings.h"

#include "asp-admin/database/look.h"
#include "asp/conf.h"

enum { DATABASE_WAY_SIZE = DATABASE_HOST_SIZE + 2 * DATABASE_WORD_SIZE };

/* Who looked, of the roles that the configuration names. */
enum database_role {
    DATABASE_BROKER,
    DATABASE_ADMIN,
};

/* By which way it was reached, as a part of a sentence. */
void database_add_way(const struct database_look *look, char way[DATABASE_WAY_SIZE]);

bool database_find_schema(struct findings *findings, const char *check,
                          const struct database_look *look);

/* That its functions, which do what their owner may, are of the role that may no more than that. */
bool database_find_owners(struct findings *findings, const char *check,
                          const struct database_look *look);

/* The rights of the role that has looked, and its settings. */
bool database_find_role(struct findings *findings, const char *check, const struct asp_conf *conf,
                        enum database_role role, const struct database_look *look);

/* The same of the broker's role, which is connected as for that. */
bool database_find_broker(struct findings *findings, const char *check,
                          const struct asp_conf *conf);

/* That one of its hosts is written to, and no more; each is connected to for that. */
bool database_find_hosts(struct findings *findings, const char *check, const struct asp_conf *conf);

bool database_find_clock(struct findings *findings, const char *check,
                         const struct database_look *look);

/* That logins are answered, by a database that is known to be the one that is written to: one that
 * was joined, of a schema that may be used. */
bool database_find_answers(struct findings *findings, const char *check, struct pgsql_store *own);

bool database_find_standbys(struct findings *findings, const char *check,
                            const struct asp_conf *conf, const struct database_look *look);

#endif
