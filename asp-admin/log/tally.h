/*
 * How many logins of each kind there were, when the first and when the last: what asp-admin log
 * answers. What it takes in memory is bounded by the kinds that there are, and these by
 * TALLY_ROWS, for strangers choose names and addresses.
 */
#ifndef ASP_ADMIN_LOG_TALLY_H
#define ASP_ADMIN_LOG_TALLY_H

#include "decision.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { TALLY_ROWS = 100000 };

/* Which logins are counted, and by what. */
enum tally_view {
    TALLY_ALL,     /* all: by user, service, host and verdict */
    TALLY_PRIMARY, /* who has come with no app password: by user, service and host */
    TALLY_REFUSED, /* whose secret was right, and refused: by all that there is */
};

struct tally_row {
    const char *user; /* what is missing, or not counted by, is empty */
    const char *service;
    const char *host;
    const char *id;
    const char *label;
    enum asp_verdict verdict;
    unsigned long long count;  /* of the verdict */
    unsigned long long let_in; /* so often the stack is known to have let her in then */
    bool no_account;           /* all were of nobody who has any app password */
    time_t first;
    time_t last;
    char texts[];
};

/* Begins as {.view = ...}. */
struct tally {
    enum tally_view view;
    struct tally_row **rows;
    size_t count;
    size_t room;
    void *tree;                  /* the same rows, for tsearch(3) */
    unsigned long long left_out; /* logins of kinds for which there was no room */
    size_t tried;                /* where a row was looked for that may go, twice over */
};

/* Counts a decision that was there so many times, if the view is of it. Where there is no room for
 * who was let in, a row of who was not makes it. False: no memory. */
bool tally_add(struct tally *tally, const struct decision *decision, time_t when, unsigned times);

/* In the order in which they are shown: by name; of the primary by how often it let in, and was
 * tried, before that. */
void tally_sort(struct tally *tally);

void tally_free(struct tally *tally);

#endif
