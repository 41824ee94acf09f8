/*
 * What the database has answered: rows of values, in the binary form of their types.
 */
#ifndef ASP_PGSQL_RESULT_H
#define ASP_PGSQL_RESULT_H

#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { PGSQL_US = 1000000 }; /* in a second */

struct pg_result; /* libpq's */

/* Fails as ASP_UNSAFE: the answer has not the form that one of a store of ours has. */
enum asp_status pgsql_not_ours(struct asp_error *error);

size_t pgsql_row_count(const struct pg_result *result);
size_t pgsql_column_count(const struct pg_result *result);

/* Whether there is such a value, and it is NULL or not. */
bool pgsql_has(const struct pg_result *result, size_t row, size_t column);

/* A value that is text, bytea or of any other type, as long as the result lasts; a NUL is behind
 * it. False: NULL, or there is none. */
bool pgsql_bytes(const struct pg_result *result, size_t row, size_t column, const uint8_t **bytes,
                 size_t *length);

/* The same, copied with its NUL. False also where it is longer than the room. */
bool pgsql_text(const struct pg_result *result, size_t row, size_t column, char *to, size_t size);

/* One that is smallint, int, bigint or boolean. False: NULL, another type, or there is none. */
bool pgsql_number(const struct pg_result *result, size_t row, size_t column, int64_t *number);

/* The same, false also where it is less than the least, or more than the most. */
bool pgsql_number_within(const struct pg_result *result, size_t row, size_t column, int64_t least,
                         int64_t most, int64_t *number);

/* The same, false also where no int holds it. */
bool pgsql_int(const struct pg_result *result, size_t row, size_t column, int *number);

/* A time in seconds since 1970, or in microseconds. False also where it is before that or after
 * ASP_TIME_MAX: two of them can be added, and one be taken from another. */
bool pgsql_time(const struct pg_result *result, size_t row, size_t column, time_t *seconds);
bool pgsql_time_us(const struct pg_result *result, size_t row, size_t column, int64_t *us);

/* Wipes the values and frees them; NULL is nothing. What libpq has read them into lasts as long as
 * its connection. */
void pgsql_result_free(struct pg_result *result);

#endif
