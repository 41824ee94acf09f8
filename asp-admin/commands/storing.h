/*
 * A new app password on its way into the store.
 */
#ifndef ASP_ADMIN_COMMANDS_STORING_H
#define ASP_ADMIN_COMMANDS_STORING_H

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
    bool is_replaced;               /* that is in the place of what a command had said */
    struct asp_usage usage;         /* by which it is known what is active */
    struct asp_pending pending;
    bool is_refused; /* the second update was, by what it has found */
    struct stored_password stored;
};

#endif
