/* The decision: the secret first, then what the entry and the primary say. */
#include "check.h"

#include "network.h"

#include <string.h>

static const char *const words[] = {
    [ASP_UNAVAILABLE] = "unavailable",
    [ASP_ACCEPTED] = "accepted",
    [ASP_NO_ACCOUNT] = "no-account",
    [ASP_NOT_AN_APP_PASSWORD] = "not-an-app-password",
    [ASP_WRONG_SECRET] = "wrong-secret",
    [ASP_WRONG_CASE] = "wrong-case",
    [ASP_IS_REVOKED] = "revoked",
    [ASP_IS_EXPIRED] = "expired",
    [ASP_IS_UNUSED] = "unused",
    [ASP_WRONG_APP] = "wrong-app",
    [ASP_WRONG_NETWORK] = "wrong-network",
    [ASP_PRIMARY_CHANGED_SINCE] = "primary-changed",
    [ASP_PRIMARY_IS_LOCKED] = "primary-locked",
};

_Static_assert(sizeof words / sizeof *words == ASP_VERDICTS, "every verdict has a word");

const char *asp_verdict_word(enum asp_verdict verdict)
{
    return words[verdict];
}

bool asp_verdict_read(const char *word, enum asp_verdict *verdict)
{
    for (int i = 0; i < ASP_VERDICTS; i++) {
        *verdict = (enum asp_verdict)i;
        if (strcmp(asp_verdict_word(*verdict), word) == 0)
            return true;
    }
    *verdict = ASP_UNAVAILABLE;
    return false;
}

/* The work of a wrong secret where no entry has its id: that of the last line, which is of another
 * id and cannot be right, or of a new one where there is none. */
static enum asp_verdict check_decoy(const struct asp_account *account,
                                    const struct asp_secret *secret, const struct asp_cost *cost)
{
    enum asp_status status;

    if (account->count > 0)
        status = asp_verifier_check(account->entries[account->count - 1].verifier, account->user,
                                    secret);
    else
        status = asp_verifier_decoy(cost, account->user, secret);
    return status == ASP_OK || status == ASP_MISMATCH ? ASP_NOT_AN_APP_PASSWORD : ASP_UNAVAILABLE;
}

enum asp_verdict asp_check_secret(const struct asp_account *account,
                                  const struct asp_secret *secret, const struct asp_cost *cost,
                                  const struct asp_entry **entry)
{
    const struct asp_entry *found;
    enum asp_status status;

    *entry = NULL;
    if (secret == NULL)
        return ASP_NOT_AN_APP_PASSWORD;

    found = asp_account_find(account, secret->id);
    if (found == NULL)
        return check_decoy(account, secret, cost);
    status = asp_verifier_check(found->verifier, account->user, secret);
    /* With capitals it is not of our form: a primary password may be like that. */
    if (status == ASP_MISMATCH)
        return secret->capitals ? ASP_NOT_AN_APP_PASSWORD : ASP_WRONG_SECRET;
    if (status != ASP_OK)
        return ASP_UNAVAILABLE;
    *entry = found;
    return secret->capitals ? ASP_WRONG_CASE : ASP_ACCEPTED;
}

bool asp_check_is_slow(const struct asp_account *account, const struct asp_secret *secret,
                       const struct asp_cost *cost)
{
    const struct asp_entry *hashed = asp_account_find(account, secret->id);
    struct asp_cost own = *cost;

    if (hashed == NULL && account->count > 0)
        hashed = &account->entries[account->count - 1];
    if (hashed != NULL)
        asp_verifier_cost(hashed->verifier, &own);
    return own.scheme == ASP_ARGON2ID;
}

/* What the entry itself says: its state, its app, its networks. */
static enum asp_verdict check_limits(const struct asp_entry *entry, const struct asp_facts *facts)
{
    switch (asp_entry_state(entry, facts->used, facts->now)) {
    case ASP_REVOKED:
        return ASP_IS_REVOKED;
    case ASP_EXPIRED:
        return ASP_IS_EXPIRED;
    case ASP_UNUSED:
        return ASP_IS_UNUSED;
    case ASP_ACTIVE:
        break;
    }
    if (asp_scope_admits(facts->scope, entry) == ASP_ADMIT_NO)
        return ASP_WRONG_APP;
    if (entry->network_count > 0 &&
        (facts->host == NULL ||
         !asp_networks_contain(entry->networks, entry->network_count, facts->host)))
        return ASP_WRONG_NETWORK;
    return ASP_ACCEPTED;
}

/* What the primary password says. A user who is gone is refused like one who is locked: she may
 * come back. */
static enum asp_verdict check_primary(enum asp_primary primary)
{
    switch (primary) {
    case ASP_PRIMARY_SAME:
    case ASP_PRIMARY_ELSEWHERE: /* as with a source that is none: there is nothing to compare */
        return ASP_ACCEPTED;
    case ASP_PRIMARY_CHANGED:
        return ASP_PRIMARY_CHANGED_SINCE;
    case ASP_PRIMARY_LOCKED:
    case ASP_PRIMARY_ABSENT:
        return ASP_PRIMARY_IS_LOCKED;
    case ASP_PRIMARY_UNKNOWN:
        break;
    }
    return ASP_UNAVAILABLE;
}

enum asp_verdict asp_check_entry(const struct asp_entry *entry, const struct asp_facts *facts,
                                 enum asp_action *action)
{
    enum asp_verdict verdict = check_limits(entry, facts);

    *action = ASP_WRITE_NOTHING;
    if (verdict == ASP_ACCEPTED)
        verdict = check_primary(facts->primary);
    if (verdict == ASP_PRIMARY_CHANGED_SINCE)
        *action = ASP_REVOKE_ALL;
    if (verdict == ASP_ACCEPTED && asp_scope_admits(facts->scope, entry) == ASP_ADMIT_BIND)
        *action = ASP_WRITE_BINDING;
    return verdict;
}
