/* What the database tells each machine: revocations and expiries. */
#include "feed_expired.h"
#include "feed_own.h"
#include "result.h"

#include "asp/account.h"
#include "asp/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_MS = 1000, HOUR = 60 * 60, EVENTS_AT_ONCE = 8 };

static const struct pgsql_statement heads = {
    .name = "heads",
    .text = "SELECT f.part, f.seq, f.tag, f.floor, (SELECT s.id::text FROM asp.store s LIMIT 1),"
            " floor(extract(epoch FROM clock_timestamp()))::bigint FROM asp.feed f",
};
enum heads_column { HEAD_PART, HEAD_SEQ, HEAD_TAG, HEAD_FLOOR, HEAD_STORE, HEAD_NOW };

static const struct pgsql_statement since = {
    .name = "since",
    .text = "SELECT seq, tag, floor(extract(epoch FROM at))::bigint, name, ids, labels, apps,"
            " services, reason, by_whom, via"
            " FROM asp.since(ARRAY[$1::smallint], ARRAY[$2::bigint])",
    .values = 2,
};
enum since_column { SEQ, TAG, AT, NAME, IDS, LABELS, APPS, SERVICES, REASON, BY, VIA };

/* The last one that is older than a time. */
static const struct pgsql_statement before = {
    .name = "before",
    .text = "SELECT seq, tag FROM asp.ended WHERE part = $1::smallint AND at <"
            " to_timestamp($2::bigint) ORDER BY seq DESC LIMIT 1",
    .values = 2,
};

struct pgsql_feed *pgsql_feed_new(struct pgsql_store *own)
{
    struct pgsql_feed *feed = calloc(1, sizeof *feed);

    if (feed != NULL) {
        feed->own = own;
        feed->checked = asp_clock_ms() - CHECK_MS;
    }
    return feed;
}

void pgsql_feed_free(struct pgsql_feed *feed)
{
    free(feed);
}

/* That it is a store that we know, and the one that is written to: a primary that was replaced
 * tells of nothing more. */
static enum asp_status check(struct pgsql_feed *feed, struct asp_error *error)
{
    enum asp_status status;

    if (asp_clock_ms() - feed->checked < CHECK_MS)
        return ASP_OK;
    status = pgsql_store_answers(feed->own, error);
    if (status == ASP_OK)
        feed->checked = asp_clock_ms();
    return status;
}

static bool take_head(struct pgsql_feed *feed, const struct pg_result *result, size_t row)
{
    int64_t part;
    struct head head;

    if (!pgsql_number_within(result, row, HEAD_PART, 0, feed->own->pin.parts - 1, &part) ||
        !pgsql_number_within(result, row, HEAD_SEQ, 0, INT64_MAX, &head.at.seq) ||
        !pgsql_number(result, row, HEAD_TAG, &head.at.tag) ||
        !pgsql_number_within(result, row, HEAD_FLOOR, 0, INT64_MAX, &head.floor) ||
        !pgsql_time(result, row, HEAD_NOW, &feed->now))
        return false;
    feed->heads[part] = head;
    return true;
}

static enum asp_status read_heads(struct pgsql_feed *feed, struct asp_error *error)
{
    struct pg_result *result = NULL;
    size_t count;
    enum asp_status status = pgsql_feed_ask(feed, &heads, NULL, &result, error);

    if (status != ASP_OK)
        return status;
    count = pgsql_row_count(result);
    if (count != (size_t)feed->own->pin.parts)
        status = pgsql_not_ours(error);
    else if (strcmp(pgsql_text_at(result, 0, HEAD_STORE), feed->own->pin.id) != 0)
        status = pgsql_is_other(feed->own, error);
    for (size_t row = 0; status == ASP_OK && row < count; row++) {
        if (!take_head(feed, result, row))
            status = pgsql_not_ours(error);
    }
    pgsql_result_free(result);
    return status;
}

/* That part is told again from an hour before this machine last heard of anything. */
static enum asp_status turn_back(struct pgsql_feed *feed, int part, struct asp_error *error)
{
    const struct pgsql_number number = pgsql_number_text(part);
    const struct pgsql_number when = pgsql_number_text((int64_t)feed->cursors.looked - HOUR);
    const struct pgsql_value values[] = {{.bytes = number.text}, {.bytes = when.text}};
    struct pgsql_cursor *cursor = &feed->cursors.at[part];
    struct pg_result *result = NULL;
    enum asp_status status = pgsql_feed_ask(feed, &before, values, &result, error);

    if (status != ASP_OK)
        return status;
    if (pgsql_row_count(result) == 0)
        *cursor = (struct pgsql_cursor){.seq = feed->heads[part].floor};
    else if (!pgsql_number(result, 0, 0, &cursor->seq) || !pgsql_number(result, 0, 1, &cursor->tag))
        status = pgsql_not_ours(error);
    pgsql_result_free(result);
    feed->unwritten = true;
    return status;
}

