/*
 * What the files of the feed share. Private to them.
 */
#ifndef ASP_PGSQL_FEED_OWN_H
#define ASP_PGSQL_FEED_OWN_H

#include "feed.h"
#include "own.h"

#include <stdbool.h>

/* Seconds after which it is kept how far was looked for what expires, where nothing has. */
enum { PGSQL_LOOKED_SECONDS = 60 };

struct head {
    struct pgsql_cursor at;
    int64_t floor; /* what has a number up to that was tidied away */
};

struct pgsql_feed {
    struct pgsql_store *own;
    struct pgsql_cursors cursors; /* of no store: they were not read yet */
    bool unwritten;               /* they are not as they were written */
    time_t written;               /* how far was looked, as it was written */
    int64_t checked;              /* asp_clock_ms */
    struct head heads[PGSQL_PARTS_MAX];
    time_t now; /* of the database, when these were read */
    /* Of this look: that something is told again, and of which parts. */
    bool has_noted;
    bool is_turned[PGSQL_PARTS_MAX];
    const struct pgsql_feed_listener *listener;
};

/* As pgsql_ask, for as long as the configuration has an answer wait. `error` is not NULL. */
enum asp_status pgsql_feed_ask(const struct pgsql_feed *feed,
                               const struct pgsql_statement *statement,
                               const struct pgsql_value *values, struct pg_result **result,
                               struct asp_error *error);

/* Writes how far was heard, where that is not written. */
enum asp_status pgsql_feed_keep(struct pgsql_feed *feed, struct asp_error *error);

/* Whose the account of this name is. False: no user's, and the listener was told a line. */
bool pgsql_feed_user(const struct pgsql_feed *feed, const char *name, char user[ASP_USER_MAX + 1]);

/* Tells the listener, where there is anything in it. */
enum asp_status pgsql_feed_hear(const struct pgsql_feed *feed, const struct pgsql_event *event,
                                struct asp_error *error);

/* Tells the listener a line. */
void pgsql_feed_note(const struct pgsql_feed *feed, const char *line);

/* A text of an answer; empty where there is none. */
const char *pgsql_text_at(const struct pg_result *result, size_t row, size_t column);

#endif
