/*
 * Where clients that have said something wait until a worker is free: a lane for each uid, first
 * come first served in it, and the workers take from all lanes in turn. So nobody has more than a
 * fair share of the workers while others wait, however many logins come from one uid and whatever
 * each of them costs. The lanes are the kernel's, and common to the processes that are forked.
 */
#ifndef ASP_BROKER_LANES_H
#define ASP_BROKER_LANES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { LANES = 32 }; /* of the first uids that come; others share them */

struct lanes;

/* A client in a lane. */
struct lane_client {
    int fd; /* its connection */
    uid_t uid;
    int64_t since_ms; /* of asp_clock_ms: when it was let in */
};

/* Raises the process's soft limit of open files, so that all lanes can be full. NULL with errno
 * when there are none to be had. */
struct lanes *lanes_make(void);

/* In this process alone; NULL is passed over. Who waits then is told so when no process has them
 * any more: his connection is closed. */
void lanes_close(struct lanes *lanes);

/* A descriptor that can be read while somebody waits in that lane, below LANES. */
int lanes_fd(const struct lanes *lanes, size_t lane);

/* Puts a client at the end of its lane, and its descriptor is closed here. False when there is no
 * room: then nothing has changed. */
bool lanes_put(struct lanes *lanes, const struct lane_client *client);

/* Takes the first of a lane, whose descriptor is the caller's to close. False: nobody waits, or
 * another was quicker. */
bool lanes_take(struct lanes *lanes, size_t lane, struct lane_client *client);

/* The lane after that from which some process has taken the last one. */
size_t lanes_next(const struct lanes *lanes);

/* True when nobody waits in any. */
bool lanes_are_empty(const struct lanes *lanes);

#endif
