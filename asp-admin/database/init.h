/*
 * A store is made in a database that is there.
 */
#ifndef ASP_ADMIN_DATABASE_INIT_H
#define ASP_ADMIN_DATABASE_INIT_H

#include "asp/conf.h"
#include "asp/error.h"

#include <stdbool.h>

enum {
    DATABASE_ID_SIZE = 37,
    DATABASE_ID_SHORT = 8, /* of it in a line: the whole could be taken for an app password */
};

/* What a store is. */
struct database_identity {
    char id[DATABASE_ID_SIZE];
    int schema;
    int parts;
};

/* The statements that make one, or take one of an older schema to this version's, in their order,
 * to a NULL. They are done again without harm. */
const char *const *database_schema(void);

/* One more, from which on last uses are known. */
extern const char database_begin_uses[];

/* Runs them in the database of the configuration, connected as `role`, and that one too where
 * `uses_lost`. `*before` is the schema that was there; 0: there was none. */
enum asp_status database_init(const struct asp_conf *conf, const char *role, bool uses_lost,
                              struct database_identity *identity, int *before,
                              struct asp_error *error);

#endif
