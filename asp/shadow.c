/* /etc/shadow, read whole, and what a line of it says. */
#include "shadow.h"

#include "time_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTES_MAX = 256 * 1024 * 1024,
    TRIES = 5,
    FIELDS = 8, /* of the nine of shadow(5), those that end with a colon */
    FIELD_HASH = 1,
    FIELD_CHANGED = 2,
    FIELD_EXPIRES = 7,
    DAY_DIGITS = 9,
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
    status = asp_file_read(fd, NULL, path, &st, BYTES_MAX, &bytes, &shadow->length, error);
    shadow->text = (char *)bytes;
    asp_close(fd);
    if (status != ASP_OK)
        return status;
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

    for (int i = 0; status == ASP_BUSY && i < TRIES; i++) {
        asp_shadow_free(shadow);
        status = read_once(path, shadow, error);
    }
    if (status != ASP_OK)
        asp_shadow_free(shadow);
    return status;
}

/* One field of a line. */
struct field {
    const char *text;
    size_t length;
};

/* A number of days since 1970. False for what is none. */
static bool read_day(struct field field, int32_t *day)
{
    int32_t days = 0;

    if (field.length == 0 || field.length > DAY_DIGITS)
        return false;
    for (size_t i = 0; i < field.length; i++) {
        if (field.text[i] < '0' || field.text[i] > '9')
            return false;
        days = days * 10 + (field.text[i] - '0');
    }
    *day = days;
    return true;
}

/* The day in field 8, as the time at which it begins. Empty, or -1 as chage writes it: never. False
 * for what is no number. */
static bool read_expires(struct field field, time_t *expires)
{
    int32_t day;

    *expires = ASP_NEVER;
    if (field.length == 0 || (field.length == 2 && memcmp(field.text, "-1", 2) == 0))
        return true;
    if (!read_day(field, &day))
        return false;
    *expires = (time_t)day * DAY;
    return true;
}

/* What is behind the eighth is passed over. False: there are fewer than nine. */
static bool split(const char *line, size_t length, struct field fields[FIELDS])
{
    const char *end = line + length;
    const char *at = line;

    for (size_t i = 0; i < FIELDS; i++) {
        const char *colon = memchr(at, ':', (size_t)(end - at));

        if (colon == NULL)
            return false;
        fields[i] = (struct field){at, (size_t)(colon - at)};
        at = colon + 1;
    }
    return true;
}

void asp_shadow_line(const char *line, size_t length, struct asp_primary_now *now)
{
    struct field fields[FIELDS];

    *now = (struct asp_primary_now){
        .source = ASP_SOURCE_SHADOW, .day = ASP_NO_DAY, .expires = ASP_NEVER};
    if (!split(line, length, fields) || !read_expires(fields[FIELD_EXPIRES], &now->expires))
        return;
    /* A day that is none says nothing of the password, and bars nobody. */
    (void)read_day(fields[FIELD_CHANGED], &now->day);
    now->says = ASP_SAYS_HASH;
    now->hash = fields[FIELD_HASH].text;
    now->length = fields[FIELD_HASH].length;
}

static void find_line(const struct asp_shadow *shadow, const char *user,
                      struct asp_primary_now *now)
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

void asp_shadow_find(const struct asp_shadow *shadow, const char *user, const char *follows,
                     struct asp_primary_now *now)
{
    find_line(shadow, user, now);
    if (now->says == ASP_SAYS_ABSENT && follows != NULL && follows[0] != '\0')
        find_line(shadow, follows, now);
    now->follows = follows;
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
