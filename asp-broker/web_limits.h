/*
 * What the broker remembers of those who sign in by the web server, in memory alone: who is at it,
 * who is signed in, and who has answered wrong. It knows neither sockets nor processes: whoever has
 * those calls a connection by its place, and hands the time over (asp_clock_ms). Bounded: where
 * there is no room for another wrong try, the one that was longest ago is forgotten.
 */
#ifndef ASP_BROKER_WEB_LIMITS_H
#define ASP_BROKER_WEB_LIMITS_H

#include "asp/network.h"

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WEB_SIGN_INS = 64,        /* at a time, */
    WEB_SIGN_INS_ADDRESS = 4, /* and from one address, or one network of IPv6 with 64 bits */
    WEB_SIGN_IN_MS = 120 * 1000,

    WEB_SIGNED_IN = 256,
    WEB_SIGNED_IN_USER = 5,
    WEB_IDLE_MS = 10 * 60 * 1000,    /* after the last command */
    WEB_SESSION_MS = 60 * 60 * 1000, /* in all */
    WEB_CHANGES = 60,                /* in a minute, of one session */
    WEB_CHANGES_MS = 60 * 1000,

    /* Wrong tries of one user from one address make her wait there; of one user, wherever from, and
     * of one address, they only slow down. */
    WEB_TRIES = 3,
    WEB_TRIES_MS = 15 * 60 * 1000, /* after the last of them all are forgotten */
    WEB_WAIT_MS = 30 * 1000,       /* after each of them from the third on */
    WEB_TRIES_ADDRESS = 30,
    WEB_TRIES_ADDRESS_MS = 10 * 60 * 1000, /* in which they are counted */
    WEB_DELAY_MS = 2000,
    WEB_TRIED = 1024, /* users, addresses, and users from an address, of each so many */

    WEB_PLACES = WEB_SIGN_INS + WEB_SIGNED_IN,
    WEB_KEY_SIZE = crypto_generichash_BYTES_MIN,
};

/* Users and addresses, told from one another: a name may be long. */
struct web_key {
    uint8_t bytes[WEB_KEY_SIZE];
};

struct web_tries {
    bool taken;
    struct web_key key;
    int wrong;
    int64_t first_ms;
    int64_t last_ms;
};

enum web_place_state { WEB_PLACE_FREE, WEB_PLACE_SIGNING_IN, WEB_PLACE_SIGNED_IN };

struct web_place {
    enum web_place_state state;
    bool named;        /* it is known who signs in; of a session it is not asked */
    bool from_address; /* and where from */
    bool answered;     /* a question was, so that what is no success is a wrong try */
    struct web_key user;
    struct web_key address;
    struct web_key both;
    int64_t begun_ms; /* since when she signs in, or is signed in */
    int64_t used_ms;
    int64_t minute_ms; /* since when changes are counted */
    int changes;
};

/* Begins as {0}, but for the key, which is random: nobody chooses two that are taken for one. */
struct web_limits {
    uint8_t key[crypto_generichash_KEYBYTES];
    struct web_place places[WEB_PLACES];
    struct web_tries users[WEB_TRIED];
    struct web_tries addresses[WEB_TRIED];
    struct web_tries both[WEB_TRIED];
};

/* Which place has to be left before somebody else may begin to sign in: the oldest sign-in. -1:
 * none. */
int web_limits_oldest(const struct web_limits *limits);

/* Somebody begins to sign in, for whom there is room. Returns her place, which web_limits_leave
 * ends. */
int web_limits_enter(struct web_limits *limits, int64_t now_ms);

/* Who it is, as she is written in lower case without a domain of ours, be there such a user or not;
 * and where from, or NULL. */
void web_limits_name(struct web_limits *limits, int place, const char *user,
                     const struct asp_network *address);

/* Which place has to be left because of this one: the oldest sign-in of its address or, of its user
 * from there, when all tries that are left are taken. -1: none. */
int web_limits_crowded(const struct web_limits *limits, int place, int64_t now_ms);

/* How many ms this user has to wait until she may try again from there; 0: none. */
int64_t web_limits_wait(const struct web_limits *limits, int place, int64_t now_ms);

/* How many ms this try is held back; 0: it is not. */
int64_t web_limits_delay(const struct web_limits *limits, int place, int64_t now_ms);

/* She has answered a question. */
void web_limits_answered(struct web_limits *limits, int place);

/* PAM has let her in to that account. NULL: she is signed in; else why she is not. */
const char *web_limits_admit(struct web_limits *limits, int place, const char *account,
                             int64_t now_ms);

/* A command of hers begins or ends. */
void web_limits_use(struct web_limits *limits, int place, int64_t now_ms);

/* Whether she may change something now; and that she does. */
bool web_limits_may_change(const struct web_limits *limits, int place, int64_t now_ms);
void web_limits_change(struct web_limits *limits, int place, int64_t now_ms);

/* When her time is over. */
int64_t web_limits_end(const struct web_limits *limits, int place);

/* Her place is free. */
void web_limits_leave(struct web_limits *limits, int place, int64_t now_ms);

#endif
