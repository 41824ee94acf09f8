/* The text of an app password: made, read, shown. */
#include "secret.h"

#include <sodium.h>
#include <string.h>

enum { GROUP = 5, CHARS = ASP_ID_CHARS + ASP_KEY_CHARS };

static const char alphabet[] = ASP_ALPHABET;

_Static_assert(sizeof alphabet - 1 == 1U << ASP_ALPHABET_BITS, "the entropy counts on 32 letters");

/* The value of each character of the alphabet, plus one; 0 for all others. */
static const unsigned char values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['g'] = 17, ['h'] = 18, ['j'] = 19, ['k'] = 20, ['m'] = 21, ['n'] = 22, ['p'] = 23, ['q'] = 24,
    ['r'] = 25, ['s'] = 26, ['t'] = 27, ['v'] = 28, ['w'] = 29, ['x'] = 30, ['y'] = 31, ['z'] = 32,
};

static bool in_alphabet(char c)
{
    return values[(unsigned char)c] != 0;
}

/* Of a character of the alphabet. */
static size_t value_of(char c)
{
    return values[(unsigned char)c] - 1U;
}

bool asp_id_valid(const char *id)
{
    return in_alphabet(id[0]) && in_alphabet(id[1]) && id[2] == '\0';
}

size_t asp_id_index(const char *id)
{
    return value_of(id[0]) << ASP_ALPHABET_BITS | value_of(id[1]);
}

/* A free id, each as likely as the other: the n-th of those that are free. */
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
    id[2] = '\0';
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

static size_t without_line_end(const char *typed, size_t length)
{
    if (length == 0 || typed[length - 1] != '\n')
        return length;
    length--;
    return length > 0 && typed[length - 1] == '\r' ? length - 1 : length;
}

bool asp_secret_read(const char *typed, size_t length, struct asp_secret *secret)
{
    char clean[CHARS];
    size_t count = 0;
    bool well_shaped = length <= ASP_SECRET_TYPED_MAX;

    memset(secret, 0, sizeof *secret);
    if (well_shaped)
        length = without_line_end(typed, length);
    for (size_t i = 0; well_shaped && i < length; i++) {
        if (typed[i] == ' ' || typed[i] == '-')
            continue;
        well_shaped = count < CHARS && in_alphabet(typed[i]);
        if (well_shaped)
            clean[count++] = typed[i];
    }
    well_shaped = well_shaped && count == CHARS;
    if (well_shaped) {
        memcpy(secret->id, clean, ASP_ID_CHARS);
        memcpy(secret->key, clean + ASP_ID_CHARS, ASP_KEY_CHARS);
    }
    sodium_memzero(clean, sizeof clean);
    return well_shaped;
}

void asp_secret_show(const struct asp_secret *secret, char shown[ASP_SECRET_SHOWN + 1])
{
    size_t at = 0;

    for (size_t i = 0; i < CHARS; i++) {
        if (i > 0 && i % GROUP == 0)
            shown[at++] = '-';
        shown[at++] = i < ASP_ID_CHARS ? secret->id[i] : secret->key[i - ASP_ID_CHARS];
    }
    shown[at] = '\0';
}

void asp_secret_wipe(struct asp_secret *secret)
{
    sodium_memzero(secret, sizeof *secret);
}
