/*
 * The one cookie, `__Host-asp` (RFC 6265bis, 4.1.3.2: this host's alone, and of HTTPS), and the
 * token that goes with it.
 *
 * One that is *fresh* is made for whoever asks, and nothing is kept of it: it tells itself that it
 * is ours and how old it is. It is good for one sign-in, which puts another in its place. That
 * *names* a session, and is 256 random bits; what is kept of it is a digest, so that no comparison
 * of it takes a time that tells something.
 */
#ifndef ASP_WEB_COOKIE_H
#define ASP_WEB_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COOKIE_RANDOM = 32,
    COOKIE_DIGEST = 32,
    COOKIE_FRESH_BYTES = COOKIE_RANDOM + 8 + COOKIE_DIGEST, /* time and tag behind it */
    COOKIE_TEXT_SIZE = 97,                                  /* base64url of those, with its NUL */
    COOKIE_TOKEN_SIZE = 44,                                 /* the same of a digest */
    COOKIE_USED = 1024,           /* fresh ones that were used and are remembered */
    COOKIE_FRESH_MS = 3600 * 1000 /* as long as one is good */
};

struct cookie {
    uint8_t bytes[COOKIE_FRESH_BYTES];
    size_t length; /* COOKIE_RANDOM, or COOKIE_FRESH_BYTES of one that is fresh */
};

/* What this process knows of cookies. */
struct cookie_jar {
    uint8_t key[32];
    int64_t since; /* fresh ones that were made then, or before, are none */
    struct {
        int64_t made;
        uint8_t digest[COOKIE_DIGEST];
    } used[COOKIE_USED];
    size_t used_count;
    size_t used_next;
};

void cookie_jar_open(struct cookie_jar *jar);

/* Wipes it. */
void cookie_jar_close(struct cookie_jar *jar);

/* The cookie in a header `Cookie` (NULL: there is none). False: it is not there once, or is none.
 */
bool cookie_read(const char *header, struct cookie *cookie);

void cookie_make_fresh(struct cookie_jar *jar, int64_t now, struct cookie *cookie);
void cookie_make(struct cookie *cookie);

/* Whether it is a fresh one of ours that was not used. */
bool cookie_is_fresh(const struct cookie_jar *jar, int64_t now, const struct cookie *cookie);

/* From now on it is not. */
void cookie_use_up(struct cookie_jar *jar, const struct cookie *cookie);

void cookie_write(const struct cookie *cookie, char text[COOKIE_TEXT_SIZE]);
void cookie_digest(const struct cookie *cookie, uint8_t digest[COOKIE_DIGEST]);

/* The token that a request with this cookie must have beside it. */
void cookie_token(const struct cookie_jar *jar, const struct cookie *cookie,
                  char token[COOKIE_TOKEN_SIZE]);

/* Whether `token` (NULL: there is none) is that. */
bool cookie_token_is(const struct cookie_jar *jar, const struct cookie *cookie, const char *token);

#endif
