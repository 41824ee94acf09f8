/*
 * The decision. Pure: what is known comes in, a verdict and what is to be written go out.
 *
 * It is in two halves, because all that is looked up for the second half is looked up for nobody
 * who has not proven a secret.
 */
#ifndef ASP_CHECK_H
#define ASP_CHECK_H

#include "account.h"
#include "primary.h"
#include "scope.h"
#include "secret.h"
#include "verifier.h"

#include <time.h>

enum asp_verdict {
    ASP_UNAVAILABLE, /* also what a verdict is before there is one */
    ASP_ACCEPTED,
    ASP_NO_ACCOUNT,
    ASP_NOT_AN_APP_PASSWORD,
    ASP_WRONG_SECRET,
    ASP_WRONG_CASE,
    ASP_IS_REVOKED,
    ASP_IS_EXPIRED,
    ASP_IS_UNUSED,
    ASP_WRONG_APP,
    ASP_WRONG_NETWORK,
    ASP_PRIMARY_CHANGED_SINCE,
    ASP_PRIMARY_IS_LOCKED,
};

enum { ASP_VERDICTS = ASP_PRIMARY_IS_LOCKED + 1 }; /* how many there are */

/* The word of a verdict, the same everywhere. */
const char *asp_verdict_word(enum asp_verdict verdict);

/* The verdict of a word; false, and ASP_UNAVAILABLE, for a word that is none. */
bool asp_verdict_read(const char *word, enum asp_verdict *verdict);

/* What must be written, and durably, before the verdict may be told. */
enum asp_action { ASP_WRITE_NOTHING, ASP_WRITE_BINDING, ASP_REVOKE_ALL };

/*
 * First half: is this the secret of an entry of this account? NULL for a `secret` whose shape is
 * not ours. Exactly one hash for every well-shaped one, with capitals or without. ASP_ACCEPTED:
 * proven, and `*entry` is the one. ASP_WRONG_CASE: the same but for capitals, which is the verdict.
 * Else a refusal, and NULL. An id that no entry has costs the hash of the last entry or, where
 * there is none, that of new ones, which is `cost`.
 */
enum asp_verdict asp_check_secret(const struct asp_account *account,
                                  const struct asp_secret *secret, const struct asp_cost *cost,
                                  const struct asp_entry **entry);

/* True when that hash is one that is slow on purpose. */
bool asp_check_is_slow(const struct asp_account *account, const struct asp_secret *secret,
                       const struct asp_cost *cost);

/* What is known of a request whose secret is proven. */
struct asp_facts {
    const struct asp_scope *scope;
    const char *host; /* PAM_RHOST or NULL */
    time_t used;      /* what asp_usage_since says, or ASP_NEVER */
    enum asp_primary primary;
    time_t now;
};

/* Second half: may this entry serve this request? */
enum asp_verdict asp_check_entry(const struct asp_entry *entry, const struct asp_facts *facts,
                                 enum asp_action *action);

#endif
