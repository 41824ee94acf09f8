/*
 * What is done under the lock for a new app password, in two updates: it is pending until it was
 * shown, and alive then.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_STORE_H

#include "storing.h"

/*
 * The first update, after that look: compares the primary password, and where label and limit have
 * room for it keeps what is pending. ASP_OK: `storing->stored` is what is to be shown, unless that
 * is doubtful, and what a changed primary password has revoked. Else nothing was done.
 */
enum asp_status new_password_store(struct storing *storing, struct asp_error *error);

/*
 * True: a user acts on her own account, and it was found that a command says another primary
 * password than before. What she has answered may be the former: what that revokes is revoked, and
 * nothing is made.
 */
bool new_password_is_doubtful(const struct storing *storing);

/*
 * The second, once it was shown: the same again, by what is now, and it is alive, in the place of
 * what it replaces. Where a database does not say whether that was written it is found out for ten
 * seconds. ASP_OK: `storing->stored` is what was made. ASP_UNKNOWN: that is not known. Else nothing
 * was done, and the caller drops it: it was never good.
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
