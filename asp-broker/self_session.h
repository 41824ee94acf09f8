/*
 * One command of one user on her own account, in a process of its own: nothing of what she has
 * typed outlives it.
 */
#ifndef ASP_BROKER_SELF_SESSION_H
#define ASP_BROKER_SELF_SESSION_H

#include "own_primary.h"

#include "asp/name.h"

#include <stdbool.h>
#include <sys/types.h>

struct self_session {
    int fd;              /* the client */
    uid_t uid;           /* of whoever has connected, who is the user unless */
    const char *account; /* she has signed in by the web server, as this one's; else NULL */
    bool is_user;        /* the name service has known that one then */
    bool may_change;     /* that one, now */
    const struct own_primary
        *ticket; /* when she was let in, a few minutes ago; NULL: she was not */
    struct own_primary_key key;
    int64_t wait_ms; /* until she may answer again */
    int report;      /* where a self_report is written */
    const char *conf_path;
    bool conf_required;
};

/* What has become of it, as far as the broker has to remember that. */
enum self_report_kind {
    SELF_WRONG,    /* PAM was asked, and has not let her in */
    SELF_ADMITTED, /* it has; `own` is as it was before */
    SELF_ANSWERED, /* of one who signs in by the web server: a question was answered */
    SELF_CHANGES,  /* of one who has: something is to be changed */
    SELF_FOLLOWED, /* her account has another `own`, by that change */
};

/* Less than PIPE_BUF, so that none is torn. */
struct self_report {
    pid_t process;
    enum self_report_kind kind;
    struct own_primary own;
    char account[ASP_USER_MAX + 1]; /* that she has signed in to */
    bool is_user;                   /* the name service knows her by that name */
};

/* Runs it. Returns the exit status of the process. */
int self_session_run(const struct self_session *session);

#endif
