/* What has expired. */
#include "feed_expired.h"

#include "feed_own.h"
#include "result.h"

#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 1000 /* of asp.expiring */ };

static const struct pgsql_statement expiring = {
    .name = "expiring",
    .text = "SELECT part, name, id, extract(epoch FROM at)::bigint FROM asp.expiring("
            "to_timestamp($1::bigint), to_timestamp($2::bigint), $3::smallint, $4, $5)",
    .values = 5,
};
enum column { PART, NAME, ID, AT };

/* Where the next ones begin, as asp.expiring has it. */
struct place {
    struct pgsql_number at;
    struct pgsql_number part;
    char name[ASP_USER_ENCODED + 1];
    char id[ASP_ID_CHARS + 1];
};

/* One row, or several of one account and one time. */
struct expired {
    char name[ASP_USER_ENCODED + 1];
    struct asp_entry *entries; /* of which there is room for all of an answer */
    size_t count;
    time_t at;
};

/* What expires in the same second is not all told yet. */
static void look_on(struct pgsql_feed *feed, time_t until)
{
    if (feed->cursors.looked >= until)
        return;
    feed->cursors.looked = until;
    feed->unwritten = true;
}

static enum asp_status hear_expired(struct pgsql_feed *feed, struct expired *expired,
                                    struct asp_error *error)
{
    char user[ASP_USER_MAX + 1];
    const struct pgsql_event event = {
        .expired = true,
        .user = user,
        .at = expired->at,
        .reason = "",
        .by = "",
        .via = "",
        .entries = expired->entries,
        .count = expired->count,
    };
    enum asp_status status;

    if (expired->count == 0)
        return ASP_OK;
    look_on(feed, expired->at - 1);
    status = pgsql_feed_keep(feed, error);
    if (status == ASP_OK && pgsql_feed_user(feed, expired->name, user))
        status = pgsql_feed_hear(feed, &event, error);
    expired->count = 0;
    return status;
}

static enum asp_status take_place(const struct pg_result *result, size_t row, struct place *place,
                                  time_t *at, struct asp_error *error)
{
    const char *name = pgsql_text_at(result, row, NAME);
    const char *id = pgsql_text_at(result, row, ID);
    int64_t part;

    if (!pgsql_number(result, row, PART, &part) || !pgsql_time(result, row, AT, at) ||
        strlen(name) >= sizeof place->name || strlen(id) >= sizeof place->id)
        return pgsql_not_ours(error);
    place->at = pgsql_number_text(*at);
    place->part = pgsql_number_text(part);
    memcpy(place->name, name, strlen(name) + 1);
    memcpy(place->id, id, strlen(id) + 1);
    return ASP_OK;
}

static void add_expired(struct expired *expired, const struct place *place, time_t at)
{
    struct asp_entry *entry = &expired->entries[expired->count++];

    asp_entry_init(entry);
    memcpy(entry->id, place->id, sizeof entry->id);
    memcpy(expired->name, place->name, sizeof expired->name);
    expired->at = at;
}

/* All of an answer, one account and one time after the other. */
static enum asp_status tell_rows(struct pgsql_feed *feed, const struct pg_result *result,
                                 struct place *place, struct asp_error *error)
{
    const size_t count = pgsql_row_count(result);
    struct expired expired = {.entries = calloc(count + 1, sizeof *expired.entries)};
    enum asp_status status = ASP_OK;

    if (expired.entries == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    for (size_t row = 0; status == ASP_OK && row < count; row++) {
        time_t at = 0;

        status = take_place(result, row, place, &at, error);
        if (status == ASP_OK && (strcmp(place->name, expired.name) != 0 || at != expired.at))
            status = hear_expired(feed, &expired, error);
        if (status == ASP_OK && asp_id_valid(place->id)) /* any other is none of ours */
            add_expired(&expired, place, at);
    }
    if (status == ASP_OK)
        status = hear_expired(feed, &expired, error);
    free(expired.entries);
    return status;
}

/* Those behind the place, which is brought on. `*count`: how many there were. */
static enum asp_status tell_some(struct pgsql_feed *feed, struct place *place, size_t *count,
                                 struct asp_error *error)
{
    const struct pgsql_number until = pgsql_number_text(feed->now);
    const struct pgsql_value values[] = {{.bytes = place->at.text},
                                         {.bytes = until.text},
                                         {.bytes = place->part.text},
                                         {.bytes = place->name},
                                         {.bytes = place->id}};
    struct pg_result *result = NULL;
    enum asp_status status = pgsql_feed_ask(feed, &expiring, values, &result, error);

    *count = status == ASP_OK ? pgsql_row_count(result) : 0;
    if (*count > 0)
        status = tell_rows(feed, result, place, error);
    pgsql_result_free(result);
    return status;
}

enum asp_status pgsql_feed_expired(struct pgsql_feed *feed, struct asp_error *error)
{
    struct place place = {.part = pgsql_number_text(INT16_MAX)};
    size_t count = AT_ONCE;
    enum asp_status status = ASP_OK;

    if (feed->cursors.looked > feed->now) /* the clock was set back */
        feed->cursors.looked = feed->now;
    if (feed->cursors.looked == feed->now)
        return ASP_OK;
    place.at = pgsql_number_text(feed->cursors.looked);
    while (status == ASP_OK && count == AT_ONCE) {
        status = tell_some(feed, &place, &count, error);
        feed->unwritten = feed->unwritten || count > 0;
    }
    if (status != ASP_OK)
        return status;
    feed->cursors.looked = feed->now;
    if (feed->cursors.looked - feed->written >= PGSQL_LOOKED_SECONDS)
        feed->unwritten = true;
    return ASP_OK;
}
