/*
 * A copy of a whole store, pass by pass. What is in use, and when it is closed, is copy.c's.
 */
#ifndef ASP_ADMIN_STORE_COPYING_H
#define ASP_ADMIN_STORE_COPYING_H

#include "asp-admin/admin.h"
#include "asp-admin/database/copy.h"
#include "asp/store_copy_files.h"

#include <stdbool.h>
#include <stddef.h>

struct copying {
    const struct admin *admin;
    bool to_database;  /* else to files */
    const char *realm; /* that fingerprints of shadow without one get on their way there; NULL */
    struct asp_copy_files files;
    struct database_copy database;
    struct database_copy_state state; /* as it was found */
    const char *holder;               /* who copies */
    struct asp_copy_side from;
    struct asp_copy_side to;
    /* What was found, by the last pass. */
    unsigned long long accounts;
    unsigned long long entries;
    unsigned long long dropped; /* accounts that were in the place of the copy, and nowhere else */
    size_t damaged;
    char without_realm[ASP_USER_MAX + 1]; /* one who needs `realm`; empty: nobody does */
};

/* Reads all that is to be copied. What is damaged is told on the console, and counted. */
enum asp_status copying_look(struct copying *copying, struct asp_error *error);

/* ASP_OK: what is where the copy is to be is the same there. ASP_TAKEN: of one account it is not.
 */
enum asp_status copying_check(struct copying *copying, struct asp_error *error);

/* Puts all of it where the copy is to be. */
enum asp_status copying_fill(struct copying *copying, struct asp_error *error);

/* Compares each account with that which it was made of, and takes away what is of none. */
enum asp_status copying_compare(struct copying *copying, struct asp_error *error);

#endif
