/* What the files of the feed share. */
#include "feed_own.h"

#include "result.h"

#include "asp/name.h"

enum asp_status pgsql_feed_ask(const struct pgsql_feed *feed,
                               const struct pgsql_statement *statement,
                               const struct pgsql_value *values, struct pg_result **result,
                               struct asp_error *error)
{
    const int64_t begun = asp_clock_ms();
    const int64_t deadline = pgsql_wait_until(feed->own);
    enum asp_status status =
        pgsql_ask(feed->own->connection, statement, values, deadline, result, error);

    if (status != ASP_OK && pgsql_last_failure(feed->own->connection)->down)
        pgsql_tell_down(feed->own, begun, deadline, error);
    return status;
}

const char *pgsql_text_at(const struct pg_result *result, size_t row, size_t column)
{
    const uint8_t *bytes;
    size_t length;

    return pgsql_bytes(result, row, column, &bytes, &length) ? (const char *)bytes : "";
}

enum asp_status pgsql_feed_keep(struct pgsql_feed *feed, struct asp_error *error)
{
    enum asp_status status;

    if (!feed->unwritten)
        return ASP_OK;
    status = pgsql_cursors_write(feed->own->conf->store, &feed->cursors, error);
    if (status != ASP_OK)
        return status;
    feed->unwritten = false;
    feed->written = feed->cursors.looked;
    return ASP_OK;
}

void pgsql_feed_note(const struct pgsql_feed *feed, const char *line)
{
    feed->listener->note(feed->listener->context, line);
}

bool pgsql_feed_user(const struct pgsql_feed *feed, const char *name, char user[ASP_USER_MAX + 1])
{
    if (asp_user_decode(name, user))
        return true;
    pgsql_feed_note(feed, "the database tells of an account whose name no user has: it is passed "
                          "over");
    return false;
}

enum asp_status pgsql_feed_hear(const struct pgsql_feed *feed, const struct pgsql_event *event,
                                struct asp_error *error)
{
    if (event->count == 0)
        return ASP_OK;
    return feed->listener->hear(feed->listener->context, event, error);
}
