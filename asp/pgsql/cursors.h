/*
 * How far this machine has heard what the database tells, part by part: the file `feed` in its
 * folder. A digest at its end tells an accident.
 */
#ifndef ASP_PGSQL_CURSORS_H
#define ASP_PGSQL_CURSORS_H

#include "store.h"

#include "asp/error.h"

#include <stdint.h>
#include <time.h>

enum { PGSQL_PARTS_MAX = 256 };

/* The event of a part that was heard last: its number, and its tag, which no other event has. */
struct pgsql_cursor {
    int64_t seq;
    int64_t tag;
};

struct pgsql_cursors {
    char store[PGSQL_ID_CHARS + 1]; /* of which database */
    int parts;
    time_t looked; /* by the database's clock: what had expired by then was told */
    struct pgsql_cursor at[PGSQL_PARTS_MAX];
};

/*
 * Reads them. ASP_NOT_FOUND: none were written. ASP_CORRUPT: what is there was not written so, and
 * of `cursors` `looked` alone is known: when that file was.
 */
enum asp_status pgsql_cursors_read(const char *folder, struct pgsql_cursors *cursors,
                                   struct asp_error *error);

enum asp_status pgsql_cursors_write(const char *folder, const struct pgsql_cursors *cursors,
                                    struct asp_error *error);

/* The next one who looks begins with what is told then. ASP_OK also where there are none. */
enum asp_status pgsql_cursors_drop(const char *folder, struct asp_error *error);

#endif
