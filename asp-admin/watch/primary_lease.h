/*
 * Which of the machines that share a store runs primary.command: the one that has the lease, which
 * ends 90 seconds after it was last prolonged. So one directory is asked once, and what it says of
 * all users is compared once; where that machine is gone, another goes on.
 */
#ifndef ASP_ADMIN_WATCH_PRIMARY_LEASE_H
#define ASP_ADMIN_WATCH_PRIMARY_LEASE_H

#include "asp-admin/admin.h"
#include "asp-admin/database/database.h"

#include <stdbool.h>
#include <stdint.h>

/* Begins as {0}. */
struct primary_lease {
    bool is_ours;
    char holder[PGSQL_HOLDER_MAX + 1]; /* whose it was found to be last; empty: nobody has asked */
    int64_t ends;                      /* ours, of asp_clock_ms */
    int64_t next;                      /* when it is asked for again, the same */
};

/*
 * Takes the lease, or prolongs it, where it is time to. ASP_OK: this machine runs the command, also
 * because nobody else could: accounts are in files, or the source of primary passwords is no
 * command. ASP_UNCHANGED: another does, `lease->holder`. Else it is not known who.
 */
enum asp_status primary_lease_keep(struct primary_lease *lease, const struct admin *admin,
                                   struct asp_error *error);

/* The same. True: it was another's, or nobody's, and is ours from now on. */
bool primary_lease_comes(struct primary_lease *lease, const struct admin *admin);

/* In how many milliseconds that is to be done again; -1: at no time. */
int64_t primary_lease_wait(const struct primary_lease *lease, const struct asp_conf *conf);

/* Gives it up, where it is ours: another need not wait for its end. */
void primary_lease_give(struct primary_lease *lease, const struct admin *admin);

/* The name of the machine that has it, for people. */
const char *primary_lease_holder(const struct primary_lease *lease,
                                 char name[PGSQL_HOLDER_MAX + 1]);

#endif
