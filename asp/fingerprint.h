/*
 * What is remembered of a user's primary password, and the line of an account's file that holds it:
 *
 *   primary=-                                 nothing yet
 *   primary=SOURCE,KEY,PRINT                  a hash
 *   primary=SOURCE,none                       none, as version 1 has it: a line without a hash, or
 *                                             no line
 *   primary=shadow,no-hash,DAY                a line without a hash, last changed on that day or -
 *   primary=shadow,no-line[,known|,missed]    no line, and what the name service last said of her
 *   primary=shadow,absent,...                 before the last two and KEY: the user is gone since
 *   primary=shadow@REALM,...                  any of shadow: which machines' file it was
 *
 * primary.h says when it is taken, and what follows when it is another. Pure.
 */
#ifndef ASP_FINGERPRINT_H
#define ASP_FINGERPRINT_H

#include "buffer.h"
#include "name.h"
#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASP_PRINT_BYTES = 32,
    ASP_REALM_MAX = ASP_SERVICE_MAX, /* bytes of its name, which has the form of a service's */
    ASP_NO_DAY = -1, /* of a line that does not say when its password was last changed */
};

/* What the user had when it was taken. */
enum asp_had {
    ASP_HAD_NONE, /* nothing to log in with. Of shadow: the next look tells which of the last two */
    ASP_HAD_HASH,
    ASP_HAD_NO_HASH, /* a line, and nothing that is typed matches it */
    ASP_HAD_NO_LINE,
};

/* What the name service has said, when it was last asked, of a user who had no line. */
enum asp_named {
    ASP_NAMED_NEVER, /* it was not asked, or has never known her: she may be virtual */
    ASP_NAMED_KNOWN,
    ASP_NAMED_MISSED, /* known before, and once not */
};

struct asp_fingerprint {
    bool taken; /* false: not yet, the rest is unset */
    enum asp_source source;
    char realm[ASP_REALM_MAX + 1]; /* of shadow: of which machines; empty: none was named */
    enum asp_had had;
    bool absent;                    /* the user was found to be gone afterwards */
    int32_t day;                    /* without a hash: days since 1970, or ASP_NO_DAY */
    enum asp_named named;           /* without a line */
    uint8_t key[ASP_PRINT_BYTES];   /* of a hash */
    uint8_t print[ASP_PRINT_BYTES]; /* of a hash */
};

/* True when version 1 of the file cannot say it. */
bool asp_fingerprint_is_beyond_1(const struct asp_fingerprint *fingerprint);

/* True when both are of one look. What was noted since of a user who has no line does not count. */
bool asp_fingerprint_same(const struct asp_fingerprint *one, const struct asp_fingerprint *other);

/* True when a program has said one thing `before`, and what it says `now` has taken its place: what
 * was answered meanwhile may be the former. */
bool asp_fingerprint_is_replaced(const struct asp_fingerprint *before,
                                 const struct asp_fingerprint *now);

/* Adds the line, with its end. */
void asp_fingerprint_write(const struct asp_fingerprint *fingerprint, struct asp_buffer *out);

/* Reads `length` bytes, the line without its end. False: it is none that is ever written. */
bool asp_fingerprint_read(const char *line, size_t length, struct asp_fingerprint *fingerprint);

#endif
