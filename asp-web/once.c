/* One-time addresses: when there is one, and what it holds. */
#include "once.h"

#include "asp-admin/ui/json.h"

#include <sodium.h>
#include <string.h>

enum {
    HEX_SIZE = 2 * ONCE_RANDOM + 1,
    ENCODED_MAX = (ONCE_PROFILE_MAX + 2) / 3 * 4, /* a longer base64 is of more than may be */
};

static enum asp_status decode(struct once *once, const char *text, size_t length)
{
    const size_t room = length / 4 * 3;

    if (room == 0)
        return ASP_NOT_FOUND;
    if (length > ENCODED_MAX)
        return ASP_FULL;
    once->profile = sodium_malloc(room);
    if (once->profile == NULL)
        return ASP_NO_MEMORY;
    if (sodium_base642bin(once->profile, room, text, length, NULL, &once->length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return ASP_NOT_FOUND;
    return once->length <= ONCE_PROFILE_MAX ? ASP_OK : ASP_FULL;
}

enum asp_status once_keep(struct once *once, const char *document, size_t length, int64_t now)
{
    enum asp_status status;
    json_error_t fault;
    json_t *read = json_read(document, length, &status, &fault);
    const json_t *profile = json_object_get(read, "profile");

    once_end(once);
    /* What is no string has no length. */
    if (read != NULL)
        status = decode(once, json_string_value(profile), json_string_length(profile));
    else if (status != ASP_NO_MEMORY)
        status = ASP_NOT_FOUND;
    json_decref(read);
    if (status == ASP_OK) {
        once->state = ONCE_KEPT;
        once->ends = once->silent = now + ONCE_KEPT_MS;
    } else {
        once_end(once);
    }
    return status;
}

void once_settle(struct once *once, bool alive)
{
    if (once->state != ONCE_KEPT)
        return;
    if (alive)
        once->state = ONCE_ALIVE;
    else
        once_end(once);
}

static void digest_of(const struct once_token *token, uint8_t digest[ONCE_DIGEST])
{
    (void)crypto_generichash(digest, ONCE_DIGEST, token->bytes, sizeof token->bytes, NULL, 0);
}

void once_open(struct once *once, int64_t now, struct once_token *token)
{
    randombytes_buf(token->bytes, sizeof token->bytes);
    digest_of(token, once->digest);
    once->state = ONCE_OPEN;
    once->ends = now + ONCE_LIFE_MS;
    once->silent = now + ONCE_SILENCE_MS;
}

void once_hear(struct once *once, int64_t now)
{
    if (once->state == ONCE_OPEN)
        once->silent = now + ONCE_SILENCE_MS;
}

int64_t once_look(struct once *once, int64_t now)
{
    const int64_t next = once->silent < once->ends ? once->silent : once->ends;

    if (once->profile == NULL)
        return INT64_MAX;
    if (next > now)
        return next;
    once_end(once);
    return INT64_MAX;
}

bool once_is(const struct once *once, const struct once_token *token)
{
    uint8_t digest[ONCE_DIGEST];

    if (once->state != ONCE_OPEN)
        return false;
    digest_of(token, digest);
    return sodium_memcmp(digest, once->digest, sizeof digest) == 0;
}

uint8_t *once_take(struct once *once, size_t *length)
{
    uint8_t *profile = once->profile;

    *length = once->length;
    once->profile = NULL;
    once_end(once);
    once->state = ONCE_TAKEN;
    return profile;
}

void once_end(struct once *once)
{
    sodium_free(once->profile);
    sodium_memzero(once, sizeof *once);
}

bool once_token_read(const char *path, struct once_token *token)
{
    const size_t before = sizeof ONCE_PATH - 1;
    const size_t length = 2 * sizeof token->bytes;

    return strncmp(path, ONCE_PATH, before) == 0 && strlen(path) == before + length &&
           strspn(path + before, "0123456789abcdef") == length &&
           sodium_hex2bin(token->bytes, sizeof token->bytes, path + before, length, NULL, NULL,
                          NULL) == 0;
}

void once_token_add(struct asp_buffer *out, const char *origin, const struct once_token *token)
{
    char text[HEX_SIZE];

    asp_buffer_add(out, origin);
    asp_buffer_add(out, ONCE_PATH);
    asp_buffer_add(out, sodium_bin2hex(text, sizeof text, token->bytes, sizeof token->bytes));
    sodium_memzero(text, sizeof text);
}
