/* What an app password is limited to, as a person reads it. */
#include "entry_limits.h"

#include "plural.h"

#include "asp/time_text.h"

void entry_limits_add_duration(struct asp_buffer *out, time_t seconds)
{
    static const struct {
        time_t seconds;
        const char *name;
    } units[] = {{(time_t)7 * 24 * 3600, "week"},
                 {(time_t)24 * 3600, "day"},
                 {3600, "hour"},
                 {60, "minute"},
                 {1, "second"}};
    size_t unit = 0;

    while (seconds % units[unit].seconds != 0)
        unit++;
    plural_add(out, (unsigned long long)(seconds / units[unit].seconds), units[unit].name);
}

void entry_limits_add_networks(struct asp_buffer *out, const struct asp_entry *entry)
{
    char text[ASP_NETWORK_SIZE];

    for (size_t i = 0; i < entry->network_count; i++) {
        asp_network_write(&entry->networks[i], text);
        asp_buffer_add(out, i == 0 ? "" : ", ");
        asp_buffer_add(out, text);
    }
}

void entry_limits_add(struct asp_buffer *out, const struct asp_entry *entry)
{
    const char *separator = "";

    if (entry->network_count > 0) {
        asp_buffer_add(out, "only from ");
        entry_limits_add_networks(out, entry);
        separator = "; ";
    }
    if (entry->expires != ASP_NEVER) {
        asp_buffer_add(out, separator);
        asp_buffer_add(out, "until ");
        asp_buffer_add_time(out, entry->expires);
        separator = "; ";
    }
    if (entry->unused_limit != ASP_NEVER) {
        asp_buffer_add(out, separator);
        asp_buffer_add(out, "until unused for ");
        entry_limits_add_duration(out, entry->unused_limit);
    }
}
