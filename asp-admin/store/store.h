/*
 * store: what is done with a store for many machines as a whole.
 */
#ifndef ASP_ADMIN_STORE_STORE_H
#define ASP_ADMIN_STORE_STORE_H

#include "asp-admin/admin.h"

enum exit_code command_store(struct admin *admin);

#endif
