/* Those who sign in by the web server, counted and bounded. */
#include "web_limits.h"

#include <string.h>

static struct web_key make_key(const struct web_limits *limits, const void *bytes, size_t length,
                               const void *more, size_t more_length)
{
    crypto_generichash_state state;
    struct web_key key;

    (void)crypto_generichash_init(&state, limits->key, sizeof limits->key, sizeof key.bytes);
    (void)crypto_generichash_update(&state, bytes, length);
    (void)crypto_generichash_update(&state, more, more_length);
    (void)crypto_generichash_final(&state, key.bytes, sizeof key.bytes);
    return key;
}

static bool is_same(const struct web_key *one, const struct web_key *other)
{
    return memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

/* Wrong tries */

static const struct web_tries *find_tries(const struct web_tries *list, const struct web_key *key)
{
    for (size_t i = 0; i < WEB_TRIED; i++) {
        if (list[i].taken && is_same(&list[i].key, key))
            return &list[i];
    }
    return NULL;
}

static bool is_older(const struct web_tries *one, const struct web_tries *other)
{
    return one->taken != other->taken ? other->taken : one->last_ms < other->last_ms;
}

static void count_try(struct web_tries *list, const struct web_key *key, bool since_first,
                      int64_t kept_ms, int64_t now_ms)
{
    struct web_tries *tries = &list[0];

    for (size_t i = 0; i < WEB_TRIED; i++) {
        if (list[i].taken && is_same(&list[i].key, key)) {
            tries = &list[i];
            break;
        }
        if (is_older(&list[i], tries))
            tries = &list[i];
    }
    if (!tries->taken || !is_same(&tries->key, key) ||
        now_ms - (since_first ? tries->first_ms : tries->last_ms) > kept_ms)
        *tries = (struct web_tries){.taken = true, .key = *key, .first_ms = now_ms};
    tries->wrong++;
    tries->last_ms = now_ms;
}

/* How many of those that last until so long after the last one. */
static int wrong_of(const struct web_tries *tries, int64_t now_ms)
{
    return tries == NULL || now_ms - tries->last_ms > WEB_TRIES_MS ? 0 : tries->wrong;
}

static void count_wrong(struct web_limits *limits, const struct web_place *place, int64_t now_ms)
{
    count_try(limits->users, &place->user, false, WEB_TRIES_MS, now_ms);
    if (!place->from_address)
        return;
    count_try(limits->both, &place->both, false, WEB_TRIES_MS, now_ms);
    count_try(limits->addresses, &place->address, true, WEB_TRIES_ADDRESS_MS, now_ms);
}

int64_t web_limits_wait(const struct web_limits *limits, int place, int64_t now_ms)
{
    const struct web_place *her = &limits->places[place];
    const struct web_tries *tries = find_tries(limits->both, &her->both);
    int64_t left;

    if (!her->from_address || wrong_of(tries, now_ms) < WEB_TRIES)
        return 0;
    left = tries->last_ms + WEB_WAIT_MS - now_ms;
    return left > 0 ? left : 0;
}

int64_t web_limits_delay(const struct web_limits *limits, int place, int64_t now_ms)
{
    const struct web_place *her = &limits->places[place];
    const struct web_tries *user = find_tries(limits->users, &her->user);
    const struct web_tries *from =
        her->from_address ? find_tries(limits->addresses, &her->address) : NULL;

    if (wrong_of(user, now_ms) >= WEB_TRIES)
        return WEB_DELAY_MS;
    return from != NULL && from->wrong >= WEB_TRIES_ADDRESS &&
                   now_ms - from->first_ms <= WEB_TRIES_ADDRESS_MS
               ? WEB_DELAY_MS
               : 0;
}

/* Places */

/* The oldest sign-in but `except` that has this key, where one is given. -1: there are fewer than
 * `most` of them. */
static int oldest_of(const struct web_limits *limits, int except, size_t key_at, int most)
{
    const uint8_t *key =
        key_at > 0 ? (const uint8_t *)&limits->places[except] + key_at : (const uint8_t *)NULL;
    int oldest = -1;
    int count = 0;

    for (int i = 0; i < WEB_PLACES; i++) {
        const struct web_place *place = &limits->places[i];

        if (i == except || place->state != WEB_PLACE_SIGNING_IN)
            continue;
        if (key != NULL && (!place->from_address ||
                            memcmp((const uint8_t *)place + key_at, key, WEB_KEY_SIZE) != 0))
            continue;
        count++;
        if (oldest < 0 || place->begun_ms < limits->places[oldest].begun_ms)
            oldest = i;
    }
    return count >= most ? oldest : -1;
}

int web_limits_oldest(const struct web_limits *limits)
{
    return oldest_of(limits, -1, 0, WEB_SIGN_INS);
}

int web_limits_enter(struct web_limits *limits, int64_t now_ms)
{
    for (int i = 0; i < WEB_PLACES; i++) {
        if (limits->places[i].state != WEB_PLACE_FREE)
            continue;
        limits->places[i] = (struct web_place){.state = WEB_PLACE_SIGNING_IN, .begun_ms = now_ms};
        return i;
    }
    return -1; /* there was no room, which was to be looked at first */
}

void web_limits_name(struct web_limits *limits, int place, const char *user,
                     const struct asp_network *address)
{
    enum { NETWORK = 8 };
    static const struct asp_network mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
    struct web_place *her = &limits->places[place];
    size_t length;

    her->named = true;
    her->user = make_key(limits, user, strlen(user) + 1, NULL, 0);
    her->from_address = address != NULL;
    if (address == NULL)
        return;
    /* In IPv6 one who has an address has all of its network. */
    length = memcmp(address->address, mapped.address, mapped.bits / 8) == 0
                 ? sizeof address->address
                 : NETWORK;
    her->address = make_key(limits, address->address, length, NULL, 0);
    her->both = make_key(limits, user, strlen(user) + 1, address->address, length);
}

int web_limits_crowded(const struct web_limits *limits, int place, int64_t now_ms)
{
    const struct web_place *her = &limits->places[place];
    int wrong;
    int first;

    if (!her->from_address)
        return -1;
    /* Tries that others are at may be wrong as well. */
    wrong = wrong_of(find_tries(limits->both, &her->both), now_ms);
    first = oldest_of(limits, place, offsetof(struct web_place, both),
                      wrong < WEB_TRIES ? WEB_TRIES - wrong : 1);
    return first >= 0 ? first
                      : oldest_of(limits, place, offsetof(struct web_place, address),
                                  WEB_SIGN_INS_ADDRESS);
}

void web_limits_answered(struct web_limits *limits, int place)
{
    limits->places[place].answered = true;
}

const char *web_limits_admit(struct web_limits *limits, int place, const char *account,
                             int64_t now_ms)
{
    struct web_place *her = &limits->places[place];
    const struct web_key user = make_key(limits, account, strlen(account) + 1, NULL, 0);
    int all = 0;
    int hers = 0;

    for (int i = 0; i < WEB_PLACES; i++) {
        const struct web_place *other = &limits->places[i];

        all += other->state == WEB_PLACE_SIGNED_IN;
        hers += other->state == WEB_PLACE_SIGNED_IN && is_same(&other->user, &user);
    }
    her->answered = false;
    if (hers >= WEB_SIGNED_IN_USER)
        return "you are signed in five times: sign out elsewhere first, or wait ten minutes";
    if (all >= WEB_SIGNED_IN)
        return "too many are signed in: try again in a few minutes";
    for (size_t i = 0; her->from_address && i < WEB_TRIED; i++) {
        if (limits->both[i].taken && is_same(&limits->both[i].key, &her->both))
            limits->both[i].taken = false;
    }
    *her = (struct web_place){
        .state = WEB_PLACE_SIGNED_IN, .user = user, .begun_ms = now_ms, .used_ms = now_ms};
    return NULL;
}

void web_limits_use(struct web_limits *limits, int place, int64_t now_ms)
{
    limits->places[place].used_ms = now_ms;
}

static bool is_new_minute(const struct web_place *her, int64_t now_ms)
{
    return her->changes == 0 || now_ms - her->minute_ms >= WEB_CHANGES_MS;
}

bool web_limits_may_change(const struct web_limits *limits, int place, int64_t now_ms)
{
    const struct web_place *her = &limits->places[place];

    return is_new_minute(her, now_ms) || her->changes < WEB_CHANGES;
}

void web_limits_change(struct web_limits *limits, int place, int64_t now_ms)
{
    struct web_place *her = &limits->places[place];

    if (is_new_minute(her, now_ms)) {
        her->minute_ms = now_ms;
        her->changes = 0;
    }
    her->changes++;
}

int64_t web_limits_end(const struct web_limits *limits, int place)
{
    const struct web_place *her = &limits->places[place];
    const int64_t last = her->begun_ms + WEB_SESSION_MS;

    if (her->state == WEB_PLACE_SIGNING_IN)
        return her->begun_ms + WEB_SIGN_IN_MS;
    return her->used_ms + WEB_IDLE_MS < last ? her->used_ms + WEB_IDLE_MS : last;
}

void web_limits_leave(struct web_limits *limits, int place, int64_t now_ms)
{
    struct web_place *her = &limits->places[place];

    if (her->named && her->answered)
        count_wrong(limits, her, now_ms);
    *her = (struct web_place){.state = WEB_PLACE_FREE};
}
