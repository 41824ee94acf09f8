/*
 * What is done under the lock for a new app password, in two updates: it is pending until it was
 * shown, and alive then.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H

#include "new_password.h"

#include "asp-admin/primary/primary_source.h"
#include "asp/reconcile.h"
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

/* What the updates are made of. Begins as {0} but for `admin` and `wanted`. */
struct storing {
    const struct admin *admin;
    const struct new_password *wanted;
    struct primary_source own;      /* what was read for this one alone */
    struct asp_look look;           /* what that says of the user's primary password */
    bool followed_is_known;         /* whom the account follows, by that name: she is another */
    struct asp_fingerprint primary; /* as the first update has left it */
    struct asp_usage usage;         /* by which it is known what is active */
    struct asp_pending pending;
    struct stored_password stored;
};

/* Reads what there is to compare, and asks for the one whom the account followed where it is let
 * go. ASP_OK, or why nothing is known of the user. */
enum asp_status new_password_look(struct storing *storing, struct asp_error *error);

/*
 * The first update, after that look: compares the primary password, and where label and limit have
 * room for it keeps what is pending. ASP_OK: `storing->stored` is what is to be shown, and what a
 * changed primary password has revoked. Else nothing was done.
 */
enum asp_status new_password_store(struct storing *storing, struct asp_error *error);

/*
 * The second, once it was shown: the same again, by what is now, and it is alive, in the place of
 * what it replaces. ASP_OK: `storing->stored` is what was made. Else nothing was done, and the
 * caller drops it: it was never good.
 */
enum asp_status new_password_make_alive(struct storing *storing, struct asp_error *error);

/* Drops what is pending, and nothing else. Where that cannot be, it goes with a later change: no
 * login knows it. */
void new_password_drop(struct storing *storing);

/* True when it takes the place of one that works until then. */
bool new_password_revokes(const struct storing *storing);

/* Wipes and frees all that it holds. */
void storing_free(struct storing *storing);

#endif
