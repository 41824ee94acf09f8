/*
 * A store in a real database, for the tests of what every engine promises: where ASP_TEST_DATABASE
 * names the folder of a server's socket, and ASP_TEST_DATABASE_NAME a database in it that has a
 * store.
 */
#ifndef ASP_TESTS_STORE_DATABASE_H
#define ASP_TESTS_STORE_DATABASE_H

#include "asp/store.h"

#include <stdbool.h>

bool database_is_there(void);

/* The store there is what is opened with `kept` in this process from now on. */
void database_begin(struct asp_store_kept *kept);

/* No account and no use is left in it. */
void database_empty(void);

#endif
