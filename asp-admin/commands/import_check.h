/*
 * What is well-formed in an export and has no place here.
 */
#ifndef ASP_ADMIN_COMMANDS_IMPORT_CHECK_H
#define ASP_ADMIN_COMMANDS_IMPORT_CHECK_H

#include "asp-admin/admin.h"

/*
 * ASP_OK; or ASP_INVALID, and why, for an account
 *
 * - in which a verifier costs each who tries its id more than asp.conf's `hash` and its defaults,
 *   the larger of the two in memory and in passes, whatever the scheme;
 * - with two active app passwords of one label, which no command makes;
 * - with an app password, not revoked, whose app is the name of one here but for its case.
 */
enum asp_status import_check(const struct admin *admin, const struct asp_account *account,
                             const struct asp_usage *usage, struct asp_error *error);

#endif
