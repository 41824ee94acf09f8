/*
 * One user's account brought up to what her primary password is now. The PAM password stack and
 * asp-admin watch share it.
 */
#ifndef ASP_RECONCILE_H
#define ASP_RECONCILE_H

#include "primary.h"
#include "shadow.h"
#include "store.h"

/*
 * What is known of one user's primary password while her account is brought up to it. A file that
 * is newer than what was read overtakes it; then it is read again for her alone. Begins with
 * asp_look_begin and what was read, with `tries` 1, or as {.now = {.source = ..., .realm = ...}}:
 * nothing was read yet. Ended by asp_look_end.
 */
struct asp_look {
    char follows[ASP_USER_MAX + 1]; /* whom the account follows */
    bool is_own;                    /* the user is known by this name: it makes no difference */
    struct asp_primary_now now;
    struct asp_shadow newer; /* holds what `now` says, once shadow was read here */
    int tries;
};

/* Notes whom the account follows, where there is one. */
void asp_look_begin(const struct asp_store *store, const char *user, struct asp_look *look);

/*
 * Reads shadow for the user and has `now` say what it says, five times in all at most. False when
 * it was not read: a program was asked, which only its next run can say more of (`error` is left);
 * or the file changes all the time or cannot be read, and `error` says so.
 */
bool asp_look_again(const char *user, struct asp_look *look, struct asp_error *error);

void asp_look_end(struct asp_look *look);

struct asp_reconciled {
    enum asp_primary primary;  /* what it was found to be */
    struct asp_entry *revoked; /* copies of the entries that were revoked by it */
    size_t count;
};

/*
 * Compares without a lock and, where something is to be written, again under the lock. `reached` as
 * of asp_primary_settle. ASP_OK, ASP_NOT_FOUND when the user has no account, or why it could not be
 * read or written. What was overtaken by a newer file meanwhile is ASP_PRIMARY_UNKNOWN, and left to
 * the next pass. The caller calls asp_reconciled_free in any case.
 */
enum asp_status asp_reconcile(const struct asp_store *store, const char *user,
                              const struct asp_primary_now *now, const struct asp_revocation *how,
                              bool reached, struct asp_reconciled *result, struct asp_error *error);

/*
 * Has the account follow another user, of whom `now` is said: an account of 0.1.0 whose name the
 * name service gives to her; or nobody, with "", once it is its own user's. What is said is taken.
 * Without `how` nothing is revoked for it. With `how` its own user is another person than the one
 * whom it followed: all that is active is revoked, and what is pending goes. ASP_OK, ASP_UNCHANGED
 * where there is nothing to write or a newer file has overtaken what is said, or why it could not
 * be read or written. The caller calls asp_reconciled_free in any case.
 */
enum asp_status asp_reconcile_follow(const struct asp_store *store, const char *user,
                                     const char *follows, const struct asp_primary_now *now,
                                     const struct asp_revocation *how,
                                     struct asp_reconciled *result, struct asp_error *error);

struct asp_noted {
    bool was_absent; /* by what the account said of the user before */
    bool is_absent;  /* and says now */
    bool overtaken;  /* by a newer file: nothing was noted */
};

/*
 * Notes in the account of a user without a line what else was seen of her, as asp_primary_note has
 * it: without a lock where that is nothing new, else under the lock. ASP_OK, ASP_NOT_FOUND when she
 * has no account, or why it could not be read or written.
 */
enum asp_status asp_reconcile_note(const struct asp_store *store, const char *user,
                                   const struct asp_primary_now *now, enum asp_sight sight,
                                   struct asp_noted *noted, struct asp_error *error);

void asp_reconciled_free(struct asp_reconciled *result);

#endif
