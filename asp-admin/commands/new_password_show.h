/*
 * A new app password as it is shown, this once.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_SHOW_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_SHOW_H

#include "new_password_store.h"

/* Writes it to standard output: alone with --quiet, as a document with --json, as a line with
 * --batch, else for a person.
 * False when it did not get there. */
bool new_password_show(const struct admin *admin, const struct stored_password *stored);

/* True when a change of the primary password is not seen where it is looked for. */
bool new_password_is_unwatched(const struct asp_primary_now *now);

/* What a person should know of it, on standard error; a program has no use for it. `now` is what is
 * said of the user's primary password. */
void new_password_show_notes(const struct admin *admin, const struct stored_password *stored,
                             const struct asp_primary_now *now);

#endif
