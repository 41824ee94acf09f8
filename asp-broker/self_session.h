/*
 * One command of one user on her own account, in a process of its own: nothing of what she has
 * typed outlives it.
 */
#ifndef ASP_BROKER_SELF_SESSION_H
#define ASP_BROKER_SELF_SESSION_H

#include "own_primary.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Ends a session that waits for its user, and none that is at work; nor the hook that it runs, as
 * SIGTERM would. */
#define SELF_END SIGUSR1

struct self_session {
    int fd; /* the client */
    uid_t uid;
    const struct own_primary
        *ticket; /* when she was let in, a few minutes ago; NULL: she was not */
    struct own_primary_key key;
    int64_t wait_ms; /* until she may answer again */
    int report;      /* where a self_report is written when PAM was asked */
    const char *conf_path;
    bool conf_required;
};

/* What the broker has to remember: less than PIPE_BUF, so that none is torn. */
struct self_report {
    pid_t process;
    bool admitted;
    struct own_primary own; /* as it was before she was asked */
};

/* Runs it. Returns the exit status of the process. */
int self_session_run(const struct self_session *session);

#endif
