/* What the store holds of an app password, as asp-admin --json tells it. */
#ifndef ASP_TESTS_STORED_H
#define ASP_TESTS_STORED_H

#include "harness.h"

#include <stdio.h>
#include <string.h>

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
/* ck_assert_str_eq for a text within a structure that a function returns: it is gone at the end of
 * the expression, and Check keeps its address for longer. */
#define ck_returned_str_eq(text, expected)                                                         \
    do {                                                                                           \
        char text_[512];                                                                           \
        (void)snprintf(text_, sizeof text_, "%s", text);                                           \
        ck_assert_msg(strcmp(text_, expected) == 0, "%s is \"%s\" and not \"%s\"", #text, text_,   \
                      expected);                                                                   \
    } while (0)

/* How many events of KIND ("created", "bound", "used", "revoked") the history of USER has for the
 * id of PASSWORD. */
int stored_events(const struct world *world, const char *user, const char *password,
                  const char *kind);

#endif
