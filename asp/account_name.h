/*
 * Whose account a name stands for. An account is a person's and not a spelling's: the name service
 * may know alice as ALICE, alice@example.org and EXAMPLE\alice too, and says what she is called.
 *
 * T is what was typed. S is T without a domain that `user_domains` lists, in lower case if
 * `user_name` says so.
 *
 *   S = T     account S if it is there, and nobody is asked. Else T is asked for: known as P,
 *             account P; not known, no account.
 *   S is not T   T is asked for: known as P, account P; not known, account S if it is there; else
 *             S is asked for likewise.
 *
 * A question that fails leaves it open, and so does an account of the very name T that this would
 * pass over: nothing is decided then. The core asks nobody itself: it is handed a function.
 */
#ifndef ASP_ACCOUNT_NAME_H
#define ASP_ACCOUNT_NAME_H

#include "account.h"
#include "conf.h"
#include "error.h"
#include "name.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>

enum asp_answer {
    ASP_USER_KNOWN,
    ASP_USER_NOT_KNOWN, /* it has looked, and says so */
    ASP_USER_NOT_TOLD,  /* it failed, or a part of it does not answer */
};

struct asp_name_service {
    /*
     * Asks for a user by any of her names, which need not be well-formed. ASP_USER_KNOWN: `name`,
     * of `size` bytes, is what the name service calls her (pw_name), or empty where that has no
     * room. NULL: nobody may be asked here.
     */
    enum asp_answer (*ask)(void *context, const char *typed, char *name, size_t size);
    void *context;
};

/* Whose account it is, or would be. */
struct asp_account_name {
    char name[ASP_USER_MAX + 1]; /* empty: of that name there can be none */
    bool known;                  /* the name service was asked, and calls her so */
};

/*
 * Finds whose account `typed` stands for, and whether it is there. ASP_OK: it is, also where it
 * cannot be read for what is in it. ASP_NOT_FOUND: it is not, and `found` says what it would be
 * called. ASP_QUESTION: the name service has to be asked first, and may not be here. ASP_AMBIGUOUS:
 * there is an account of the very name that was typed, which stands for another; `found` has that
 * one. Else it is not known, and `found` says nothing. Without a `store`, which is NULL then, there
 * is no account of any name.
 */
enum asp_status asp_account_name(const struct asp_conf *conf, const struct asp_store *store,
                                 const struct asp_name_service *names, const char *typed,
                                 struct asp_account_name *found, struct asp_error *error);

/* Writes S, which is empty where it is longer than a name may be. */
void asp_account_spell(const struct asp_conf *conf, const char *typed,
                       char spelled[ASP_USER_MAX + 1]);

/* The same as asp_account_name, and reads that account as asp_store_load does, whose statuses it
 * has besides. ASP_OK: the caller frees `account`. */
enum asp_status asp_account_load(const struct asp_conf *conf, const struct asp_store *store,
                                 const struct asp_name_service *names, const char *typed,
                                 const char *only, struct asp_account *account,
                                 struct asp_account_name *found, struct asp_error *error);

#endif
