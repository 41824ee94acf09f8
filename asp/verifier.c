/* Verifiers: made, checked, and the decoy that costs the same. */
#include "verifier.h"

#include "name.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    PREFIX_SIZE = 48, /* what stands before the salt, with its NUL */
    SALT_BYTES = 16,
    TAG_BYTES = 32,
    SALT_CHARS = 22, /* unpadded base64 */
    TAG_CHARS = 43,
    VERSION_BYTES = 7,
    BLAKE_STACK = 2032, /* libsodium leaves blocks of the message on up to 1,300 bytes of it */
    ARGON_STACK = 8176, /* and with Argon2id the tag, within 6,000 */
    MESSAGE_MAX = 4 + VERSION_BYTES + ASP_USER_MAX + ASP_ID_CHARS + ASP_KEY_CHARS,
};

static const char version[VERSION_BYTES + 1] = "asp v=1";

#define BLAKE_PREFIX "$blake2b$"
#define HMAC_PREFIX "$hmac-sha256$"
#define ARGON_PREFIX "$argon2id$v=19$"
#define DECOY "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

_Static_assert(SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES &&
                   SALT_BYTES >= crypto_generichash_blake2b_KEYBYTES_MIN,
               "one salt serves all schemes");
_Static_assert(TAG_BYTES == crypto_auth_hmacsha256_BYTES, "one tag serves all schemes");
_Static_assert(TAG_BYTES == crypto_generichash_blake2b_BYTES, "one tag serves all schemes");

/* Keeps what is hashed here apart from all else that is hashed with BLAKE2b. */
static const unsigned char personal[] = "pam_asp verifier";

_Static_assert(sizeof personal - 1 == crypto_generichash_blake2b_PERSONALBYTES,
               "it fills its place");

/* A PHC string taken apart. */
struct parsed {
    struct asp_cost cost;
    unsigned char salt[SALT_BYTES];
    unsigned char tag[TAG_BYTES];
};

struct message {
    unsigned char bytes[MESSAGE_MAX];
    size_t length;
};

/* One byte says the length of what follows: none is longer than a user's name. */
static void append(struct message *message, const char *text, size_t length)
{
    message->bytes[message->length++] = (unsigned char)length;
    memcpy(message->bytes + message->length, text, length);
    message->length += length;
}

static void build(struct message *message, const char *user, const struct asp_secret *secret)
{
    message->length = 0;
    append(message, version, VERSION_BYTES);
    append(message, user, strnlen(user, ASP_USER_MAX));
    append(message, secret->id, ASP_ID_CHARS);
    append(message, secret->key, ASP_KEY_CHARS);
}

static void blake2b(const struct message *message, const unsigned char salt[SALT_BYTES],
                    unsigned char tag[TAG_BYTES])
{
    (void)crypto_generichash_blake2b_salt_personal(tag, TAG_BYTES, message->bytes, message->length,
                                                   salt, SALT_BYTES, NULL, personal);
    sodium_stackzero(BLAKE_STACK);
}

static void hmac(const struct message *message, const unsigned char salt[SALT_BYTES],
                 unsigned char tag[TAG_BYTES])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, salt, SALT_BYTES);
    crypto_auth_hmacsha256_update(&state, message->bytes, message->length);
    crypto_auth_hmacsha256_final(&state, tag);
    sodium_memzero(&state, sizeof state);
}

