/*
 * What is done under the lock for a new app password, and how it is taken back.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H

#include "new_password.h"

#include "asp/primary.h"
#include "asp/secret.h"
#include "asp/store_due.h"

/* What came of it. */
struct stored_password {
    struct asp_entry entry;
    char shown[ASP_SECRET_SHOWN + 1]; /* the password */
    size_t active;                    /* how many the user has, this one counted */
    struct asp_entry replaced;        /* the one that it replaces, as it was before */
    struct asp_entry *revoked;        /* copies of what a changed primary password revoked */
    size_t revoked_count;
};

/* What the account was before, for the way back. */
struct account_before {
    struct asp_entry *entries; /* copies of all, before anything was added */
    size_t count;
    bool left[ASP_IDS]; /* the ids that were there when this change was done */
    bool was_none;      /* the user had no account */
};

/* What the change is made of. Begins as {0} but for `admin`, `wanted` and `turn`. */
struct storing {
    const struct admin *admin;
    const struct new_password *wanted;
    struct asp_primary_now now; /* what is said of the user's primary password */
    struct asp_usage usage;     /* by which it is known what is active */
    struct stored_password stored;
    struct account_before before;
    struct asp_turn turn; /* to run what it leaves due */
    bool overtaken;       /* not stored: shadow is not what it was any more */
};

/*
 * Compares the primary password, and where label and limit have room for it adds the entry; one
 * that it replaces is revoked. ASP_OK: `storing->stored` is what was made. Else nothing was, and
 * with `storing->overtaken` set it may be said again by what is now.
 */
enum asp_status new_password_store(struct storing *storing, struct asp_error *error);

/* Nobody saw the password: it is as if it had never been made. */
enum asp_status new_password_take_back(struct storing *storing, struct asp_error *error);

/* Wipes and frees all that it holds. */
void storing_free(struct storing *storing);

#endif
