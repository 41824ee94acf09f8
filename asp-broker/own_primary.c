/* A user's own primary password, told from what it was. */
#include "own_primary.h"

#include "asp/primary.h"
#include "asp/shadow.h"
#include "asp/source.h"
#include "asp/time_text.h"

#include <string.h>

/* When her app passwords were last revoked because the primary password had changed: what is seen
 * of a change in a directory where the password stack has done that by itself. */
static time_t last_change(const struct asp_account *account)
{
    time_t last = 0;

    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (strcmp(entry->reason, ASP_REASON_PRIMARY) == 0 && entry->revoked > last)
            last = entry->revoked;
    }
    return last;
}

/* With the day: by that alone a line without a hash is told from that of who gets her name. */
static void print_line(const struct own_primary_key *key, const struct asp_primary_now *now,
                       struct own_primary *own)
{
    crypto_generichash_state state;

    own->has_line = now->says != ASP_SAYS_ABSENT;
    (void)crypto_generichash_init(&state, key->bytes, sizeof key->bytes, sizeof own->line);
    if (own->has_line) {
        (void)crypto_generichash_update(&state, (const uint8_t *)&now->day, sizeof now->day);
        (void)crypto_generichash_update(&state, (const uint8_t *)now->hash, now->length);
    }
    (void)crypto_generichash_final(&state, own->line, sizeof own->line);
    sodium_memzero(&state, sizeof state);
    own->known = true;
}

void own_primary_follow(const struct own_primary_key *key, const struct asp_conf *conf,
                        const struct asp_account *account, struct own_primary *own)
{
    struct {
        uint64_t stored;
        uint64_t last;
        uint64_t mark;
    } bytes = {
        .stored = conf->primary_source == ASP_SOURCE_COMMAND
                      ? asp_primary_checksum(&account->primary)
                      : 0,
        .last = own->has_line ? 0 : (uint64_t)last_change(account),
        .mark = own->has_line ? 0 : own->mark,
    };

    (void)crypto_generichash(own->account, sizeof own->account, (const uint8_t *)&bytes,
                             sizeof bytes, key->bytes, sizeof key->bytes);
}

enum asp_status own_primary_unread(enum asp_status status, struct asp_error *error)
{
    if (status != ASP_DENIED)
        return status;
    if (error != NULL)
        error->status = ASP_IO;
    return ASP_IO;
}

enum asp_status own_primary_take(const struct own_primary_key *key, const struct asp_conf *conf,
                                 const struct asp_store *store, const struct asp_account *account,
                                 time_t now, struct own_primary *own, struct asp_error *error)
{
    struct asp_shadow shadow = {0};
    struct asp_primary_now is;
    enum asp_status status =
        own_primary_unread(asp_shadow_read(ASP_SHADOW_PATH, &shadow, error), error);

    memset(own, 0, sizeof *own);
    if (status == ASP_OK) {
        asp_shadow_find(&shadow, account->user, NULL, &is);
        is.realm = asp_realm_of(conf);
        if (is.says == ASP_SAYS_NOTHING)
            status = asp_fail(
                error, ASP_IO,
                "nothing can be told of the primary password of %s: her line of " ASP_SHADOW_PATH
                " is damaged",
                account->user);
        else if (is.expires != ASP_NEVER && is.expires <= now)
            status = asp_fail(error, ASP_DENIED, "the account %s has expired", account->user);
        else if (conf->primary_source == ASP_SOURCE_SHADOW &&
                 asp_primary_compare(&account->primary, &is, now) == ASP_PRIMARY_ABSENT)
            status = asp_fail(error, ASP_DENIED, "the user %s is gone", account->user);
        else
            print_line(key, &is, own);
    }
    if (own->known && asp_store_is_open(store)) {
        status = own_primary_unread(
            asp_store_password_mark(store, account->user, &own->mark, error), error);
        own->known = status == ASP_OK;
    }
    if (own->known)
        own_primary_follow(key, conf, account, own);
    asp_shadow_free(&shadow);
    return status;
}

bool own_primary_same(const struct own_primary *one, const struct own_primary *other)
{
    return one->known && other->known && one->has_line == other->has_line &&
           sodium_memcmp(one->line, other->line, sizeof one->line) == 0 &&
           sodium_memcmp(one->account, other->account, sizeof one->account) == 0;
}
