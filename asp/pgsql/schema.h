/*
 * The schema of the database, from schema-1.sql and those that come after it, each of which takes a
 * store of the one before to itself; schema.c is made of them by schema.sed.
 */
#ifndef ASP_PGSQL_SCHEMA_H
#define ASP_PGSQL_SCHEMA_H

/* The number of the last one. */
extern const int pgsql_schema_number;

/* All their statements in order, to a NULL: one behind the other they are the files. Done again
 * they change nothing. */
extern const char *const pgsql_schema[];

#endif
