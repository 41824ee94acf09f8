/*
 * The schema of the database, from schema-1.sql; schema.c is made of that by schema.sed.
 */
#ifndef ASP_PGSQL_SCHEMA_H
#define ASP_PGSQL_SCHEMA_H

enum {
    PGSQL_SCHEMA = 1, /* its number */
    PGSQL_SCHEMA_STATEMENTS = 2,
};

/* They are in their order, to a NULL: one behind the other they are the file. */
extern const char *const pgsql_schema[PGSQL_SCHEMA_STATEMENTS + 1];

#endif
