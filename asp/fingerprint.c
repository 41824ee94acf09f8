/* The line of an account's file that holds the fingerprint of the primary password. */
#include "fingerprint.h"

#include <sodium.h>
#include <string.h>

#define KEY_WORD "primary="
#define REALM_SIGN "@"
#define ABSENT_WORD "absent,"
#define NO_HASH_WORD "no-hash,"
#define NO_LINE_WORD "no-line"

enum { DAY_DIGITS = 9 }; /* as many as int32_t has room for in any case */

static const char *const named_words[] = {
    [ASP_NAMED_NEVER] = NO_LINE_WORD,
    [ASP_NAMED_KNOWN] = NO_LINE_WORD ",known",
    [ASP_NAMED_MISSED] = NO_LINE_WORD ",missed",
};

bool asp_fingerprint_is_beyond_1(const struct asp_fingerprint *fingerprint)
{
    return fingerprint->taken &&
           (fingerprint->absent || fingerprint->realm[0] != '\0' ||
            fingerprint->had == ASP_HAD_NO_HASH || fingerprint->had == ASP_HAD_NO_LINE);
}

bool asp_fingerprint_same(const struct asp_fingerprint *one, const struct asp_fingerprint *other)
{
    return one->taken == other->taken && one->source == other->source &&
           strcmp(one->realm, other->realm) == 0 && one->had == other->had &&
           one->day == other->day && memcmp(one->key, other->key, sizeof one->key) == 0 &&
           memcmp(one->print, other->print, sizeof one->print) == 0;
}

bool asp_fingerprint_is_replaced(const struct asp_fingerprint *before,
                                 const struct asp_fingerprint *now)
{
    return before->taken && before->source == now->source &&
           asp_source_traits(now->source).is_program && !asp_fingerprint_same(before, now);
}

static void write_hex(struct asp_buffer *out, const uint8_t bytes[ASP_PRINT_BYTES])
{
    char hex[2 * ASP_PRINT_BYTES + 1];

    sodium_bin2hex(hex, sizeof hex, bytes, ASP_PRINT_BYTES);
    asp_buffer_add(out, hex);
}

static void write_had(const struct asp_fingerprint *fingerprint, struct asp_buffer *out)
{
    switch (fingerprint->had) {
    case ASP_HAD_NONE:
        asp_buffer_add(out, "none");
        break;
    case ASP_HAD_HASH:
        write_hex(out, fingerprint->key);
        asp_buffer_add(out, ",");
        write_hex(out, fingerprint->print);
        break;
    case ASP_HAD_NO_HASH:
        asp_buffer_add(out, NO_HASH_WORD);
        if (fingerprint->day == ASP_NO_DAY)
            asp_buffer_add(out, "-");
        else
            asp_buffer_add_number(out, (unsigned)fingerprint->day);
        break;
    case ASP_HAD_NO_LINE:
        asp_buffer_add(out, named_words[fingerprint->named]);
        break;
    }
}

void asp_fingerprint_write(const struct asp_fingerprint *fingerprint, struct asp_buffer *out)
{
    asp_buffer_add(out, KEY_WORD);
    if (!fingerprint->taken) {
        asp_buffer_add(out, "-\n");
        return;
    }
    asp_buffer_add(out, asp_source_words[fingerprint->source]);
    if (fingerprint->realm[0] != '\0') {
        asp_buffer_add(out, REALM_SIGN);
        asp_buffer_add(out, fingerprint->realm);
    }
    asp_buffer_add(out, ",");
    if (fingerprint->absent)
        asp_buffer_add(out, ABSENT_WORD);
    write_had(fingerprint, out);
    asp_buffer_add(out, "\n");
}

/* What is still to be read of the line. */
struct rest {
    const char *at;
    const char *end;
};

static bool is_rest(const struct rest *rest, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(rest->end - rest->at) == length && memcmp(rest->at, word, length) == 0;
}

/* True, and past it, when the word stands there. */
static bool take_word(struct rest *rest, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(rest->end - rest->at) < length || memcmp(rest->at, word, length) != 0)
        return false;
    rest->at += length;
    return true;
}

