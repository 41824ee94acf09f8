/* The text of an app password: made, read, shown. */
#include "secret.h"

#include "label.h"
#include "name.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum {
    GROUP = 5,
    CHARS = ASP_ID_CHARS + ASP_KEY_CHARS,
    UTF8_MOST = 4, /* bytes of a character */
};

static const char alphabet[] = ASP_ALPHABET;

_Static_assert(sizeof alphabet - 1 == 1U << ASP_ALPHABET_BITS, "the entropy counts on 32 letters");

static bool in_alphabet(char c)
{
    return asp_letter_value(c) >= 0;
}

bool asp_id_valid(const char *id)
{
    return in_alphabet(id[0]) && in_alphabet(id[1]) && id[2] == '\0';
}

size_t asp_id_index(const char *id)
{
    return (size_t)asp_letter_value(id[0]) << ASP_ALPHABET_BITS | (size_t)asp_letter_value(id[1]);
}

/* A free id, each as likely as the other: the n-th of those that are free. `id` is cleared. */
static enum asp_status make_id(const bool taken[ASP_IDS], char id[ASP_ID_CHARS + 1])
{
    uint32_t free_ids = 0;

    for (size_t i = 0; i < ASP_IDS; i++)
        free_ids += !taken[i];
    if (free_ids == 0)
        return ASP_FULL;

    uint32_t skip = randombytes_uniform(free_ids);
    size_t index = 0;

    while (taken[index] || skip-- > 0)
        index++;
    id[0] = alphabet[index >> ASP_ALPHABET_BITS];
    id[1] = alphabet[index & (sizeof alphabet - 2)];
    return ASP_OK;
}

enum asp_status asp_secret_make(const bool taken[ASP_IDS], struct asp_secret *secret)
{
    unsigned char random[ASP_KEY_CHARS];
    /* Letter by letter: a compiler that makes several at once leaves them in places of its own. */
    const volatile unsigned char *from = random;
    volatile char *to = secret->key;
    enum asp_status status;

    memset(secret, 0, sizeof *secret);
    status = make_id(taken, secret->id);
    if (status != ASP_OK)
        return status;

    /* 32 divides 256: the low five bits of a random byte are uniform. */
    randombytes_buf(random, sizeof random);
    for (size_t i = 0; i < ASP_KEY_CHARS; i++)
        to[i] = alphabet[from[i] & (sizeof alphabet - 2)];
    sodium_memzero(random, sizeof random);
    return ASP_OK;
}

/* The length of the character at `typed` that is passed over, of `left` bytes that need not end; 0:
 * it is another, or broken. */
static size_t passed_over(const char *typed, size_t left)
{
    char piece[UTF8_MOST + 1] = {0};
    unsigned long value = (unsigned char)typed[0];
    size_t length = 1;

    if (value >= 0x80) {
        memcpy(piece, typed, left < UTF8_MOST ? left : UTF8_MOST);
        length = asp_utf8_next(piece, &value);
        sodium_memzero(piece, sizeof piece);
    }
    return asp_is_passed_over(value) ? length : 0;
}

bool asp_secret_read(const char *typed, size_t length, struct asp_secret *secret)
{
    char clean[CHARS];
    size_t count = 0;
    bool well_shaped = length <= ASP_SECRET_TYPED_MAX;
    bool capitals = false;

    memset(secret, 0, sizeof *secret);
    for (size_t at = 0; well_shaped && at < length; at++) {
        char letter = typed[at];

        if (!in_alphabet(letter)) {
            size_t skipped = passed_over(typed + at, length - at);

            if (skipped > 0) {
                at += skipped - 1;
                continue;
            }
            letter = asp_fold(letter);
            well_shaped = capitals = in_alphabet(letter);
        }
        if (count < CHARS)
            clean[count] = letter;
        count++;
    }
    well_shaped = well_shaped && count == CHARS;
    if (well_shaped) {
        memcpy(secret->id, clean, ASP_ID_CHARS);
        memcpy(secret->key, clean + ASP_ID_CHARS, ASP_KEY_CHARS);
        secret->capitals = capitals;
    }
    sodium_memzero(clean, sizeof clean);
    return well_shaped;
}

void asp_secret_show(const struct asp_secret *secret, char shown[ASP_SECRET_SHOWN + 1])
{
    size_t at = 0;

    for (size_t i = 0; i < CHARS; i++) {
        if (at % (GROUP + 1) == GROUP)
            shown[at++] = '-';
        shown[at++] = i < ASP_ID_CHARS ? secret->id[i] : secret->key[i - ASP_ID_CHARS];
    }
    shown[at] = '\0';
}

void asp_secret_wipe(struct asp_secret *secret)
{
    sodium_memzero(secret, sizeof *secret);
}
