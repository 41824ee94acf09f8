/* Whether the store of a database is in use while it is copied, and by whom it is. */
#include "copy.h"

#include "patient.h"

#include "asp/pgsql/cursors.h"
#include "asp/pgsql/feed.h"
#include "asp/pgsql/lease.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/schema.h"
#include "asp/pgsql/store.h"

#include <stdio.h>
#include <string.h>

#define LEASE "copy"

enum { LEASE_SECONDS = 60 };

_Static_assert((int)DATABASE_HOLDER_SIZE == PGSQL_HOLDER_MAX + 1, "a holder is the lease's");

static const struct pgsql_statement look = {
    .name = "copy look",
    .text = "SELECT s.oldest, floor(extract(epoch FROM s.uses_since))::bigint, l.holder, s.before"
            " FROM asp.store s LEFT JOIN asp.lease l ON l.what = '" LEASE "'",
};

static const struct pgsql_statement set_oldest = {
    .name = "close store",
    .text = "SELECT asp.close_store($1::int)",
    .values = 1,
    .writes = true,
};

static const struct pgsql_statement begin_uses = {
    .name = "begin uses",
    .text = database_begin_uses,
    .writes = true,
};

static const struct pgsql_statement heads = {
    .name = "copy heads",
    .text = "SELECT part, seq, tag FROM asp.feed",
};

static struct pgsql_connection *connection_of(const struct database_copy *copy)
{
    return pgsql_store_connection(copy->own);
}

static enum asp_status read_state(struct database_copy *copy, struct database_copy_state *state,
                                  struct asp_error *error)
{
    struct pg_result *result = NULL;
    int64_t oldest;
    int64_t before;
    enum asp_status status = database_ask(connection_of(copy), &look, NULL, &result, error);

    if (status != ASP_OK)
        return status;
    if (pgsql_row_count(result) != 1 || !pgsql_number(result, 0, 0, &oldest) ||
        !pgsql_time(result, 0, 1, &copy->since) || !pgsql_number(result, 0, 3, &before)) {
        status = pgsql_not_ours(error);
    } else {
        state->is_closed = oldest == 0;
        copy->oldest = (int)(state->is_closed ? before : oldest);
        state->since = copy->since;
        if (!pgsql_text(result, 0, 2, state->holder, sizeof state->holder))
            state->holder[0] = '\0';
        if (copy->oldest > pgsql_schema_number)
            status =
                asp_fail(error, ASP_NEWER,
                         "the database is of a later version: upgrade pam_asp on this machine");
    }
    pgsql_result_free(result);
    return status;
}

enum asp_status database_copy_begin(struct database_copy *copy, struct pgsql_store *own,
                                    struct database_copy_state *state, struct asp_error *error)
{
    struct pgsql_pin found = {0};
    enum asp_status status = pgsql_store_may_join(own, &found, error);

    *copy = (struct database_copy){.own = own, .parts = found.parts};
    *state = (struct database_copy_state){0};
    if (status != ASP_OK)
        return status;
    (void)snprintf(state->id, sizeof state->id, "%s", found.id);
    return read_state(copy, state, error);
}

enum asp_status database_copy_hold(const struct database_copy *copy, const char *holder,
                                   struct asp_error *error)
{
    struct pgsql_lease lease;
    enum asp_status status =
        pgsql_lease_take(copy->own, LEASE, holder, LEASE_SECONDS, &lease, error);

    if (status == ASP_OK && !lease.is_ours)
        status = asp_fail(error, ASP_BUSY, "the database is being copied by %s", lease.holder);
    return status;
}

static enum asp_status set(const struct database_copy *copy, int oldest, struct asp_error *error)
{
    char number[12];
    const struct pgsql_value values[] = {{.bytes = number}};

    (void)snprintf(number, sizeof number, "%d", oldest);
    return database_do(connection_of(copy), &set_oldest, values, error);
}

enum asp_status database_copy_close(const struct database_copy *copy, struct asp_error *error)
{
    return set(copy, 0, error);
}

enum asp_status database_copy_open(const struct database_copy *copy, struct asp_error *error)
{
    return set(copy, copy->oldest, error);
}

enum asp_status database_copy_begin_uses(struct database_copy *copy, struct asp_error *error)
{
    struct database_copy_state state;
    enum asp_status status = database_do(connection_of(copy), &begin_uses, NULL, error);

    return status == ASP_OK ? read_state(copy, &state, error) : status;
}

/* Whether each part is where this machine has heard it. */
static bool is_at_heads(const struct pgsql_cursors *cursors, const struct pg_result *result)
{
    for (size_t row = 0; row < pgsql_row_count(result); row++) {
        struct pgsql_cursor head;
        int64_t part;

        if (!pgsql_number_within(result, row, 0, 0, cursors->parts - 1, &part) ||
            !pgsql_number(result, row, 1, &head.seq) || !pgsql_number(result, row, 2, &head.tag) ||
            cursors->at[part].seq != head.seq || cursors->at[part].tag != head.tag)
            return false;
    }
    return true;
}

enum asp_status database_copy_has_heard(const struct database_copy *copy, const char *folder,
                                        bool *heard, struct asp_error *error)
{
    struct pgsql_cursors cursors;
    struct pgsql_pin pin = {0};
    struct pg_result *result = NULL;
    enum asp_status status = pgsql_cursors_read(folder, &cursors, error);

    *heard = status == ASP_NOT_FOUND;
    if (status != ASP_OK)
        return status == ASP_NOT_FOUND || status == ASP_CORRUPT ? ASP_OK : status;
    status = pgsql_store_is_joined(copy->own, &pin, error);
    if (status == ASP_OK)
        status = database_ask(connection_of(copy), &heads, NULL, &result, error);
    if (status == ASP_OK)
        *heard = strcmp(cursors.store, pin.id) != 0 || is_at_heads(&cursors, result);
    pgsql_result_free(result);
    return status;
}

/* Nothing is told to one that begins. */
static enum asp_status hear(void *context, const struct pgsql_event *event, struct asp_error *error)
{
    (void)context;
    (void)event;
    return asp_fail(error, ASP_AGAIN, "something was revoked at the same time");
}

static void note(void *context, const char *line)
{
    (void)context;
    (void)line;
}

enum asp_status database_copy_begin_hearing(const struct database_copy *copy, const char *folder,
                                            struct asp_error *error)
{
    const struct pgsql_feed_listener listener = {.hear = hear, .note = note};
    struct pgsql_cursors cursors;
    struct pgsql_feed *feed;
    enum asp_status status = pgsql_cursors_read(folder, &cursors, error);

    if (status != ASP_NOT_FOUND)
        return status == ASP_CORRUPT ? ASP_OK : status;
    feed = pgsql_feed_new(copy->own);
    if (feed == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    status = pgsql_feed_look(feed, &listener, error);
    pgsql_feed_free(feed);
    return status;
}
