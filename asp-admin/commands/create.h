/*
 * One app password, as the options ask for it.
 */
#ifndef ASP_ADMIN_COMMANDS_CREATE_H
#define ASP_ADMIN_COMMANDS_CREATE_H

#include "new_password.h"

/* What is wrong with the options, said on the console. */
enum exit_code create_validate(const struct admin *admin);

/*
 * Makes it for the USER of the command and shows it: as new_password_make. The store is opened, and
 * made, where it is not open. `wanted` begins as {0}, but for what many share.
 */
enum exit_code create_one(struct admin *admin, struct new_password *wanted);

#endif
