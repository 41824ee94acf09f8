/*
 * What the files of the store's front share. Private to them.
 */
#ifndef ASP_STORE_FRONT_H
#define ASP_STORE_FRONT_H

#include "engine.h"

/* The name that an engine has for a user's account: see asp_store_user_of. */
enum asp_status asp_store_encode(const char *user, char name[ASP_USER_ENCODED + 1],
                                 struct asp_error *error);

/* Fails as ASP_NOT_FOUND. */
enum asp_status asp_store_no_account(struct asp_error *error, const char *user);

/* As asp_store_load, of what is not an account yet too; `held` as in engine.h. */
enum asp_status asp_store_read_account(const struct asp_store *store, struct asp_store_held *held,
                                       const char *name, const char *user, const char *only,
                                       struct asp_account *account, struct asp_error *error);

#endif
