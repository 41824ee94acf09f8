/*
 * A new password on its way into the store: what create and rotate do under the lock, each an
 * asp_change whose context is a struct new_password.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H

#include "asp-admin/admin.h"
#include "asp-admin/primary/primary_source.h"
#include "asp/secret.h"

struct new_password {
    struct admin *admin;
    struct asp_entry entry; /* what it is to be */
    const char *old_id;     /* the one that it replaces, or NULL */
    struct asp_entry old;   /* that one, as it was before */
    struct asp_usage usage;
    struct asp_secret secret;
    char shown[ASP_SECRET_SHOWN + 1];
    size_t active;
    bool new_account; /* the user had none */
    struct primary_source source;
    struct asp_primary_now now; /* what it says of the user */
    struct asp_entry *revoked;  /* copies of what a changed primary password revoked */
    size_t revoked_count;
    struct asp_entry *before; /* copies of all entries, before anything was added */
    size_t before_count;
    bool after[ASP_IDS]; /* the ids that were there when this change was done */
};

/* Adds `entry`, after comparing the primary password, where label and limit have room for it. */
asp_change new_password_create;

/* Adds an entry that takes over what `old_id` was good for, and revokes that one. */
asp_change new_password_rotate;

/* Takes back what one of them has done. */
asp_change new_password_take_back;

/* Wipes and frees all that it holds. */
void new_password_free(struct new_password *new);

#endif
