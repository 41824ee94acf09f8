/*
 * One user who signs in by the web server, from her name to whether she is let in, in a process of
 * its own: nothing of what she has typed outlives it.
 */
#ifndef ASP_BROKER_WEB_SIGN_IN_H
#define ASP_BROKER_WEB_SIGN_IN_H

#include "own_primary.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* A question comes at the earliest so long after what was said before it, and a refusal so
     * long: more than the hash of a password takes, and than what PAM waits after a wrong one. */
    WEB_QUESTION_MS = 300,
    WEB_REFUSAL_MS = 3000,
};

/* How the process ends. */
enum { WEB_ADMITTED, WEB_REFUSED, WEB_BROKEN };

struct web_sign_in {
    int fd;
    const char *user;    /* as she has typed it */
    const char *address; /* of her browser; empty: it is not known */
    int64_t since_ms;    /* when she has said so; later where she is to be slowed down */
    struct own_primary_key key;
    int report; /* where each answer, and whether she is let in, is written: self_report */
    const char *conf_path;
    bool conf_required;
};

/* Runs it. Returns the exit status of the process. Who is refused is told nothing here. */
int web_sign_in_run(const struct web_sign_in *sign_in);

#endif
