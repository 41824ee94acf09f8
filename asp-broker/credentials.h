/*
 * What root alone may read, told to workers that are not root: which database this machine is of,
 * and by what the broker is let in there. It is read anew each time, by a process of the broker
 * that stays root and is told nothing but which of the two it is to read.
 */
#ifndef ASP_BROKER_CREDENTIALS_H
#define ASP_BROKER_CREDENTIALS_H

#include "lanes.h"

#include "asp-admin/database/database.h"

#include <stdbool.h>

/* The ends by which it is asked and at which it hears that; -1: there is none. */
struct credentials_ends {
    int asking;
    int hearing;
};

/* False: there are no descriptors. */
bool credentials_make(struct credentials_ends *ends);

/* Closes both where they are open. */
void credentials_close(struct credentials_ends *ends);

struct credentials_worker {
    struct credentials_ends *ends;
    const struct lane_sets *lanes; /* which it has nothing to do with */
    const char *conf_path;
    bool conf_required;
};

/* A process_pool_work for a `struct credentials_worker`. It passes SIGTERM over, and returns when
 * nobody is left who could ask. */
int credentials_worker_run(void *credentials_worker);

/* For who may ask; the end has to last. */
struct pgsql_reader credentials_reader(int *asking);

#endif
