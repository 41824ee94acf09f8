/* What the store holds of an app password, as asp-admin --json tells it. */
#ifndef ASP_TESTS_STORED_H
#define ASP_TESTS_STORED_H

#include "harness.h"

struct stored {
    bool found;
    char app[80];
    char bound_service[80]; /* empty while `bound` is null */
    bool used;              /* there is a last use */
    char used_service[80];
    char used_rhost[80];
    char state[16];
};

/* The entry of USER that has the id of PASSWORD. */
struct stored stored_entry(const struct world *world, const char *user, const char *password);
/* How many events of KIND ("created", "bound", "used", "revoked") the history of USER has for the
 * id of PASSWORD. */
int stored_events(const struct world *world, const char *user, const char *password,
                  const char *kind);

#endif