/* From here on. */
static void begin_now(struct pgsql_feed *feed)
{
    feed->cursors = (struct pgsql_cursors){.parts = feed->own->pin.parts, .looked = feed->now};
    memcpy(feed->cursors.store, feed->own->pin.id, sizeof feed->cursors.store);
    for (int part = 0; part < feed->cursors.parts; part++)
        feed->cursors.at[part] = feed->heads[part].at;
    feed->unwritten = true;
}

/* How far had been heard when the file was written that cannot be read. */
static enum asp_status begin_damaged(struct pgsql_feed *feed, time_t written,
                                     struct asp_error *error)
{
    enum asp_status status = ASP_OK;

    begin_now(feed);
    if (written < feed->now)
        feed->cursors.looked = written - PGSQL_LOOKED_SECONDS;
    for (int part = 0; status == ASP_OK && part < feed->cursors.parts; part++)
        status = turn_back(feed, part, error);
    if (status != ASP_OK)
        feed->cursors.store[0] = '\0';
    return status;
}

static bool has_begun(const struct pgsql_feed *feed)
{
    return strcmp(feed->cursors.store, feed->own->pin.id) == 0 &&
           feed->cursors.parts == feed->own->pin.parts;
}

static enum asp_status begin(struct pgsql_feed *feed, struct asp_error *error)
{
    char line[ASP_ERROR_LINE + 80];
    struct asp_error damage = {0};
    enum asp_status status = pgsql_cursors_read(feed->own->conf->store, &feed->cursors, &damage);

    feed->written = feed->cursors.looked;
    feed->unwritten = false;
    if (status == ASP_OK && has_begun(feed))
        return ASP_OK;
    if (status == ASP_CORRUPT) {
        (void)snprintf(line, sizeof line,
                       "%s: what was revoked since an hour before it was written is told again",
                       damage.text);
        status = begin_damaged(feed, feed->cursors.looked, error);
        if (status == ASP_OK)
            pgsql_feed_note(feed, line);
        return status;
    }
    if (status != ASP_OK && status != ASP_NOT_FOUND) {
        feed->cursors.store[0] = '\0';
        return asp_fail(error, status, "%s", damage.text);
    }
    if (status == ASP_OK)
        pgsql_feed_note(
            feed, "this machine has joined another database: what that tells is heard from now "
                  "on");
    begin_now(feed);
    return ASP_OK;
}

static enum asp_status hear_row(struct pgsql_feed *feed, const struct pg_result *result, size_t row,
                                struct asp_error *error)
{
    const struct pgsql_event_texts texts = {
        .ids = pgsql_text_at(result, row, IDS),
        .labels = pgsql_text_at(result, row, LABELS),
        .apps = pgsql_text_at(result, row, APPS),
        .services = pgsql_text_at(result, row, SERVICES),
    };
    char user[ASP_USER_MAX + 1];
    struct pgsql_event event = {
        .user = user,
        .reason = pgsql_event_reason(pgsql_text_at(result, row, REASON)),
        .by = pgsql_event_by(pgsql_text_at(result, row, BY)),
        .via = pgsql_event_via(pgsql_text_at(result, row, VIA)),
    };
    enum asp_status status;

    if (!pgsql_feed_user(feed, pgsql_text_at(result, row, NAME), user))
        return ASP_OK;
    (void)pgsql_time(result, row, AT, &event.at);
    status = pgsql_event_read(&texts, event.at, &event.entries, &event.count, error);
    if (status != ASP_OK)
        return status;
    status = pgsql_feed_hear(feed, &event, error);
    asp_entries_free(event.entries, event.count);
    return status;
}

static void note_missed(const struct pgsql_feed *feed, int part, int64_t missed)
{
    char line[256];

    (void)snprintf(line, sizeof line,
                   "%" PRId64 " revocations of part %d of the database were missed: they were "
                   "tidied away before this machine had heard of them, and no hook is run for them",
                   missed, part);
    pgsql_feed_note(feed, line);
}

/* Some of those between the cursor and the head, one after the other. */
static enum asp_status hear_rows(struct pgsql_feed *feed, int part, const struct pg_result *result,
                                 size_t *heard, struct asp_error *error)
{
    struct pgsql_cursor *cursor = &feed->cursors.at[part];
    enum asp_status status = ASP_OK;

    for (size_t row = 0; *heard < EVENTS_AT_ONCE && row < pgsql_row_count(result); row++) {
        struct pgsql_cursor next;

        if (!pgsql_number(result, row, SEQ, &next.seq) ||
            !pgsql_number(result, row, TAG, &next.tag))
            return pgsql_not_ours(error);
        if (next.seq <= cursor->seq)
            continue;
        if (next.seq > feed->heads[part].at.seq)
            break;
        if (next.seq > cursor->seq + 1)
            note_missed(feed, part, next.seq - cursor->seq - 1);
        status = hear_row(feed, result, row, error);
        if (status != ASP_OK)
            return status;
        *cursor = next;
        feed->unwritten = true;
        status = pgsql_feed_keep(feed, error);
        if (status != ASP_OK)
            return status;
        (*heard)++;
    }
    return ASP_OK;
}

