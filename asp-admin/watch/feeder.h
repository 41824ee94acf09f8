/*
 * The process beside a running watch that runs the hooks for what a database tells (feed_hooks.h).
 * The database may let it wait, and hooks take their time: neither holds up the watch.
 */
#ifndef ASP_ADMIN_WATCH_FEEDER_H
#define ASP_ADMIN_WATCH_FEEDER_H

#include "asp-admin/admin.h"

#include <sys/types.h>

/* Begins as {0}. */
struct feeder {
    pid_t process; /* 0: none */
    int64_t begun; /* ms, see asp_clock_ms: when it was started last */
    int64_t next;  /* ms: not before is another started */
    int delay;     /* seconds */
    bool has_said; /* that none can be started */
};

/* Starts it, with the configuration of the watch, where it does not run and is wanted by that. One
 * that has ended by itself is started again, later each time. */
void feeder_keep(struct feeder *feeder, const struct admin *admin);

/* In how many ms feeder_keep is to be called, at the latest; -1: when a child ends. */
int64_t feeder_wait(const struct feeder *feeder, const struct asp_conf *conf);

/* Ends it, and waits until it has: a hook that runs is cut short, and its event is told again. */
void feeder_end(struct feeder *feeder);

#endif
