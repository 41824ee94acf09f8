/*
 * Whose account it is that a user acts on herself, and what her own primary password is.
 */
#ifndef ASP_BROKER_SELF_ACCOUNT_H
#define ASP_BROKER_SELF_ACCOUNT_H

#include "own_primary.h"

#include "asp-admin/admin.h"
#include "asp/error.h"

#include <stdbool.h>

/*
 * Finds the account that `name`, as the name service has told it, stands for, be it there or not,
 * and makes it that of `admin`, whose configuration is read. False: the name service does not know
 * her by that name, or the name stands for another.
 */
bool self_account_find(struct admin *admin, const char *name, struct asp_error *error);

/*
 * The same for one who signs in by whatever name she has typed. Whom the name service surely does
 * not know has an account that is there or, where there may be virtual users, can make one. False:
 * she has none, and can make none; `admin` has no account then.
 */
bool self_account_find_typed(struct admin *admin, const char *typed, struct asp_error *error);

/* Whether the name service knows a user by the name of that account. ASP_IO: it does not say. */
enum asp_status self_account_ask(const char *account, bool *is_user, struct asp_error *error);

/* What her primary password is now, before she is asked; as own_primary_take. What cannot be told
 * is no earlier answer's, and is refused where something is to be changed. Her account is one
 * without entries where it is not there yet; or cannot be read: that is handed on, and the command
 * says why. */
enum asp_status self_account_print(const struct admin *admin, const struct own_primary_key *key,
                                   struct own_primary *own, struct asp_error *error);

/* "self-service refused": who, as she said it, why, and where from, or NULL. */
void self_account_log_refusal(const char *name, const char *cause, const char *address);

/* "self-service admitted", of who signs in from a browser: the same, and whose account that is
 * where it is called otherwise. */
void self_account_log_admission(const char *name, const char *account, const char *address);

#endif