/* Whether the event that was heard last is still there: it comes first, unless it was tidied away
 * or there was none. */
static bool is_same_history(const struct pgsql_feed *feed, int part, const struct pg_result *result)
{
    const struct pgsql_cursor *cursor = &feed->cursors.at[part];
    struct pgsql_cursor first = {0};

    if (cursor->seq <= feed->heads[part].floor)
        return true;
    return pgsql_row_count(result) > 0 && pgsql_number(result, 0, SEQ, &first.seq) &&
           pgsql_number(result, 0, TAG, &first.tag) && first.seq == cursor->seq &&
           first.tag == cursor->tag;
}

static enum asp_status ask_since(struct pgsql_feed *feed, int part, struct pg_result **result,
                                 struct asp_error *error)
{
    const struct pgsql_number number = pgsql_number_text(part);
    const struct pgsql_number seq = pgsql_number_text(feed->cursors.at[part].seq);
    const struct pgsql_value values[] = {{.bytes = number.text}, {.bytes = seq.text}};

    return pgsql_feed_ask(feed, &since, values, result, error);
}

/* What comes next of a part, or that it is told again: once in a look, after which there is one
 * history. `*goes_on`: there was any. */
static enum asp_status tell_some(struct pgsql_feed *feed, int part, bool *goes_on,
                                 struct asp_error *error)
{
    struct pg_result *result = NULL;
    size_t heard = 0;
    enum asp_status status = ask_since(feed, part, &result, error);

    if (status != ASP_OK)
        return status;
    if (is_same_history(feed, part, result)) {
        status = hear_rows(feed, part, result, &heard, error);
        *goes_on = *goes_on || heard > 0;
    } else if (feed->is_turned[part]) {
        status = pgsql_not_ours(error);
    } else {
        if (!feed->has_noted)
            pgsql_feed_note(
                feed, "the database has another history than this machine has heard, as after a "
                      "fail-over that lost its last writes: revocations are told again from an "
                      "hour before");
        feed->has_noted = feed->is_turned[part] = *goes_on = true;
        status = turn_back(feed, part, error);
    }
    pgsql_result_free(result);
    return status;
}

static bool is_news(const struct pgsql_feed *feed, int part)
{
    const struct pgsql_cursor *cursor = &feed->cursors.at[part];
    const struct pgsql_cursor *head = &feed->heads[part].at;

    return cursor->seq != head->seq || cursor->tag != head->tag;
}

/* Up to the heads that were read, some of each part in turn: who revokes all the time holds up
 * nobody in another part. */
static enum asp_status tell(struct pgsql_feed *feed, struct asp_error *error)
{
    enum asp_status status = ASP_OK;
    bool goes_on = true;

    while (status == ASP_OK && goes_on) {
        goes_on = false;
        for (int part = 0; status == ASP_OK && part < feed->cursors.parts; part++) {
            if (is_news(feed, part))
                status = tell_some(feed, part, &goes_on, error);
        }
    }
    return status;
}

enum asp_status pgsql_feed_look(struct pgsql_feed *feed, const struct pgsql_feed_listener *listener,
                                struct asp_error *error)
{
    enum asp_status status = check(feed, error);

    feed->listener = listener;
    feed->has_noted = false;
    memset(feed->is_turned, 0, sizeof feed->is_turned);
    if (status == ASP_OK)
        status = read_heads(feed, error);
    if (status == ASP_OK && !has_begun(feed))
        status = begin(feed, error);
    if (status == ASP_OK)
        status = tell(feed, error);
    if (status == ASP_OK)
        status = pgsql_feed_expired(feed, error);
    if (status == ASP_OK)
        status = pgsql_feed_keep(feed, error);
    if (status != ASP_OK)
        feed->checked = asp_clock_ms() - CHECK_MS;
    return status;
}

static int64_t count_behind(const struct pgsql_feed *feed)
{
    int64_t behind = 0;

    for (int part = 0; part < feed->cursors.parts; part++) {
        const int64_t more = feed->heads[part].at.seq - feed->cursors.at[part].seq;

        behind += more > 0 ? more : 0;
    }
    return behind;
}

enum asp_status pgsql_feed_look_at_place(struct pgsql_store *own, struct pgsql_feed_place *place,
                                         struct asp_error *error)
{
    struct pgsql_feed *feed = pgsql_feed_new(own);
    enum asp_status status;

    *place = (struct pgsql_feed_place){0};
    if (feed == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    status = pgsql_pin_know(own, error);
    if (status == ASP_OK)
        status = read_heads(feed, error);
    if (status == ASP_OK)
        status = pgsql_cursors_read(own->conf->store, &feed->cursors, error);
    if (status == ASP_OK && !has_begun(feed))
        status = ASP_NOT_FOUND; /* of the database that this machine was of before */
    if (status == ASP_OK)
        *place = (struct pgsql_feed_place){
            .heard = feed->cursors.looked, .now = feed->now, .behind = count_behind(feed)};
    pgsql_feed_free(feed);
    return status;
}
