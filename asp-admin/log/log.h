/*
 * asp-admin log: who came how, as the system's log tells it.
 */
#ifndef ASP_ADMIN_LOG_LOG_H
#define ASP_ADMIN_LOG_LOG_H

#include "asp-admin/admin.h"

enum exit_code command_log(struct admin *admin);

#endif