/* One hash. Its bounds were checked, so that a failure of crypto_pwhash can only be memory. */
static enum asp_status hash(const struct asp_cost *cost, const unsigned char salt[SALT_BYTES],
                            const char *user, const struct asp_secret *secret,
                            unsigned char tag[TAG_BYTES])
{
    struct message message;
    enum asp_status status = ASP_NO_MEMORY; /* also of no scheme: then there is no tag */

    build(&message, user, secret);
    switch (cost->scheme) {
    case ASP_BLAKE2B:
        blake2b(&message, salt, tag);
        status = ASP_OK;
        break;
    case ASP_HMAC_SHA256:
        hmac(&message, salt, tag);
        status = ASP_OK;
        break;
    case ASP_ARGON2ID:
        if (crypto_pwhash(tag, TAG_BYTES, (const char *)message.bytes, message.length, salt,
                          cost->passes, (size_t)cost->memory * 1024,
                          crypto_pwhash_ALG_ARGON2ID13) == 0)
            status = ASP_OK;
        sodium_stackzero(ARGON_STACK);
        break;
    }
    sodium_memzero(&message, sizeof message);
    return status;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Reads `key` and a number without sign or leading zero, and the byte after it. Moves `*at` on. */
static bool read_number(const char **at, const char *key, char after, uint32_t *value)
{
    const char *p = *at;
    uint32_t number = 0;
    size_t digits = 0;

    if (!starts_with(p, key))
        return false;
    for (p += strlen(key); *p >= '0' && *p <= '9'; p++) {
        if (++digits > 7 || (digits == 1 && *p == '0'))
            return false;
        number = number * 10 + (uint32_t)(*p - '0');
    }
    if (digits == 0 || *p != after)
        return false;
    *at = p + 1;
    *value = number;
    return true;
}

/* The value of each character of base64, plus one; 0 for all others. */
static const unsigned char base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* Three bytes of four characters of base64. False: one is none, or the text ends. */
static bool read_three(const unsigned char *text, unsigned char *bytes)
{
    const uint32_t a = base64_values[text[0]];
    const uint32_t b = a == 0 ? 0 : base64_values[text[1]];
    const uint32_t c = b == 0 ? 0 : base64_values[text[2]];
    const uint32_t d = c == 0 ? 0 : base64_values[text[3]];

    if (d == 0)
        return false;
    bytes[0] = (unsigned char)((a - 1) << 2 | (b - 1) >> 4);
    bytes[1] = (unsigned char)(((b - 1) << 4 | (c - 1) >> 2) & 0xff);
    bytes[2] = (unsigned char)(((c - 1) << 6 | (d - 1)) & 0xff);
    return true;
}

/*
 * Reads exactly as many characters of unpadded base64 (RFC 4648, 4) as `size` bytes have, in their
 * one canonical form. Moves `*at` on. Written out, since libsodium's hides which characters it
 * reads, at thirty times the cost: here they are those of a stored line, and no secret.
 */
static bool read_base64(const char **at, unsigned char *bytes, size_t size)
{
    const unsigned char *text = (const unsigned char *)*at;
    const size_t left = size % 3;
    unsigned char last[4] = {'A', 'A', 'A', 'A'};
    unsigned char three[3];

    for (const unsigned char *end = bytes + size - left; bytes < end; bytes += 3, text += 4) {
        if (!read_three(text, bytes))
            return false;
    }
    if (left > 0) {
        (void)memccpy(last, text, '\0', left + 1);
        /* The bits to spare are 0. */
        if (!read_three(last, three) || three[left] != 0)
            return false;
        memcpy(bytes, three, left);
        text += left + 1;
    }
    *at = (const char *)text;
    return true;
}

static bool read_cost(const char **at, struct asp_cost *cost)
{
    uint32_t lanes = 0;

    if (starts_with(*at, BLAKE_PREFIX)) {
        *at += strlen(BLAKE_PREFIX);
        cost->scheme = ASP_BLAKE2B;
        return true;
    }
    if (starts_with(*at, HMAC_PREFIX)) {
        *at += strlen(HMAC_PREFIX);
        cost->scheme = ASP_HMAC_SHA256;
        return true;
    }
    if (!starts_with(*at, ARGON_PREFIX))
        return false;
    *at += strlen(ARGON_PREFIX);
    cost->scheme = ASP_ARGON2ID;
    return read_number(at, "m=", ',', &cost->memory) && read_number(at, "t=", ',', &cost->passes) &&
           read_number(at, "p=", '$', &lanes) && lanes == 1 && cost->memory >= ASP_MEMORY_MIN &&
           cost->memory <= ASP_MEMORY_MAX && cost->passes >= ASP_PASSES_MIN &&
           cost->passes <= ASP_PASSES_MAX;
}

static bool parse(const char *verifier, struct parsed *parsed)
{
    const char *at = verifier;

    memset(parsed, 0, sizeof *parsed);
    return read_cost(&at, &parsed->cost) && read_base64(&at, parsed->salt, SALT_BYTES) &&
           *at++ == '$' && read_base64(&at, parsed->tag, TAG_BYTES) && *at == '\0';
}

/* Passes over the characters of base64. */
static size_t base64_span(const char *text)
{
    size_t length = 0;

    while (base64_values[(unsigned char)text[length]] != 0)
        length++;
    return length;
}

bool asp_verifier_valid(const char *verifier)
{
    struct asp_cost cost = {0};
    const char *salt = verifier;
    const char *tag;

    if (!read_cost(&salt, &cost) || base64_span(salt) != SALT_CHARS || salt[SALT_CHARS] != '$')
        return false;
    tag = salt + SALT_CHARS + 1;
    return base64_span(tag) == TAG_CHARS && tag[TAG_CHARS] == '\0';
}

void asp_verifier_cost(const char *verifier, struct asp_cost *cost)
{
    *cost = (struct asp_cost){0};
    (void)read_cost(&verifier, cost);
}

bool asp_verifier_is_beyond_1(const char *verifier)
{
    return starts_with(verifier, BLAKE_PREFIX);
}

/* What read_cost reads. */
static void write_prefix(const struct asp_cost *cost, char prefix[PREFIX_SIZE])
{
    switch (cost->scheme) {
    case ASP_BLAKE2B:
        (void)snprintf(prefix, PREFIX_SIZE, "%s", BLAKE_PREFIX);
        break;
    case ASP_HMAC_SHA256:
        (void)snprintf(prefix, PREFIX_SIZE, "%s", HMAC_PREFIX);
        break;
    case ASP_ARGON2ID:
        (void)snprintf(prefix, PREFIX_SIZE, ARGON_PREFIX "m=%u,t=%u,p=1$", cost->memory,
                       cost->passes);
        break;
    }
}

enum asp_status asp_verifier_make(const struct asp_cost *cost, const char *user,
                                  const struct asp_secret *secret, char verifier[ASP_VERIFIER_SIZE])
{
    unsigned char salt[SALT_BYTES];
    unsigned char tag[TAG_BYTES];
    char salt_text[SALT_CHARS + 1];
    char tag_text[TAG_CHARS + 1];
    char prefix[PREFIX_SIZE];
    enum asp_status status;

    randombytes_buf(salt, sizeof salt);
    status = hash(cost, salt, user, secret, tag);
    if (status != ASP_OK)
        return status;

    sodium_bin2base64(salt_text, sizeof salt_text, salt, sizeof salt,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    sodium_bin2base64(tag_text, sizeof tag_text, tag, sizeof tag,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    write_prefix(cost, prefix);
    (void)snprintf(verifier, ASP_VERIFIER_SIZE, "%s%s$%s", prefix, salt_text, tag_text);
    return ASP_OK;
}

enum asp_status asp_verifier_check(const char *verifier, const char *user,
                                   const struct asp_secret *secret)
{
    struct parsed parsed;
    unsigned char tag[TAG_BYTES] = {0};
    enum asp_status status;

    if (!parse(verifier, &parsed))
        return ASP_CORRUPT;
    status = hash(&parsed.cost, parsed.salt, user, secret, tag);
    if (status == ASP_OK && sodium_memcmp(tag, parsed.tag, TAG_BYTES) != 0)
        status = ASP_MISMATCH;
    sodium_memzero(tag, sizeof tag);
    return status;
}

enum asp_status asp_verifier_decoy(const struct asp_cost *cost, const char *user,
                                   const struct asp_secret *secret)
{
    static const unsigned char salt[SALT_BYTES] = {0};
    unsigned char tag[TAG_BYTES];
    enum asp_status status = ASP_MISMATCH;

    /* With a fast hash the reading of the line counts too, so there is a line to read. */
    switch (cost->scheme) {
    case ASP_BLAKE2B:
        (void)asp_verifier_check(BLAKE_PREFIX DECOY, user, secret);
        break;
    case ASP_HMAC_SHA256:
        (void)asp_verifier_check(HMAC_PREFIX DECOY, user, secret);
        break;
    case ASP_ARGON2ID:
        status = hash(cost, salt, user, secret, tag) == ASP_OK ? ASP_MISMATCH : ASP_NO_MEMORY;
        sodium_memzero(tag, sizeof tag);
        break;
    }
    return status;
}
