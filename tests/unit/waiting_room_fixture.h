/* The waiting room by a clock that is played, with whoever comes, speaks and is taken: what the
 * tests of it share. */
#ifndef ASP_TESTS_WAITING_ROOM_FIXTURE_H
#define ASP_TESTS_WAITING_ROOM_FIXTURE_H

#include "unit.h"

#include "asp-broker/worker.h"

enum { WWW = 33, MAIL = 8, OTHERS = 1000, NOW = 5000000, PLACES = 512 };

extern struct lane_sets sets;
extern struct worker worker;
extern size_t files; /* how many descriptors are open when it is over */
extern int64_t now;
extern int poll_fails; /* errno of the next one */

/* What is said to others, and what the test has seen. */
extern char told[1024];
/* Whoever was looked at, in that order. */
extern int64_t looked[128];
extern size_t looks;

/* What happens when somebody is refused. */
extern void (*at_crowded)(void);

/* Descriptor 0 can always be read. */
void begin(void);
/* No descriptor is left of anybody. */
void run(void);

/* What happens beside, in the order in which it is said, each so many ms after the beginning. */
void at(int64_t ms, void (*happens)(int which), int which);
void speaks(int peer);
void hangs_up(int peer);
/* A worker takes one of a uid. */
void is_taken(int uid);
void all_are_taken(int uid);

void pair_of(int pair[2]);
/* A client that has come so many ms after the others. Returns its own end. */
int comes(uid_t uid, int64_t ms);
int comes_and_speaks(uid_t uid, int64_t ms);
void fill_lane(uid_t uid);
/* So many of a uid that share a connection, which have come one ms after another from `first` on;
 * the later ones come in first. */
void crowd(uid_t uid, int connection, int64_t first, int count);
/* A connection on which nothing is said, until its other end hangs up. */
int quiet_until(int64_t ms);
/* So many of several uids that have less than twenty each. */
void fill_places(int connection, int count);
bool is_left_alone(int peer);

#endif
