/*
 * The list of all users, with what their app passwords come to.
 */
#ifndef ASP_ADMIN_COMMANDS_LIST_USERS_H
#define ASP_ADMIN_COMMANDS_LIST_USERS_H

#include "asp-admin/admin.h"

/* Shows it as list does, in the order of names. Of a million users it holds the names and a few
 * bytes beside each. */
enum exit_code list_users(struct admin *admin);

#endif
