/*
 * The user's primary password when an app password is made: looked at before the lock, compared
 * under it.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_PRIMARY_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_PRIMARY_H

#include "storing.h"

/* Reads what there is to compare, and asks for the one whom the account followed where it is let
 * go. ASP_OK, or why nothing is known of the user. */
enum asp_status new_password_look(struct storing *storing, struct asp_error *error);

/* Before anything is added: what was made under an earlier primary password goes. ASP_OK, or why
 * there is no new one. */
enum asp_status new_password_compare(struct storing *storing, struct asp_account *account,
                                     struct asp_error *error);

/* Once it was shown: it must be the same as before, whoever has found it to be another. A command
 * is not run again for that. ASP_OK, or why it is void. */
enum asp_status new_password_compare_again(struct storing *storing,
                                           const struct asp_account *account,
                                           struct asp_error *error);

/* It was found to be another meanwhile: writes that, and returns what it is. */
enum asp_status new_password_fail_changed(const char *user, struct asp_error *error);

#endif
