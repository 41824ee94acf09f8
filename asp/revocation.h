/*
 * How entries are revoked: put together here, whoever revokes.
 */
#ifndef ASP_REVOCATION_H
#define ASP_REVOCATION_H

#include "conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct asp_revocation {
    time_t when;
    const char *by; /* borrowed */
    bool hook_due;  /* there is a hook to be run, and it is stored so with the entry: a database
                       tells every machine itself */
    size_t keep;    /* how many revoked ones are kept */
};

/* True when the configuration names a hook for revocations. */
bool asp_has_revoked_hook(const struct asp_conf *conf);

/* A revocation as this configuration has it. */
struct asp_revocation asp_revocation_of(const struct asp_conf *conf, time_t when, const char *by);

#endif
