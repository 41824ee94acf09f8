/*
 * One app password's record, and the one line of text that holds it:
 *
 *   id=7k label="Old phone" app=mail created=TIME by="root" bound=TIME,imap expires=TIME
 * unused=SECONDS from=192.0.2.0/24,2001:db8::/32 revoked=TIME revoked_by="ann" reason="lost"
 * replaced_by=9x hook=- verifier=$...
 *
 * on a single line, the fields in this order, each of them always there, `-`, `never` or `any`
 * where nothing is set; the four after `revoked` only when it is set. There is one text for a
 * record: what is read is what would be written, to the byte.
 *
 * And what is known of one that nobody has been shown yet, which has a line of its own:
 *
 *   pending=9x made=TIME verifier=$...
 */
#ifndef ASP_ENTRY_H
#define ASP_ENTRY_H

#include "buffer.h"
#include "error.h"
#include "label.h"
#include "name.h"
#include "network.h"
#include "secret.h"
#include "verifier.h"

#include <stdbool.h>
#include <time.h>

/* Words that are no app's name. */
#define ASP_APP_ANY "any"
#define ASP_APP_FIRST_USE "first-use"

/* Reasons of a revocation that the program itself gives. */
#define ASP_REASON_ROTATED "rotated"
#define ASP_REASON_PRIMARY "primary-password"
#define ASP_REASON_REMOVED "removed"

/* True for one of them, in whatever case. */
bool asp_app_is_reserved(const char *name);

enum {
    ASP_BY_SIZE = 208, /* who did it: a user's name, `watch`, `pam:SERVICE` */
    ASP_NETWORKS_MAX = 32,
};

struct asp_entry {
    char id[ASP_ID_CHARS + 1];
    char label[ASP_LABEL_SIZE];
    char app[ASP_SERVICE_MAX + 1]; /* an app's name, ASP_APP_ANY or ASP_APP_FIRST_USE */
    char verifier[ASP_VERIFIER_SIZE];
    time_t created;
    char created_by[ASP_BY_SIZE];
    time_t bound; /* by a first use, or ASP_NEVER */
    char bound_service[ASP_SERVICE_MAX + 1];
    time_t expires;       /* or ASP_NEVER */
    time_t unused_limit;  /* seconds, or ASP_NEVER */
    size_t network_count; /* 0: any */
    struct asp_network networks[ASP_NETWORKS_MAX];
    time_t revoked; /* or ASP_NEVER */
    char revoked_by[ASP_BY_SIZE];
    char reason[ASP_LABEL_SIZE];
    char replaced_by[ASP_ID_CHARS + 1]; /* empty: by none */
    bool hook_due;                      /* the hook of its revocation is still to be run */
};

/* One that was made and was not shown: no login knows it, and it has neither label nor place. */
struct asp_pending {
    char id[ASP_ID_CHARS + 1];
    time_t made;
    char verifier[ASP_VERIFIER_SIZE];
};

enum { ASP_PENDING_SECONDS = 600 }; /* who made it has given up by then */

enum asp_state { ASP_ACTIVE, ASP_REVOKED, ASP_EXPIRED, ASP_UNUSED };

/* The word of a state, the same everywhere. */
const char *asp_state_word(enum asp_state state);

/* A record with nothing set: never, any, first use. */
void asp_entry_init(struct asp_entry *entry);

/* Revokes one that is not revoked yet. True when it was not. */
bool asp_entry_revoke(struct asp_entry *entry, time_t when, const char *by, const char *reason,
                      bool hook_due);

/* True when a record can say of itself that it was made or revoked by that, as far as it has room
 * for it: there is no control byte in it. */
bool asp_by_valid(const char *by);

/* The one validator of a record's fields. NULL when all are good, else what is wrong, in a few
 * words. */
const char *asp_entry_fault(const struct asp_entry *entry);

/* Adds the line with its line end. The record must be valid. */
void asp_entry_write(const struct asp_entry *entry, struct asp_buffer *out);

/* Reads one line, without its line end. ASP_OK or ASP_CORRUPT; `entry` is wiped first. */
enum asp_status asp_entry_read(const char *line, size_t length, struct asp_entry *entry);

/* True when its line could be read again. */
bool asp_pending_valid(const struct asp_pending *pending);

/* True when its time is further from `now` than ASP_PENDING_SECONDS, to either side. */
bool asp_pending_is_stale(const struct asp_pending *pending, time_t now);

/* As asp_entry_write and asp_entry_read. */
void asp_pending_write(const struct asp_pending *pending, struct asp_buffer *out);
enum asp_status asp_pending_read(const char *line, size_t length, struct asp_pending *pending);

/*
 * What it is at `now`: computed and never stored, so that a wrong clock, set right, loses nothing.
 * `used` is what asp_usage_since says, or ASP_NEVER; unused counts from the latest of created,
 * bound and that.
 */
enum asp_state asp_entry_state(const struct asp_entry *entry, time_t used, time_t now);

#endif
