/*
 * What the one who runs hooks needs of the store besides the accounts in it: the right to run what
 * is due for a user, and what that is, also where the account has gone or had no room for it.
 */
#ifndef ASP_STORE_DUE_H
#define ASP_STORE_DUE_H

#include "store.h"

#include <stdbool.h>
#include <stddef.h>

enum { ASP_DUE_KEY = 17 }; /* what tells one text that is due from another, and a NUL */

/*
 * The right to run what is due for one user. Who leaves something due and is going to run it has it
 * from before that is stored until it is run, so that a watch does not run it too; whoever reads
 * under it what is due sees what no other is about to run. Begins as ASP_TURN_FREE.
 */
struct asp_turn {
    const struct asp_store *store; /* NULL: it is not held */
    union asp_store_own own;
    char name[ASP_USER_ENCODED + 1];
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

/* What is due of one user. */
struct asp_due {
    struct asp_entry *entries; /* copies, reason after reason */
    size_t count;
    bool marked;               /* some have their mark in the account */
    char (*keys)[ASP_DUE_KEY]; /* of the texts that have the others */
    size_t key_count;
};

/*
 * Reads it, under the user's turn. ASP_OK, also where nothing is due: the caller calls
 * asp_due_free. Else why it is not known, and nothing to free. What somebody had begun to put
 * beside the account, and was stopped before he changed that, is due in the account alone, if at
 * all.
 */
enum asp_status asp_due_read(const struct asp_store *store, const char *user, struct asp_due *due,
                             struct asp_error *error);

/*
 * The hook was run for the first `ran` of them: their marks are cleared. What the account has no
 * room for goes once it was run for all. `keep` revoked ones are kept. ASP_OK, or why some may
 * still be due.
 */
enum asp_status asp_due_clear(const struct asp_store *store, const char *user,
                              const struct asp_due *due, size_t ran, size_t keep,
                              struct asp_error *error);

void asp_due_free(struct asp_due *due);

/* True when something may be due of the user, whose turn is another's or nobody's. */
bool asp_due_is_any(const struct asp_store *store, const char *user);

/*
 * Adds the ids of what is due of the user and not in the account any more to those that are taken.
 * No other app password may have one until its hook was run: that would end what was opened with
 * the new one. So what can be due of a user is bounded, too, whether the hook can be run or not.
 * ASP_OK, or why it is not known. May be asked in a change of that account.
 */
enum asp_status asp_due_ids(const struct asp_store *store, const char *user, bool taken[ASP_IDS],
                            struct asp_error *error);

/* Visits each user of whom something is due that is not in an account; one may come twice. */
enum asp_status asp_due_each(const struct asp_store *store, asp_visit *visit, void *context,
                             struct asp_error *error);

#endif
