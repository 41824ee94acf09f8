/* The fingerprint of a primary password, and what follows when it is another. */
#include "primary.h"

#include "checksum.h"
#include "shadow.h"
#include "time_text.h"

#include <sodium.h>
#include <string.h>

bool asp_primary_is_due(const struct asp_fingerprint *stored, enum asp_source source)
{
    return !stored->taken || stored->source != source;
}

static size_t locks_before(const struct asp_primary_now *now)
{
    size_t locks = 0;

    while (locks < now->length && now->hash[locks] == '!')
        locks++;
    return locks;
}

/* Nobody can log in with it, whatever is typed: empty, *, or nothing behind the marks of a lock. */
static bool is_none(const struct asp_primary_now *now)
{
    size_t locks = locks_before(now);

    return now->says != ASP_SAYS_HASH || now->length == locks ||
           (now->length == locks + 1 && now->hash[locks] == '*');
}

static void make_print(const struct asp_primary_now *now, const uint8_t key[ASP_PRINT_BYTES],
                       uint8_t print[ASP_PRINT_BYTES])
{
    size_t locks = locks_before(now);

    crypto_generichash(print, ASP_PRINT_BYTES, (const uint8_t *)now->hash + locks,
                       now->length - locks, key, ASP_PRINT_BYTES);
}

static bool is_print_of(const struct asp_fingerprint *stored, const struct asp_primary_now *now)
{
    uint8_t print[ASP_PRINT_BYTES];

    make_print(now, stored->key, print);
    return sodium_memcmp(print, stored->print, ASP_PRINT_BYTES) == 0;
}

enum asp_primary asp_primary_compare(const struct asp_fingerprint *stored,
                                     const struct asp_primary_now *now, time_t at)
{
    bool had = stored->taken && stored->source == now->source && stored->had == ASP_HAD_HASH;

    if (now->says == ASP_SAYS_NOTHING)
        return ASP_PRIMARY_UNKNOWN;
    if (now->says == ASP_SAYS_ABSENT)
        return had ? ASP_PRIMARY_ABSENT : ASP_PRIMARY_SAME;
    if (now->expires != ASP_NEVER && at >= now->expires)
        return ASP_PRIMARY_LOCKED;
    if (!asp_primary_is_due(stored, now->source)) {
        if (had ? is_none(now) || !is_print_of(stored, now) : !is_none(now))
            return ASP_PRIMARY_CHANGED;
    }
    return locks_before(now) > 0 && !is_none(now) ? ASP_PRIMARY_LOCKED : ASP_PRIMARY_SAME;
}

void asp_primary_take(const struct asp_primary_now *now, struct asp_fingerprint *stored)
{
    memset(stored, 0, sizeof *stored);
    stored->taken = true;
    stored->source = now->source;
    if (is_none(now))
        return;
    stored->had = ASP_HAD_HASH;
    randombytes_buf(stored->key, sizeof stored->key);
    make_print(now, stored->key, stored->print);
}

uint64_t asp_primary_checksum(const struct asp_fingerprint *stored)
{
    uint8_t bytes[3 + 2 * ASP_PRINT_BYTES] = {stored->taken, (uint8_t)stored->source,
                                              stored->had == ASP_HAD_HASH};

    memcpy(bytes + 3, stored->key, ASP_PRINT_BYTES);
    memcpy(bytes + 3 + ASP_PRINT_BYTES, stored->print, ASP_PRINT_BYTES);
    return asp_checksum(bytes, sizeof bytes);
}

static bool is_later(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec > other->tv_sec ||
           (one->tv_sec == other->tv_sec && one->tv_nsec > other->tv_nsec);
}

bool asp_primary_is_overtaken(const struct asp_account *account, const struct asp_primary_now *now)
{
    struct timespec clock;

    if (now->asked == NULL)
        return asp_shadow_is_stale(now);
    (void)clock_gettime(CLOCK_REALTIME, &clock);
    return is_later(&account->written, now->asked) && !is_later(&account->written, &clock);
}

enum asp_primary asp_primary_settle(struct asp_account *account, const struct asp_primary_now *now,
                                    const struct asp_revocation *how, bool reached, bool *written)
{
    enum asp_primary primary = asp_primary_compare(&account->primary, now, how->when);

    if (reached && now->says == ASP_SAYS_ABSENT)
        primary = ASP_PRIMARY_CHANGED;
    *written = false;
    if (now->says == ASP_SAYS_NOTHING)
        return primary;
    if (primary == ASP_PRIMARY_CHANGED)
        *written = asp_account_revoke_all(account, how->when, how->by, ASP_REASON_PRIMARY,
                                          how->hook_due) > 0;
    if (reached && now->says == ASP_SAYS_ABSENT) {
        /* What it is now cannot be seen from here; it is taken by who sees it. */
        memset(&account->primary, 0, sizeof account->primary);
    } else if (primary == ASP_PRIMARY_CHANGED ||
               asp_primary_is_due(&account->primary, now->source)) {
        asp_primary_take(now, &account->primary);
        *written = true;
    }
    asp_account_prune(account, how->keep);
    return primary;
}
