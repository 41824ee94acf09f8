/*
 * Arrays as the database reads them: {"a","b"} (PostgreSQL's manual, 8.15.2).
 */
#ifndef ASP_PGSQL_ARRAY_H
#define ASP_PGSQL_ARRAY_H

#include "asp/buffer.h"

#include <stdint.h>

/* One that grows. Begins as {0}; the owner calls pgsql_array_free, which wipes it. */
struct pgsql_array {
    struct asp_buffer text;
};

/* Adds a text. */
void pgsql_array_add(struct pgsql_array *array, const char *text);

/* Adds a number. */
void pgsql_array_add_number(struct pgsql_array *array, int64_t number);

/* Its end. The text, as long as nothing is added and it is not freed; NULL: out of memory. */
const char *pgsql_array_text(struct pgsql_array *array);

void pgsql_array_free(struct pgsql_array *array);

#endif
