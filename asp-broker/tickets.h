/*
 * Who was let in a few minutes ago, at which terminal: remembered by the broker, in memory alone.
 * Bounded: where there is no room the oldest is forgotten.
 */
#ifndef ASP_BROKER_TICKETS_H
#define ASP_BROKER_TICKETS_H

#include "own_primary.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    TICKET_MS = 5 * 60 * 1000, /* how long an answer holds */
    TICKETS_MAX = 256,
};

/* The session of a login, at its terminal: a session id, and when its leader began, for ids are
 * used again; and the audit session, which tells logins apart that a web server has in one. */
struct ticket_place {
    pid_t session; /* 0: none is known, and nothing is remembered */
    unsigned long long begun;
    unsigned long terminal;
    unsigned long login; /* ULONG_MAX where the system counts none */
};

/* Begins as {0}. */
struct tickets {
    struct ticket {
        uid_t uid;
        struct ticket_place place;
        struct own_primary own; /* as it was when she was let in */
        int64_t until_ms;       /* 0: a free one */
    } list[TICKETS_MAX];
};

/* Where the process is that is at the other end; it must be of that uid. Else session is 0. */
void ticket_place_of(pid_t process, uid_t uid, struct ticket_place *place);

/* What the text of /proc/PID/stat says of a place, proc(5): all but the login. False: it is none.
 */
bool ticket_place_read(const char *text, struct ticket_place *place);

/* What the user's primary password was when she was let in at this place, a few minutes ago at
 * most: the answer holds while it is that. NULL: she was not. */
const struct own_primary *ticket_find(const struct tickets *tickets, uid_t uid,
                                      const struct ticket_place *place, int64_t now_ms);

/* PAM has let her in. What is remembered of that place is this alone. */
void ticket_give(struct tickets *tickets, uid_t uid, const struct ticket_place *place,
                 const struct own_primary *own, int64_t now_ms);

#endif
