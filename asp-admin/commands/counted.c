/* How many app passwords there are, in words. */
#include "counted.h"

#include "asp-admin/ui/plural.h"

struct counted counted_of(const struct asp_account *account, const struct asp_usage *usage,
                          time_t now)
{
    struct counted counted = {.entries = account->count};

    for (size_t i = 0; i < account->count; i++)
        counted.active += asp_usage_state(usage, &account->entries[i], now) == ASP_ACTIVE;
    return counted;
}

void counted_add(struct asp_buffer *out, const struct counted *counted)
{
    plural_add(out, counted->entries, "app password");
    asp_buffer_add(out, ", ");
    asp_buffer_add_number(out, counted->active);
    asp_buffer_add(out, " of them active");
}
