/*
 * A new app password on its way: what was decided is stored as pending, shown once, made alive, and
 * told to log and hooks; where nobody saw it, it is dropped. create and rotate share it.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_H

#include "asp-admin/admin.h"
#include "asp-admin/primary/primary_source.h"

/* What was decided, before anything is locked. */
struct new_password {
    struct asp_entry entry; /* label, app and limits; where it replaces one, those of that one */
    const char *replaces;   /* the id of that one, or NULL */
    bool sets_expires;      /* entry.expires holds, whatever the one that it replaces had */
    bool makes_account;     /* for a user who has none */
    struct primary_source
        *source; /* was read, and may be read again, for many; NULL: for this one */
    size_t
        *unwatched; /* counts in place of a note that the primary password is not seen; or NULL */
};

/* What both decide alike: EXIT_DONE, or why not was said on the console. A USER whom the system
 * does not know is refused, unless virtual users are meant. */
enum exit_code new_password_check_user(struct admin *admin);

/* The time of --expires, which was given. */
enum exit_code new_password_read_expires(const struct admin *admin, time_t *expires);

/* EXIT_DONE: it is stored and was shown. Else nothing was made, and why was said on the console.
 * The store is open. */
enum exit_code new_password_make(struct admin *admin, const struct new_password *wanted);

#endif
