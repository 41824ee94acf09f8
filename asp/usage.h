/*
 * When, by which service and from where each entry was last used, and which state of the shadow
 * file was last compared:
 *
 *   a head of ASP_HEAD_BYTES, then slots of ASP_SLOT_BYTES, each of which begins with a checksum of
 * itself
 *
 * A slot is keyed by id and creation time, so that the use of an entry is never taken for that of a
 * later one with its id. What is cut, torn or foreign counts as not there, and never as a use: who
 * may write mends the file, once, and what is lost counts from then. Pure.
 */
#ifndef ASP_USAGE_H
#define ASP_USAGE_H

#include "entry.h"
#include "name.h"
#include "network.h"
#include "safeio.h"
#include "secret.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
    ASP_HEAD_BYTES = 128,
    ASP_SLOT_BYTES = 256,
    ASP_USAGE_BYTES_MAX = ASP_HEAD_BYTES + ASP_IDS * ASP_SLOT_BYTES,
};

/* The last use of one entry. */
struct asp_use {
    char id[ASP_ID_CHARS + 1];
    time_t created; /* of the entry */
    time_t last;
    char service[ASP_SERVICE_MAX + 1];
    char host[ASP_HOST_MAX + 1]; /* empty: none, or no host's name */
};

/* The state of the shadow file in which the fingerprint with this checksum was found to be the
 * same.
 */
struct asp_compared {
    struct asp_identity identity;
    time_t expires; /* of the account, or ASP_NEVER: it passes while the file stays the same; 0 when
                       the password is locked */
    uint64_t checksum; /* of the fingerprint, see asp_primary_checksum */
};

/* The head of a file. */
struct asp_usage_head {
    time_t begun; /* when the file was begun: what was used before it is not known */
    size_t slots; /* how many it has at least */
    struct asp_compared compared;
};

/* The bytes of a file; the owner frees them with asp_usage_free. Begins as {0}: no use known. */
struct asp_usage {
    uint8_t *bytes;
    size_t length;
};

/* False when there is no whole head in it: then the file is missing, or not to be trusted as a
 * whole. */
bool asp_usage_read_head(const struct asp_usage *usage, struct asp_usage_head *head);

/* True for a file of which nothing is missing or damaged: then what is not in it was not used. */
bool asp_usage_sound(const struct asp_usage *usage, struct asp_usage_head *head);

/* True when nothing that is damaged can be of this entry: its use is whole, or the whole file is.
 */
bool asp_usage_tells(const struct asp_usage *usage, const char *id, time_t created);

/*
 * Makes a sound file of what is there. Without a whole head it is begun anew, at `now`. With one, a
 * damaged slot that still says whose it is counts as used now, for it was being written; another is
 * dropped. False: out of memory, and nothing was changed.
 */
bool asp_usage_mend(struct asp_usage *usage, time_t now);

/* The use of the entry with this id and creation time. False when none is known. */
bool asp_usage_find(const struct asp_usage *usage, const char *id, time_t created,
                    struct asp_use *use);

/*
 * From when on the entry can count as unused, as far as usage knows: its last use, or when the file
 * was begun, whichever is later. ASP_NEVER where nothing can be known, without a whole head.
 */
time_t asp_usage_since(const struct asp_usage *usage, const char *id, time_t created);

/* The state of an entry, by what is known of its use. */
enum asp_state asp_usage_state(const struct asp_usage *usage, const struct asp_entry *entry,
                               time_t now);

/* The time of the last use, or ASP_NEVER. */
time_t asp_usage_last(const struct asp_usage *usage, const char *id, time_t created);

/* Which slot of the file is that of this id: its own, else a new one at the end. */
size_t asp_usage_place(const struct asp_usage *usage, const char *id);

/* The use in a slot; false: it is damaged, or none. */
bool asp_usage_read_slot(const uint8_t bytes[ASP_SLOT_BYTES], struct asp_use *use);

/* The bytes of a slot and of a head. */
void asp_usage_write_slot(const struct asp_use *use, uint8_t bytes[ASP_SLOT_BYTES]);
void asp_usage_write_head(const struct asp_usage_head *head, uint8_t bytes[ASP_HEAD_BYTES]);

void asp_usage_free(struct asp_usage *usage);

#endif
