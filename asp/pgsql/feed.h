/*
 * What the database tells each machine: which app passwords were revoked, wherever that was, and
 * which have expired.
 *
 * Each part of the database counts its events, and gives each a tag that no other has. A machine
 * keeps how far it has heard of each part (cursors.h), and goes on only once its listener has done
 * what is to be done: so each event is heard at least once, and by a process that was killed
 * meanwhile perhaps twice. One that begins hears what comes from then on.
 *
 * Where the last event that was heard is there no more, or another has its number, the database has
 * another history by now: a fail-over has lost its last writes, or it is a copy of before. Then
 * that part is heard again from an hour before this machine last heard. What was tidied away before
 * this machine had heard it is missed, and that is told.
 */
#ifndef ASP_PGSQL_FEED_H
#define ASP_PGSQL_FEED_H

#include "event.h"

#include <stdint.h>
#include <time.h>

struct pgsql_store;
struct pgsql_feed;

struct pgsql_feed_listener {
    /* ASP_OK: what is to be done about it was done. Anything else ends the look and is handed on,
     * and the event is told again by the next one. */
    enum asp_status (*hear)(void *context, const struct pgsql_event *event,
                            struct asp_error *error);
    /* A line for a log: something was missed, or is told again. */
    void (*note)(void *context, const char *line);
    void *context;
};

/* `own` lasts as long as it does. NULL: no memory. */
struct pgsql_feed *pgsql_feed_new(struct pgsql_store *own);

/* Tells all that there is to be told now. ASP_OK, what the listener returns, or why it is not
 * known: then what was told is not told again, and the rest is by the next look. */
enum asp_status pgsql_feed_look(struct pgsql_feed *feed, const struct pgsql_feed_listener *listener,
                                struct asp_error *error);

/* NULL is nothing. */
void pgsql_feed_free(struct pgsql_feed *feed);

/* How far this machine has heard. */
struct pgsql_feed_place {
    time_t heard;   /* all that was told until then; kept once a minute where nothing is told */
    time_t now;     /* both by the database's clock */
    int64_t behind; /* how many revocations were told since */
};

/* Looks at that without going on. ASP_NOT_FOUND: nobody has heard of anything on this machine. Also
 * other than ASP_OK where the database has not all that each part of it is to have. */
enum asp_status pgsql_feed_look_at_place(struct pgsql_store *own, struct pgsql_feed_place *place,
                                         struct asp_error *error);

#endif
