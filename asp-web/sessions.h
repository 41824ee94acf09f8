/*
 * Who signs in or is signed in: a session for each, known by the digest of its cookie. How long one
 * lasts, and how many a user or an address may have, is the broker's to say, which hangs up.
 */
#ifndef ASP_WEB_SESSIONS_H
#define ASP_WEB_SESSIONS_H

#include "address.h"
#include "conversation.h"
#include "cookie.h"
#include "once.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSIONS_MAX = 384, /* somewhat more than the broker takes */
    SESSIONS_NEAR = 8,  /* sign-ins from one address: the broker takes half of them */
    SESSION_CHANGES = 60,
    SESSION_CHANGES_MS = 60 * 1000, /* for so many */
    SESSION_OVER_MS = 60 * 1000,    /* as long as it can be asked why one is over */
};

struct request;

struct session {
    bool taken;
    uint64_t number; /* no other has had it */
    bool signed_in;
    uint8_t digest[COOKIE_DIGEST];
    struct origin from; /* when she began */
    struct conversation conversation;
    struct request *waiting; /* what is answered when the broker has said something, or NULL */
    int64_t counted_since;
    unsigned changes;
    int64_t over_since; /* 0: it is not */
    struct once once;   /* of the app password that was made last */
};

struct sessions {
    struct session *list; /* SESSIONS_MAX */
    uint64_t last;        /* number */
};

/* False: no memory. */
bool sessions_open(struct sessions *sessions);
void sessions_close(struct sessions *sessions);

/* The one of this cookie, or NULL. */
struct session *sessions_find(const struct sessions *sessions, const struct cookie *cookie);

/* The one of which an address is open with this token, or NULL. */
struct session *sessions_find_once(const struct sessions *sessions, int64_t now,
                                   const struct once_token *token);

/* Which one has to be closed before another begins from there: the oldest sign-in from near it
 * where they are SESSIONS_NEAR; else, where there is no room, the oldest that is over, or else that
 * signs in. NULL: none. */
struct session *sessions_first_to_go(const struct sessions *sessions, const struct origin *from);

/* A new one; the caller makes a cookie for it by session_name. NULL: there is no room. */
struct session *sessions_add(struct sessions *sessions, const struct origin *from);

/* Gives it a new cookie, by which alone it is known from now on. */
void session_name(struct session *session, struct cookie *cookie);

/* Whether there may be one more change in it just now; then it is counted. */
bool session_may_change(struct session *session, int64_t now);

/* Wipes it. Nobody may be waiting. */
void session_end(struct session *session);

#endif
