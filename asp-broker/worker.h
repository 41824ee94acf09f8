/*
 * What all workers of asp-broker that answer logins have in common: where they find what they
 * answer by, and what they may on this machine. Where accounts are in a database that is what the
 * user asp-broker may, from before the first login; else they are root, as the store is root's.
 */
#ifndef ASP_BROKER_WORKER_H
#define ASP_BROKER_WORKER_H

#include "answer.h"
#include "credentials.h"
#include "listener.h"
#include "privileges.h"

#include <stdbool.h>

/* What they have of the program. */
struct worker {
    const struct lane_sets *lanes;
    const char *conf_path;
    bool conf_required;
    struct log_throttle *log_throttle;
    struct pgsql_breaker *breaker;
    const struct worker_user *user;
    struct credentials_ends *credentials; /* -1: the program has begun without a database */
    /* Those of users and of the web server, which are closed here: who listens there is taken for
     * root, and is told passwords. */
    int others[WORKER_OTHERS];
};

/* What the configuration asks for. */
struct worker_rights {
    bool is_unprivileged; /* accounts are in a database */
    bool shadow;          /* and /etc/shadow is read */
};

/* One of them: by what it answers, and what it may. */
struct worker_state {
    struct answering answering;
    struct pgsql_reader reader;
    struct worker_rights rights;
    bool has_given_up; /* root */
};

/* At the beginning of its process; `state` stays where it is. */
void worker_begin(const struct worker *worker, struct worker_state *state);

/* Before a client is taken. False: by now the configuration asks for something else, and this
 * process is to end without taking anybody, so that another, which may what it needs to, takes its
 * place. */
bool worker_fits(const struct worker_state *state);

/* At its end: what is still to be written to a database is. */
void worker_end(struct worker_state *state);

/* For a process that answers nobody, and reads nothing of this machine: it gives up root where the
 * others do. */
void worker_give_up(const struct worker *worker);

#endif
