/* /etc/shadow, read whole, and what a line of it says. */
#include "shadow.h"

#include "time_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTES_MAX = 256 * 1024 * 1024,
    TRIES = 5,
    FIELDS = 9, /* shadow(5) */
    FIELD_HASH = 1,
    FIELD_EXPIRES = 7,
    DAY = 24 * 3600,
    SETTLED_SECONDS = 2,
};

static enum asp_status read_once(const char *path, struct asp_shadow *shadow,
                                 struct asp_error *error)
{
    struct asp_identity after = {.present = false};
    struct stat st;
    int fd = -1;
    uint8_t *bytes = NULL;
    enum asp_status status = asp_path_open(path, &fd, &st, error);

    if (status != ASP_OK)
        return status == ASP_NOT_FOUND ? ASP_IO : status;
    asp_identity_of(&st, &shadow->identity);
    status = asp_file_read(fd, &st, BYTES_MAX, &bytes, &shadow->length, error);
    shadow->text = (char *)bytes;
    asp_close(fd);
    if (status != ASP_OK)
        return asp_fail(error, status, "%s cannot be read", path);
    if (shadow->length == 0 || shadow->text[shadow->length - 1] != '\n')
        return asp_fail(error, ASP_BUSY, "%s is not whole: its last line has no end", path);
    if (asp_identity_at(path, &after, error) != ASP_OK ||
        !asp_identity_same(&shadow->identity, &after))
        return asp_fail(error, ASP_BUSY, "%s was changed while it was read", path);
    return ASP_OK;
}

enum asp_status asp_shadow_read(const char *path, struct asp_shadow *shadow,
                                struct asp_error *error)
{
    enum asp_status status = ASP_BUSY;

    memset(shadow, 0, sizeof *shadow);
    for (int i = 0; status == ASP_BUSY && i < TRIES; i++) {
        asp_shadow_free(shadow);
        status = read_once(path, shadow, error);
    }
    if (status != ASP_OK)
        asp_shadow_free(shadow);
    return status;
}

/* The day in field 8, as the time at which it begins. Empty: never. False for what is no number. */
static bool read_day(const char *field, size_t length, time_t *expires)
{
    time_t days = 0;

    *expires = ASP_NEVER;
    if (length == 0 || length > 9)
        return length == 0;
    for (size_t i = 0; i < length; i++) {
        if (field[i] < '0' || field[i] > '9')
            return length == 2 && field[0] == '-' &&
                   field[1] == '1'; /* what chage writes for never */
        days = days * 10 + (field[i] - '0');
    }
    *expires = days * DAY;
    return true;
}

void asp_shadow_line(const char *line, size_t length, struct asp_primary_now *now)
{
    const char *fields[FIELDS + 1] = {NULL};
    size_t count = 0;
    const char *end = line + length;
    const char *at = line;

    *now = (struct asp_primary_now){.source = ASP_SOURCE_SHADOW, .expires = ASP_NEVER};
    while (count < FIELDS) {
        const char *colon = memchr(at, ':', (size_t)(end - at));

        fields[count++] = at;
        if (colon == NULL)
            break;
        at = colon + 1;
    }
    if (count < FIELDS)
        return;
    if (!read_day(fields[FIELD_EXPIRES],
                  (size_t)(fields[FIELD_EXPIRES + 1] - fields[FIELD_EXPIRES]) - 1, &now->expires))
        return;
    now->says = ASP_SAYS_HASH;
    now->hash = fields[FIELD_HASH];
    now->length = (size_t)(fields[FIELD_HASH + 1] - fields[FIELD_HASH]) - 1;
}

void asp_shadow_find(const struct asp_shadow *shadow, const char *user, struct asp_primary_now *now)
{
    const char *end = shadow->text + shadow->length;
    size_t name = strlen(user);

    for (const char *line = shadow->text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)(newline - line);

        if (length > name && line[name] == ':' && memcmp(line, user, name) == 0) {
            asp_shadow_line(line, length, now);
            now->read = &shadow->identity;
            return;
        }
        line = newline + 1;
    }
    *now = (struct asp_primary_now){.source = ASP_SOURCE_SHADOW,
                                    .says = ASP_SAYS_ABSENT,
                                    .expires = ASP_NEVER,
                                    .read = &shadow->identity};
}

bool asp_shadow_is_stale(const struct asp_primary_now *now)
{
    struct asp_identity identity;

    return now->read != NULL && (asp_identity_at(ASP_SHADOW_PATH, &identity, NULL) != ASP_OK ||
                                 !asp_identity_same(&identity, now->read));
}

bool asp_shadow_is_settled(const struct asp_identity *identity, time_t now)
{
    return identity->present && now - identity->ctime_s > SETTLED_SECONDS;
}

void asp_shadow_free(struct asp_shadow *shadow)
{
    if (shadow->text != NULL)
        sodium_memzero(shadow->text, shadow->length);
    free(shadow->text);
    memset(shadow, 0, sizeof *shadow);
}
