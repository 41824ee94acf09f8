/*
 * The one-time address of a profile: `/once/` and 128 random bits. Whoever has it, with no cookie
 * and no name, is given the profile of a new app password, once.
 *
 * MUST: be made only when the app password is alive; be kept as a digest, so that no comparison of
 * it takes a time that tells something; hold the profile in memory that is locked, and wipe it when
 * it was given or the address has ended. MUST NOT: outlive its session.
 */
#ifndef ASP_WEB_ONCE_H
#define ASP_WEB_ONCE_H

#include "asp/buffer.h"
#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ONCE_PATH "/once/"

enum {
    ONCE_RANDOM = 16,
    ONCE_DIGEST = 32,
    ONCE_PROFILE_MAX = 64 * 1024, /* bytes; an unsigned one has less than 8 KiB */
    ONCE_KEPT_MS = 60 * 1000,     /* until its password is alive: the broker waits for less */
    ONCE_LIFE_MS = 5 * 60 * 1000,
    ONCE_SILENCE_MS = 15 * 1000, /* of the page, which asks every 5 seconds */
};

enum once_state {
    ONCE_NONE,
    ONCE_KEPT,  /* there is a profile, whose password is not alive */
    ONCE_ALIVE, /* it is now, and there is no address yet */
    ONCE_OPEN,
    ONCE_TAKEN, /* the profile was given */
};

/* Begins as {0}. */
struct once {
    enum once_state state;
    uint8_t digest[ONCE_DIGEST];
    uint8_t *profile; /* NULL, where there is none any more */
    size_t length;
    int64_t ends;   /* ms; whatever happens */
    int64_t silent; /* unless it is asked for before */
};

/* What stands behind ONCE_PATH. */
struct once_token {
    uint8_t bytes[ONCE_RANDOM];
};

/*
 * Keeps the profile in a document of create, in place of what there was. ASP_NOT_FOUND: there is
 * none in it; ASP_FULL: it is longer than ONCE_PROFILE_MAX; ASP_NO_MEMORY.
 */
enum asp_status once_keep(struct once *once, const char *document, size_t length, int64_t now);

/* Says what has become of the app password, where that was awaited. */
void once_settle(struct once *once, bool alive);

/* In ONCE_ALIVE: makes the address. */
void once_open(struct once *once, int64_t now, struct once_token *token);

/* The page is there: an open address goes on. */
void once_hear(struct once *once, int64_t now);

/* Ends it where its time is over. The next time to look, or INT64_MAX. */
int64_t once_look(struct once *once, int64_t now);

/* Whether it is open at that address. */
bool once_is(const struct once *once, const struct once_token *token);

/* The profile of an open one, which ends by it; the caller calls sodium_free. */
uint8_t *once_take(struct once *once, size_t *length);

/* Wipes it. */
void once_end(struct once *once);

/* The token in a path; false: it is none that was written here. */
bool once_token_read(const char *path, struct once_token *token);

/* Adds the address of this token. */
void once_token_add(struct asp_buffer *out, const char *origin, const struct once_token *token);

#endif
