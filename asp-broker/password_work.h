/*
 * Primary passwords that were set: compared for the password stack, in processes of their own, so
 * that no login waits for the lock of an account.
 */
#ifndef ASP_BROKER_PASSWORD_WORK_H
#define ASP_BROKER_PASSWORD_WORK_H

#include "asp/broker_password.h"

#include <stdbool.h>

enum { PASSWORD_WORKS = 4 }; /* of one worker at the same time */

struct password_works {
    const char *conf_path;
    bool conf_required;
    int asking; /* where what root alone may read is asked for (credentials.h); -1: it is root */
    int running[PASSWORD_WORKS]; /* the end of a pipe, closed with the process; -1: a free place */
};

/* Before the first. From now on the ends of this process's children are waited for by nobody. */
void password_works_begin(struct password_works *works, const char *conf_path, bool conf_required,
                          int asking);

/*
 * Begins the work in a process of its own, which answers at `fd` whether it accepts it and when it
 * is done, and logs as the module would. `set` may end with the call, and so may `fd`. False: there
 * is no process for it just now.
 */
bool password_work_begin(struct password_works *works, int fd,
                         const struct asp_broker_password *set, unsigned version);

#endif
