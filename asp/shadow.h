/*
 * /etc/shadow, read whole and at one moment.
 */
#ifndef ASP_SHADOW_H
#define ASP_SHADOW_H

#include "error.h"
#include "primary.h"
#include "safeio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ASP_SHADOW_PATH "/etc/shadow"

/* What was read of it. It holds hashes: asp_shadow_free wipes it. Begins as {0}. */
struct asp_shadow {
    char *text;
    size_t length;
    struct asp_identity identity;
};

/*
 * Reads the file at `path`. ASP_OK, or why it is not known: it is missing or not to be
 * trusted, its last line has no end, or it was changed while it was read (it is tried a few times).
 */
enum asp_status asp_shadow_read(const char *path, struct asp_shadow *shadow,
                                struct asp_error *error);

/* What it says of a user, by her first line; where she has none, of the one whom her account
 * follows, unless that is empty or NULL; `now` has it borrowed. A line with fewer than 9 fields
 * says nothing. */
void asp_shadow_find(const struct asp_shadow *shadow, const char *user, const char *follows,
                     struct asp_primary_now *now);

/* What one line of `length` bytes, without its end, says. */
void asp_shadow_line(const char *line, size_t length, struct asp_primary_now *now);

/* True when the file is no longer the one that says so: under a lock, nothing may be done by it
 * then. */
bool asp_shadow_is_stale(const struct asp_primary_now *now);

/* True when the file has been as it is for so long that its identity can be told from the next
 * one's. */
bool asp_shadow_is_settled(const struct asp_identity *identity, time_t now);

void asp_shadow_free(struct asp_shadow *shadow);

#endif
