/*
 * What the one who runs hooks needs of the store besides the accounts in it: the right to run what
 * is due for a user.
 */
#ifndef ASP_STORE_DUE_H
#define ASP_STORE_DUE_H

#include "store.h"

#include <stdbool.h>

/*
 * The right to run what is due for one user. Who leaves something due and is going to run it has it
 * from before that is stored until it is run, so that a watch does not run it too; whoever reads
 * under it what is due sees what no other is about to run. Begins as ASP_TURN_FREE.
 */
struct asp_turn {
    const struct asp_store *store; /* NULL: it is not held */
    union asp_store_own own;
    char name[ASP_USER_MAX + 1];
};

#define ASP_TURN_FREE ((struct asp_turn){.own = {-1}})

/*
 * Takes it, and waits for nobody. ASP_OK, ASP_BUSY when another has it, or why it cannot be had. It
 * ends with its process. The caller calls asp_turn_give, while the store is open, in any case.
 */
enum asp_status asp_turn_take(const struct asp_store *store, const char *user,
                              struct asp_turn *turn, struct asp_error *error);

bool asp_turn_is_held(const struct asp_turn *turn);

void asp_turn_give(struct asp_turn *turn);

#endif
