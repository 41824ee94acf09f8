/*
 * One account of an export put into the store, whole or not at all.
 */
#ifndef ASP_ADMIN_COMMANDS_IMPORT_STORE_H
#define ASP_ADMIN_COMMANDS_IMPORT_STORE_H

#include "asp-admin/admin.h"
#include "asp-admin/primary/primary_source.h"
#include "asp/account.h"

enum import_result { IMPORT_NEW, IMPORT_REPLACED, IMPORT_KEPT };

/* What it is made of, and what came of it. */
struct importing {
    const struct admin *admin;           /* whose `user` it is of */
    const struct primary_source *source; /* what was read of primary passwords */
    struct asp_account account;          /* as it was read; its fingerprint is brought up to here */
    bool replaces;                       /* an account that is there */
    enum import_result result;
    bool another;   /* the user's primary password is another than it was for who exported it */
    bool elsewhere; /* or cannot be told from it: it was compared in another realm, or in none */
};

/*
 * ASP_OK: `result` says what was done, and unless the account was kept the app passwords go on
 * working here: what the primary password is here is what is compared from now on. What an account
 * that was replaced had besides is revoked, told to the log, and its hook run. Else nothing was
 * done.
 */
enum asp_status import_store(struct importing *importing, struct asp_error *error);

#endif
