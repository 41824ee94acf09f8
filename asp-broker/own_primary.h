/*
 * What a user's own primary password is, as far as it can be seen here: only to be told from what
 * it was when she was let in.
 */
#ifndef ASP_BROKER_OWN_PRIMARY_H
#define ASP_BROKER_OWN_PRIMARY_H

#include "asp/account.h"
#include "asp/conf.h"
#include "asp/store.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Made anew by each process that keeps prints. */
struct own_primary_key {
    uint8_t bytes[crypto_generichash_KEYBYTES];
};

/* BLAKE2b of her line of shadow and, where the primary password is not there, of what her account
 * and the store have of it. */
struct own_primary {
    bool known; /* else it is the same as none, and as no other unknown one */
    bool has_line;
    uint64_t mark; /* as it was when the print was taken */
    uint8_t line[crypto_generichash_BYTES];
    uint8_t account[crypto_generichash_BYTES];
};

/*
 * Takes the print of `account`'s user, whom the system knows by this name: so it follows nobody.
 * ASP_OK, or why she is not to be let in by what she answered before: ASP_DENIED, her account has
 * expired or she is gone; or why nothing can be told. An account that is not there yet is one
 * without entries; nor need the store be there: then it is closed.
 */
enum asp_status own_primary_take(const struct own_primary_key *key, const struct asp_conf *conf,
                                 const struct asp_store *store, const struct asp_account *account,
                                 time_t now, struct own_primary *own, struct asp_error *error);

/* Of what is read for it: ASP_DENIED, by which she would be told that she is not let in, becomes
 * ASP_IO, in `error` too. */
enum asp_status own_primary_unread(enum asp_status status, struct asp_error *error);

/* Takes the second half anew, of what her account has of it now: it was changed for her, by what
 * she was let in for. */
void own_primary_follow(const struct own_primary_key *key, const struct asp_conf *conf,
                        const struct asp_account *account, struct own_primary *own);

bool own_primary_same(const struct own_primary *one, const struct own_primary *other);

#endif
