/* The cookie of a session and of who has none yet, and their token. */
#include "cookie.h"

#include <sodium.h>
#include <string.h>

#define NAME "__Host-asp"

enum { TIME_AT = COOKIE_RANDOM, TAG_AT = COOKIE_RANDOM + 8 };

void cookie_jar_open(struct cookie_jar *jar)
{
    memset(jar, 0, sizeof *jar);
    jar->since = INT64_MIN;
    randombytes_buf(jar->key, sizeof jar->key);
}

void cookie_jar_close(struct cookie_jar *jar)
{
    sodium_memzero(jar, sizeof *jar);
}

/* Two digests of the same bytes, for two ends, are two. */
static void digest_for(const uint8_t *key, size_t key_length, char end, const uint8_t *bytes,
                       size_t length, uint8_t digest[COOKIE_DIGEST])
{
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, key, key_length, COOKIE_DIGEST);
    (void)crypto_generichash_update(&state, (const unsigned char *)&end, 1);
    (void)crypto_generichash_update(&state, bytes, length);
    (void)crypto_generichash_final(&state, digest, COOKIE_DIGEST);
    sodium_memzero(&state, sizeof state);
}

/* One pair of the header, from `text` to its end. `*length` is how long it is with what separates
 * it from the next. True: it has our name, and a value. */
static bool take_pair(const char *text, const char **value, size_t *value_length, size_t *length)
{
    const size_t name = sizeof NAME - 1;
    size_t end = strcspn(text, ";");

    *length = end + strspn(text + end, "; ");
    if (strncmp(text, NAME "=", name + 1) != 0)
        return false;
    *value = text + name + 1;
    *value_length = end - name - 1;
    return true;
}

/* As it is written here, in each byte: libsodium 1.0.18 takes some beyond ASCII for letters. */
static bool read_value(const char *value, size_t length, struct cookie *cookie)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    return strspn(value, alphabet) == length &&
           sodium_base642bin(cookie->bytes, sizeof cookie->bytes, value, length, NULL,
                             &cookie->length, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           (cookie->length == COOKIE_RANDOM || cookie->length == COOKIE_FRESH_BYTES);
}

bool cookie_read(const char *header, struct cookie *cookie)
{
    const char *value;
    size_t value_length;
    size_t length;
    size_t found = 0;

    cookie->length = 0;
    if (header == NULL)
        return false;
    header += strspn(header, "; ");
    for (; *header != '\0'; header += length) {
        if (!take_pair(header, &value, &value_length, &length))
            continue;
        if (++found > 1 || !read_value(value, value_length, cookie))
            return false;
    }
    return found == 1;
}

static int64_t time_of(const struct cookie *cookie)
{
    int64_t made;

    memcpy(&made, cookie->bytes + TIME_AT, sizeof made);
    return made;
}

void cookie_make_fresh(struct cookie_jar *jar, int64_t now, struct cookie *cookie)
{
    randombytes_buf(cookie->bytes, COOKIE_RANDOM);
    memcpy(cookie->bytes + TIME_AT, &now, sizeof now);
    digest_for(jar->key, sizeof jar->key, 'f', cookie->bytes, TAG_AT, cookie->bytes + TAG_AT);
    cookie->length = COOKIE_FRESH_BYTES;
}

void cookie_make(struct cookie *cookie)
{
    memset(cookie, 0, sizeof *cookie);
    randombytes_buf(cookie->bytes, COOKIE_RANDOM);
    cookie->length = COOKIE_RANDOM;
}

bool cookie_is_fresh(const struct cookie_jar *jar, int64_t now, const struct cookie *cookie)
{
    uint8_t digest[COOKIE_DIGEST];

    if (cookie->length != COOKIE_FRESH_BYTES)
        return false;
    digest_for(jar->key, sizeof jar->key, 'f', cookie->bytes, TAG_AT, digest);
    if (sodium_memcmp(digest, cookie->bytes + TAG_AT, sizeof digest) != 0 ||
        time_of(cookie) <= jar->since || now - time_of(cookie) > COOKIE_FRESH_MS)
        return false;
    cookie_digest(cookie, digest);
    for (size_t i = 0; i < jar->used_count; i++) {
        if (sodium_memcmp(digest, jar->used[i].digest, sizeof digest) == 0)
            return false;
    }
    return true;
}

/* Where one is forgotten for it, all that were made until then are none: none is good twice. */
void cookie_use_up(struct cookie_jar *jar, const struct cookie *cookie)
{
    if (jar->used_count == COOKIE_USED && jar->used[jar->used_next].made > jar->since)
        jar->since = jar->used[jar->used_next].made;
    jar->used[jar->used_next].made = time_of(cookie);
    cookie_digest(cookie, jar->used[jar->used_next].digest);
    jar->used_next = (jar->used_next + 1) % COOKIE_USED;
    if (jar->used_count < COOKIE_USED)
        jar->used_count++;
}

void cookie_write(const struct cookie *cookie, char text[COOKIE_TEXT_SIZE])
{
    sodium_bin2base64(text, COOKIE_TEXT_SIZE, cookie->bytes, cookie->length,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void cookie_digest(const struct cookie *cookie, uint8_t digest[COOKIE_DIGEST])
{
    digest_for(NULL, 0, 'n', cookie->bytes, cookie->length, digest);
}

void cookie_token(const struct cookie_jar *jar, const struct cookie *cookie,
                  char token[COOKIE_TOKEN_SIZE])
{
    uint8_t digest[COOKIE_DIGEST];

    digest_for(jar->key, sizeof jar->key, 't', cookie->bytes, cookie->length, digest);
    sodium_bin2base64(token, COOKIE_TOKEN_SIZE, digest, sizeof digest,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(digest, sizeof digest);
}

bool cookie_token_is(const struct cookie_jar *jar, const struct cookie *cookie, const char *token)
{
    char expected[COOKIE_TOKEN_SIZE];
    bool same;

    cookie_token(jar, cookie, expected);
    same = token != NULL && strlen(token) == sizeof expected - 1 &&
           sodium_memcmp(token, expected, sizeof expected - 1) == 0;
    sodium_memzero(expected, sizeof expected);
    return same;
}
