/* The fingerprint of a primary password, and what follows when it is another. */
#include "primary.h"

#include "checksum.h"
#include "shadow.h"
#include "time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct asp_realm asp_realm_of(const struct asp_conf *conf)
{
    return (struct asp_realm){conf->primary_realm, conf->database.host_count > 0};
}

static bool is_comparable(const struct asp_fingerprint *stored, const struct asp_primary_now *now)
{
    return stored->taken && stored->source == now->source;
}

/* Empty: none is named. */
static const char *realm_of(const struct asp_primary_now *now)
{
    return now->realm.name != NULL && asp_source_traits(now->source).at_login ? now->realm.name
                                                                              : "";
}

bool asp_primary_is_elsewhere(const struct asp_fingerprint *stored,
                              const struct asp_primary_now *now)
{
    if (!is_comparable(stored, now) || strcmp(stored->realm, realm_of(now)) == 0)
        return false;
    return stored->realm[0] != '\0' || now->realm.is_one_of_many;
}

static size_t locks_before(const struct asp_primary_now *now)
{
    size_t locks = 0;

    while (locks < now->length && now->hash[locks] == '!')
        locks++;
    return locks;
}

static bool are_of_base64(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '.' && c != '/')
            return false;
    }
    return true;
}

/* A form that crypt(5) has: the ones with a name, and before them BSDi's and the two of DES. */
static bool is_of_crypt(const char *field, size_t length)
{
    enum { BSDI = 19, DES = 13, MORE = 11 };

    if (length > 0 && field[0] == '$')
        return true;
    if (length == 1 + BSDI && field[0] == '_')
        return are_of_base64(field + 1, BSDI);
    return length >= DES && (length - DES) % MORE == 0 && are_of_base64(field, length);
}

/* Something that is typed could match it, were it not locked. What a command says is any text but
 * none, or *. */
