/*
 * What the broker remembers of the users who act on their own accounts, in memory alone: who has
 * answered wrong, and who has how many sessions. Bounded: where there is no room whoever is worth
 * least is forgotten.
 */
#ifndef ASP_BROKER_THROTTLE_H
#define ASP_BROKER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    THROTTLE_TRIES = 3,                /* wrong answers after which one waits */
    THROTTLE_WAIT_MS = 30 * 1000,      /* after each of them from the third on */
    THROTTLE_BESIDE_MS = 1000,         /* when her other sessions take the tries that are left */
    THROTTLE_KEPT_MS = 15 * 60 * 1000, /* after the last of them all are forgotten */
    THROTTLE_SESSIONS_EACH = 3,        /* of one user at a time */
    THROTTLE_SESSIONS_A_SECOND = 20,   /* begun by one user */
    THROTTLE_USERS = 256,
};

/* Begins as {0}. */
struct throttle {
    struct throttled_user {
        bool taken;
        uid_t uid;
        int wrong;
        int64_t last_wrong_ms;
        int64_t second_ms; /* when the second began in which sessions are counted */
        int in_second;
        int sessions;
        int unanswered; /* of them, whom PAM has not decided on */
        int64_t seen_ms;
    } users[THROTTLE_USERS];
};

/* A session of hers is to begin. NULL: it may, and throttle_leave is called at its end; else why
 * not. */
const char *throttle_enter(struct throttle *throttle, uid_t uid, int64_t now_ms);
void throttle_leave(struct throttle *throttle, uid_t uid);

/* PAM has let her in: her wrong answers are forgotten. */
void throttle_right(struct throttle *throttle, uid_t uid, int64_t now_ms);

/* PAM has not. */
void throttle_wrong(struct throttle *throttle, uid_t uid, int64_t now_ms);

/* How many ms she has to wait until she may answer again; 0: none. */
int64_t throttle_wait(const struct throttle *throttle, uid_t uid, int64_t now_ms);

#endif
