/* A store with alice's account, and what is known of her uses. */
#include "usage_fixture.h"

#include "asp/time_text.h"

#include <string.h>

struct asp_use use_of(const char *id, time_t last)
{
    struct asp_use use = {.created = 1000, .last = last, .service = "imap", .host = "192.0.2.7"};

    strcpy(use.id, id);
    return use;
}

bool record(const char *id, time_t last)
{
    const struct asp_use use = use_of(id, last);

    return asp_store_record(&store, "alice", &use) == ASP_OK;
}

time_t last_of(const char *id)
{
    struct asp_usage usage = unit_usage(&store, "alice");
    time_t last = asp_usage_last(&usage, id, 1000);

    asp_usage_free(&usage);
    return last;
}

time_t begun(void)
{
    struct asp_usage usage = unit_usage(&store, "alice");
    struct asp_usage_head head;
    bool sound = asp_usage_read_head(&usage, &head);

    asp_usage_free(&usage);
    return sound ? head.begun : ASP_NEVER;
}

void begin_store(void)
{
    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
}
