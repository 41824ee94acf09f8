/*
 * What the broker remembers of the users who act on their own accounts, in memory alone: who was
 * let in a few minutes ago, at which terminal; who has answered wrong; who has how many sessions.
 * Bounded: where there is no room the oldest is forgotten.
 */
#ifndef ASP_BROKER_TICKETS_H
#define ASP_BROKER_TICKETS_H

#include "asp/safeio.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    TICKET_MS = 5 * 60 * 1000, /* how long an answer holds */
    TRIES = 3,                 /* wrong answers after which one waits */
    TRIES_WAIT_MS = 30 * 1000, /* after each of them from the third on */
    BESIDE_WAIT_MS = 1000,     /* when the tries that are left are taken by her other sessions */
    TRIES_KEPT_MS = 15 * 60 * 1000, /* after the last of them all are forgotten */
    SESSIONS_EACH = 3,              /* of one user at a time */
    SESSIONS_A_SECOND = 20,         /* begun by one user */
    TICKETS = 256,
    USERS = 256,
};

/* The session of a login, at its terminal: a session id, and when its leader began, for ids are
 * used again; and the audit session, which tells logins apart that a web server has in one. With
 * the state of the shadow file: who has changed her password, or was locked out, is asked anew. */
struct ticket_place {
    pid_t session; /* 0: none is known, and nothing is remembered */
    unsigned long long begun;
    unsigned long terminal;
    unsigned long login; /* ULONG_MAX where the system counts none */
    struct asp_identity shadow;
};

struct tickets {
    struct ticket {
        uid_t uid;
        struct ticket_place place;
        int64_t until_ms; /* 0: a free one */
    } list[TICKETS];
    struct ticket_user {
        bool taken;
        uid_t uid;
        int wrong;
        int64_t last_wrong_ms;
        int64_t second_ms; /* when the second began in which sessions are counted */
        int in_second;
        int sessions;
        int unanswered; /* of them, whom PAM has not decided on */
        int64_t seen_ms;
    } users[USERS];
};

/* Where the process is that is at the other end; it must be of that uid. Else session is 0. */
void ticket_place_of(pid_t process, uid_t uid, struct ticket_place *place);

/* True when the user was let in at this place, a few minutes ago at most. */
bool ticket_holds(const struct tickets *tickets, uid_t uid, const struct ticket_place *place,
                  int64_t now_ms);

/* PAM has let her in. */
void ticket_give(struct tickets *tickets, uid_t uid, const struct ticket_place *place,
                 int64_t now_ms);

/* PAM has not. */
void ticket_wrong(struct tickets *tickets, uid_t uid, int64_t now_ms);

/* How many ms she has to wait until she may answer again; 0: none. */
int64_t ticket_wait(const struct tickets *tickets, uid_t uid, int64_t now_ms);

/* A session of hers is to begin. NULL: it may, and ticket_leave is called at its end; else why not.
 */
const char *ticket_enter(struct tickets *tickets, uid_t uid, int64_t now_ms);
void ticket_leave(struct tickets *tickets, uid_t uid);

#endif
