/* One of a thing, or several. */
#include "plural.h"

const char *plural(unsigned long long count)
{
    return count == 1 ? "" : "s";
}

void plural_add(struct asp_buffer *out, unsigned long long count, const char *noun)
{
    asp_buffer_add_number(out, count);
    asp_buffer_add(out, " ");
    asp_buffer_add(out, noun);
    asp_buffer_add(out, plural(count));
}
