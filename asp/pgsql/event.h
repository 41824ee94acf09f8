/*
 * What the database tells of app passwords that have ended: all that a hook is told.
 */
#ifndef ASP_PGSQL_EVENT_H
#define ASP_PGSQL_EVENT_H

#include "asp/entry.h"
#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* In the place of the service of an app password that is not bound. */
#define PGSQL_UNBOUND "-"

struct pgsql_event {
    bool expired;       /* else they were revoked */
    const char *user;   /* whose they were */
    time_t at;          /* by the database's clock */
    const char *reason; /* these three are empty of what has expired */
    const char *by;
    const char *via;
    struct asp_entry *entries; /* id, label, app and binding; of what has expired the id alone */
    size_t count;
};

/* The texts of an event: a word for each app password, of labels a line. */
struct pgsql_event_texts {
    const char *ids;
    const char *labels;
    const char *apps;
    const char *services;
};

/*
 * Makes the entries of them, which the caller frees by asp_entries_free. What could not have been
 * written by us is not set: an app that is not known is any. ASP_OK, or ASP_NO_MEMORY.
 */
enum asp_status pgsql_event_read(const struct pgsql_event_texts *texts, time_t at,
                                 struct asp_entry **entries, size_t *count,
                                 struct asp_error *error);

/* What was told of the reason, of who has revoked them and by which way, as far as we could have
 * written it; else "". */
const char *pgsql_event_reason(const char *told);
const char *pgsql_event_by(const char *told);
const char *pgsql_event_via(const char *told);

#endif
