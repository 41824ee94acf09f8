/* What the tests of the store's usage share: a store with alice's account, and what is known of her
 * uses. */
#ifndef ASP_TESTS_USAGE_FIXTURE_H
#define ASP_TESTS_USAGE_FIXTURE_H

#include "store_fixture.h"

/* Opens `store`, with alice and one entry, 7k. */
void begin_store(void);

/* One use of an entry that was created at 1000. */
struct asp_use use_of(const char *id, time_t last);

/* Whether it was recorded for alice. */
bool record(const char *id, time_t last);

/* The last use of alice's entry, or ASP_NEVER. */
time_t last_of(const char *id);

/* When her file was begun, or ASP_NEVER. */
time_t begun(void);

#endif