static bool has_hash(const struct asp_primary_now *now)
{
    size_t locks = locks_before(now);
    size_t length = now->length - locks;

    if (now->says != ASP_SAYS_HASH)
        return false;
    if (asp_source_traits(now->source).at_login)
        return is_of_crypt(now->hash + locks, length);
    return length > 0 && (length > 1 || now->hash[locks] != '*');
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

/* Of a user who has no line now. */
static enum asp_primary compare_absent(const struct asp_fingerprint *stored)
{
    bool had_line = stored->had == ASP_HAD_HASH || stored->had == ASP_HAD_NO_HASH;

    return had_line || stored->absent ? ASP_PRIMARY_ABSENT : ASP_PRIMARY_SAME;
}

/*
 * Of a user who has a line now, whenever that is. Without a hash there is nothing to know her by:
 * who was absent is another when she is back, and so is one whose line was made on a later day.
 */
static bool is_another(const struct asp_fingerprint *stored, const struct asp_primary_now *now)
{
    switch (stored->had) {
    case ASP_HAD_NONE:
        break;
    case ASP_HAD_HASH: /* also one that is of no form of crypt: 0.1.0 took any text for a hash */
        return !is_print_of(stored, now);
    case ASP_HAD_NO_HASH:
        return has_hash(now) || stored->absent || now->day > stored->day;
    case ASP_HAD_NO_LINE:
        return true;
    }
    return has_hash(now);
}

enum asp_primary asp_primary_compare(const struct asp_fingerprint *stored,
                                     const struct asp_primary_now *now, time_t at)
{
    bool comparable = is_comparable(stored, now);

    if (asp_primary_is_elsewhere(stored, now))
        return ASP_PRIMARY_ELSEWHERE;
    if (now->says == ASP_SAYS_NOTHING)
        return ASP_PRIMARY_UNKNOWN;
    if (now->says == ASP_SAYS_ABSENT)
        return comparable ? compare_absent(stored) : ASP_PRIMARY_SAME;
    if (now->expires != ASP_NEVER && at >= now->expires)
        return ASP_PRIMARY_LOCKED;
    if (comparable && is_another(stored, now))
        return ASP_PRIMARY_CHANGED;
    return locks_before(now) > 0 && has_hash(now) ? ASP_PRIMARY_LOCKED : ASP_PRIMARY_SAME;
}

/* It could be told better what the user had. */
static bool is_to_be_taken(const struct asp_fingerprint *stored, const struct asp_primary_now *now)
{
    if (!is_comparable(stored, now))
        return true;
    if (!asp_source_traits(now->source).at_login)
        return false;
    if (now->says == ASP_SAYS_ABSENT)
        return stored->had == ASP_HAD_NONE;
    return !is_another(stored, now) && (stored->had == ASP_HAD_NONE || stored->absent ||
                                        (stored->had == ASP_HAD_HASH && !has_hash(now)));
}

/* Of one that can be compared. */
static bool lacks_realm(const struct asp_fingerprint *stored, const struct asp_primary_now *now)
{
    return stored->realm[0] == '\0' && realm_of(now)[0] != '\0';
}

bool asp_primary_is_due(const struct asp_fingerprint *stored, const struct asp_primary_now *now)
{
    if (now->says == ASP_SAYS_NOTHING || asp_primary_is_elsewhere(stored, now))
        return false;
    return is_to_be_taken(stored, now) || lacks_realm(stored, now);
}

static void name_realm(const struct asp_primary_now *now, struct asp_fingerprint *stored)
{
    (void)snprintf(stored->realm, sizeof stored->realm, "%s", realm_of(now));
}

void asp_primary_take(const struct asp_primary_now *now, struct asp_fingerprint *stored)
{
    memset(stored, 0, sizeof *stored);
    stored->taken = true;
    stored->source = now->source;
    name_realm(now, stored);
    if (has_hash(now)) {
        stored->had = ASP_HAD_HASH;
        randombytes_buf(stored->key, sizeof stored->key);
        make_print(now, stored->key, stored->print);
    } else if (!asp_source_traits(now->source).at_login) {
        stored->had = ASP_HAD_NONE;
    } else if (now->says == ASP_SAYS_ABSENT) {
        stored->had = ASP_HAD_NO_LINE;
    } else {
        stored->had = ASP_HAD_NO_HASH;
        stored->day = now->day;
    }
}

uint64_t asp_primary_checksum(const struct asp_fingerprint *stored)
{
    struct {
        int32_t had[6];
        uint8_t key[ASP_PRINT_BYTES];
        uint8_t print[ASP_PRINT_BYTES];
        char realm[ASP_REALM_MAX]; /* left out where there is none: then it is as it always was */
    } bytes = {
        .had = {stored->taken, (int32_t)stored->source, (int32_t)stored->had, stored->absent,
                stored->day, (int32_t)stored->named},
    };

    memcpy(bytes.key, stored->key, ASP_PRINT_BYTES);
    memcpy(bytes.print, stored->print, ASP_PRINT_BYTES);
    memcpy(bytes.realm, stored->realm, sizeof bytes.realm);
    return asp_checksum(&bytes, stored->realm[0] != '\0' ? sizeof bytes
                                                         : sizeof bytes - sizeof bytes.realm);
}

static bool is_later(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec > other->tv_sec ||
           (one->tv_sec == other->tv_sec && one->tv_nsec > other->tv_nsec);
}

bool asp_primary_is_overtaken(const struct asp_account *account, const struct asp_primary_now *now)
{
    struct timespec clock;

    if (now->follows != NULL && strcmp(now->follows, account->follows) != 0)
        return true;
    if (now->asked == NULL)
        return asp_shadow_is_stale(now);
    (void)clock_gettime(CLOCK_REALTIME, &clock);
    return is_later(&account->written, now->asked) && !is_later(&account->written, &clock);
}

/* Of a user who had no line either. */
static void note_named(struct asp_fingerprint *stored, enum asp_sight sight)
{
    if (sight == ASP_SIGHT_KNOWN) {
        stored->named = ASP_NAMED_KNOWN;
        stored->absent = false;
    } else if (stored->named != ASP_NAMED_NEVER) {
        stored->absent =
            stored->absent || sight == ASP_SIGHT_GONE || stored->named == ASP_NAMED_MISSED;
        stored->named = ASP_NAMED_MISSED;
    }
}

bool asp_primary_note(struct asp_fingerprint *stored, const struct asp_primary_now *now,
                      enum asp_sight sight)
{
    struct asp_fingerprint before = *stored;

    if (!is_comparable(stored, now) || asp_primary_is_elsewhere(stored, now) ||
        now->says != ASP_SAYS_ABSENT)
        return false;
    if (stored->had == ASP_HAD_NO_LINE)
        note_named(stored, sight);
    else if (stored->had != ASP_HAD_NONE && sight == ASP_SIGHT_GONE)
        stored->absent = true;
    return stored->absent != before.absent || stored->named != before.named;
}

/* True: the fingerprint is to be written. One that only lacks its realm stays what it is besides:
 * who is absent is known again by it. */
static bool bring_up(struct asp_account *account, const struct asp_primary_now *now, bool changed)
{
    struct asp_fingerprint *stored = &account->primary;

    if (!changed && !asp_primary_is_due(stored, now))
        return false;
    if (changed || is_to_be_taken(stored, now))
        asp_primary_take(now, stored);
    else
        name_realm(now, stored);
    return true;
}

enum asp_primary asp_primary_settle(struct asp_account *account, const struct asp_primary_now *now,
                                    const struct asp_revocation *how, bool reached, bool *written)
{
    enum asp_primary primary = asp_primary_compare(&account->primary, now, how->when);
    const bool elsewhere = primary == ASP_PRIMARY_ELSEWHERE;
    const bool unseen = reached && now->says == ASP_SAYS_ABSENT &&
                        (!elsewhere || account->primary.had == ASP_HAD_NO_LINE);
    bool is_pending = account->pending_count > 0;

    if (unseen)
        primary = ASP_PRIMARY_CHANGED;
    *written = false;
    if (now->says == ASP_SAYS_NOTHING)
        return primary;
    if (primary == ASP_PRIMARY_CHANGED)
        *written = asp_account_revoke_all(account, how->when, how->by, ASP_REASON_PRIMARY,
                                          how->hook_due) > 0 ||
                   is_pending;
    if (unseen && !elsewhere) {
        /* What it is now cannot be seen from here; it is taken by who sees it. */
        *written = *written || account->primary.taken;
        memset(&account->primary, 0, sizeof account->primary);
    } else if (!elsewhere) {
        *written = bring_up(account, now, primary == ASP_PRIMARY_CHANGED);
    }
    asp_account_prune(account, how->keep);
    return primary;
}
