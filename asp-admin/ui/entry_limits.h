/*
 * What an app password is limited to, as a person reads it.
 */
#ifndef ASP_ADMIN_UI_ENTRY_LIMITS_H
#define ASP_ADMIN_UI_ENTRY_LIMITS_H

#include "asp/buffer.h"
#include "asp/entry.h"

#include <time.h>

/* "90 days", "2 weeks": the largest unit in which it is a whole number. */
void entry_limits_add_duration(struct asp_buffer *out, time_t seconds);

/* "192.0.2.0/24, 2001:db8::/32": nothing for an entry that is good from everywhere. */
void entry_limits_add_networks(struct asp_buffer *out, const struct asp_entry *entry);

/* All of them in one line, "only from 192.0.2.0/24; until 2027-01-31T23:59:59Z; until unused for 90
 * days": nothing for an entry that has none. */
void entry_limits_add(struct asp_buffer *out, const struct asp_entry *entry);

#endif
