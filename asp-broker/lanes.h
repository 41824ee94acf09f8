/*
 * Where clients that have said something wait until a worker is free: a lane for each uid, first
 * come first served in it, and the workers take from all lanes in turn. So nobody has more than a
 * fair share of the workers while others wait, however many logins come from one uid and whatever
 * each of them costs. The lanes are the kernel's, and common to the processes that are forked.
 */
#ifndef ASP_BROKER_LANES_H
#define ASP_BROKER_LANES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LANES = 32 }; /* of the first uids that come; others share them */

struct lanes;

/* All that there are in asp-broker, by who takes from them. */
struct lane_sets {
    struct lanes *logins;    /* that have come whole: the workers for logins */
    struct lanes *arrivals;  /* that have not, or find no room in those: the waiting room */
    struct lanes *slow;      /* whose hash is slow: workers for that */
    struct lanes *questions; /* for whom the name service has to be asked: workers for that */
};

/* A client in a lane. */
struct lane_client {
    int fd; /* its connection */
    uid_t uid;
    int64_t since_ms; /* of asp_clock_ms: when it was let in */
};

/* Makes all; false when there are none to be had. */
bool lane_sets_make(struct lane_sets *sets);

/* This process lets nobody in: it puts nobody into the lanes of logins and arrivals. */
void lane_sets_stop(const struct lane_sets *sets);

/* As lanes_close does. */
void lane_sets_close(const struct lane_sets *sets);

/* Raises the process's soft limit of open files, so that all lanes can be full. NULL with errno
 * when there are none to be had. */
struct lanes *lanes_make(void);

/* In this process alone; NULL is passed over. Who waits then is told so when no process has them
 * any more: his connection is closed. */
void lanes_close(struct lanes *lanes);

/* This process puts nobody in any more. When none does that could, and nobody waits, they are over.
 */
void lanes_stop(struct lanes *lanes);

/* True when nobody waits, and nobody can be put in by any process. */
bool lanes_are_over(const struct lanes *lanes);

/* A descriptor that can be read while somebody waits in that lane, below LANES, or when it is over.
 */
int lanes_fd(const struct lanes *lanes, size_t lane);

/* Puts a client at the end of its lane, and its descriptor is closed here. False when there is no
 * room: then nothing has changed. */
bool lanes_put(struct lanes *lanes, const struct lane_client *client);

/* Takes the first of a lane, whose descriptor is the caller's to close. False: nobody waits, or
 * another was quicker. */
bool lanes_take(struct lanes *lanes, size_t lane, struct lane_client *client);

/* The same of the lane of a uid. */
bool lanes_take_of(struct lanes *lanes, uid_t uid, struct lane_client *client);

/* The same of the lane whose turn it is: the next one, in which somebody waits, after that from
 * which some process has taken the last. */
bool lanes_take_next(struct lanes *lanes, struct lane_client *client);

/* Waits until somebody waits in any, or a signal comes under `mask`. */
void lanes_wait(const struct lanes *lanes, const sigset_t *mask);

/* True when nobody waits in any, as far as is known. */
bool lanes_are_empty(const struct lanes *lanes);

#endif
