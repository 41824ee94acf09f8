/*
 * One request from beginning to end: load, check, apply under the lock by checking again what was
 * read there, record the use. The module and asp-admin check share it.
 */
#ifndef ASP_LOGIN_H
#define ASP_LOGIN_H

#include "account_name.h"
#include "check.h"
#include "conf.h"
#include "error.h"
#include "label.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct asp_request {
    const char *user;
    const char *service;
    const char *app;    /* stands in for the service's app; or NULL */
    const char *host;   /* PAM_RHOST, or NULL */
    const char *secret; /* what was typed; not NUL-terminated */
    size_t secret_length;
    const char *via; /* the user whose process asks through the broker, or NULL */
    bool dry;        /* say the verdict and change nothing */
    bool quick;      /* a hash that is slow on purpose is not to be made here */

    /* Of who waits for the outcome, and may give up; all of it is 0 where nobody can. */
    int64_t deadline;          /* of asp_clock_ms: no lock is waited for longer */
    bool (*gone)(void *asker); /* true: nobody waits any more, and nothing but a revocation is
                                  written */
    void *asker;
};

struct asp_outcome {
    enum asp_verdict verdict;
    char account[ASP_USER_MAX + 1]; /* whose it is; empty where there is none, or it is not known */
    char app[ASP_SERVICE_MAX + 1];  /* the service's; empty when its name is not well-formed */
    char id[ASP_ID_CHARS + 1];      /* empty unless a secret was proven */
    char label[ASP_LABEL_SIZE];     /* the same */
    struct asp_entry *revoked;      /* copies of what a changed primary password has revoked */
    size_t revoked_count;
    bool denied; /* the store or shadow was denied to this process: one that is root, and free, has
                    to decide, or to write what this one could not */
    bool question;          /* the name service has to be asked first, and could not be here */
    bool slow;              /* a slow hash has to be made, and was not to be here */
    struct asp_error cause; /* of ASP_UNAVAILABLE, and of a revocation that could not be written */
};

/*
 * Decides one request at the time `now`. Needs sodium_init to have succeeded. There is no failure:
 * what cannot be decided is ASP_UNAVAILABLE, with its cause. `kept` is what is kept of the
 * configuration's store, or NULL. `names` is asked only where account_name.h says so, and only by a
 * process that may read the store. The caller gives `outcome` to asp_outcome_free.
 */
void asp_login(const struct asp_conf *conf, const struct asp_store_kept *kept,
               const struct asp_name_service *names, const struct asp_request *request, time_t now,
               struct asp_outcome *outcome);

/* Frees what it holds. */
void asp_outcome_free(struct asp_outcome *outcome);

/* Who has revoked, for an event: pam:SERVICE. */
void asp_login_by(const struct asp_request *request, char by[ASP_BY_SIZE]);

#endif