/* Behind the sign, up to `end`. */
static bool read_realm(const char *at, const char *end, struct asp_fingerprint *fingerprint)
{
    size_t length = (size_t)(end - at);

    if (!asp_source_traits(fingerprint->source).at_login || length > ASP_REALM_MAX)
        return false;
    memcpy(fingerprint->realm, at, length);
    return strlen(fingerprint->realm) == length && asp_service_valid(fingerprint->realm);
}

static bool take_source(struct rest *rest, struct asp_fingerprint *fingerprint)
{
    const char *comma = memchr(rest->at, ',', (size_t)(rest->end - rest->at));
    const char *sign;
    const char *end;

    if (comma == NULL)
        return false;
    sign = memchr(rest->at, REALM_SIGN[0], (size_t)(comma - rest->at));
    end = sign == NULL ? comma : sign;
    if (!asp_source_read(rest->at, (size_t)(end - rest->at), &fingerprint->source) ||
        (sign != NULL && !read_realm(sign + 1, comma, fingerprint)))
        return false;
    rest->at = comma + 1;
    return true;
}

/* The value of each lower-case hexadecimal digit, plus one; 0 for all else. */
static const unsigned char hex_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Written out, since libsodium's hides which digits it reads, at seven times the cost: here they
 * are those of a stored line, and no secret. */
static bool read_hex(const char *text, uint8_t bytes[ASP_PRINT_BYTES])
{
    for (size_t i = 0; i < ASP_PRINT_BYTES; i++) {
        unsigned high = hex_values[(unsigned char)text[2 * i]];
        unsigned low = hex_values[(unsigned char)text[2 * i + 1]];

        if (high == 0 || low == 0)
            return false;
        bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return true;
}

/* Two runs of lower-case hexadecimal digits with a comma between them, and nothing else. */
static bool read_print(const struct rest *rest, struct asp_fingerprint *fingerprint)
{
    enum { HEX = 2 * ASP_PRINT_BYTES };

    fingerprint->had = ASP_HAD_HASH;
    return rest->end - rest->at == 2 * HEX + 1 && rest->at[HEX] == ',' &&
           read_hex(rest->at, fingerprint->key) && read_hex(rest->at + HEX + 1, fingerprint->print);
}

static bool read_day(const struct rest *rest, struct asp_fingerprint *fingerprint)
{
    int32_t day = 0;

    fingerprint->had = ASP_HAD_NO_HASH;
    fingerprint->day = ASP_NO_DAY;
    if (is_rest(rest, "-"))
        return true;
    if (rest->at == rest->end || rest->end - rest->at > DAY_DIGITS ||
        (rest->at[0] == '0' && rest->end - rest->at > 1))
        return false;
    for (const char *at = rest->at; at < rest->end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        day = day * 10 + (*at - '0');
    }
    fingerprint->day = day;
    return true;
}

static bool read_named(const struct rest *rest, struct asp_fingerprint *fingerprint)
{
    for (int i = ASP_NAMED_NEVER; i <= ASP_NAMED_MISSED; i++) {
        if (!is_rest(rest, named_words[i]))
            continue;
        fingerprint->had = ASP_HAD_NO_LINE;
        fingerprint->named = (enum asp_named)i;
        return true;
    }
    return false;
}

/* What the shadow file alone can say. */
static bool read_shadow(struct rest *rest, struct asp_fingerprint *fingerprint)
{
    fingerprint->absent = take_word(rest, ABSENT_WORD);
    if (take_word(rest, NO_HASH_WORD))
        return read_day(rest, fingerprint);
    return read_named(rest, fingerprint) || read_print(rest, fingerprint);
}

bool asp_fingerprint_read(const char *line, size_t length, struct asp_fingerprint *fingerprint)
{
    struct rest rest = {line, line + length};

    memset(fingerprint, 0, sizeof *fingerprint);
    if (!take_word(&rest, KEY_WORD))
        return false;
    if (is_rest(&rest, "-"))
        return true;
    fingerprint->taken = take_source(&rest, fingerprint);
    if (!fingerprint->taken || is_rest(&rest, "none"))
        return fingerprint->taken;
    return asp_source_traits(fingerprint->source).at_login ? read_shadow(&rest, fingerprint)
                                                           : read_print(&rest, fingerprint);
}
