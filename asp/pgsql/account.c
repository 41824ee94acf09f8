/* An account is read, and written where nobody else has written it since. */
#include "array.h"
#include "event.h"
#include "own.h"
#include "result.h"

#include "asp/account_file.h"
#include "asp/clock.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { UPDATE_MS = 5000, WRITE_VALUES = 15 };

/* Nobody is held off: what is known of an account that is changed, so that it is written only where
 * that is still so. */
struct asp_store_held {
    const char *name;
    bool is_known; /* it was read */
    bool is_there;
    int64_t tag;   /* of one that is there */
    int64_t until; /* of asp_clock_ms */
};

static const struct pgsql_statement write_statement = {
    .name = "write",
    .text = "SELECT asp.write($1::smallint, $2, $3::bigint, $4::bigint, $5::bytea, $6::text[],"
            " $7::timestamptz[], $8, $9, $10, $11, $12, $13, $14, $15)",
    .values = WRITE_VALUES,
    .writes = true,
};

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int64_t wait_of(const struct asp_store *store)
{
    int64_t until = pgsql_wait_until(pgsql_own(store));

    return store->deadline == 0 ? until : earlier(until, store->deadline);
}

static enum asp_status copy_body(const struct pgsql_loaded *loaded, struct asp_stored *stored,
                                 struct asp_error *error)
{
    if (loaded->length > ASP_ACCOUNT_BYTES_MAX)
        return asp_fail(error, ASP_CORRUPT, "it is longer than an account can be");
    stored->bytes = malloc(loaded->length + 1);
    if (stored->bytes == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    memcpy(stored->bytes, loaded->body, loaded->length);
    stored->bytes[loaded->length] = '\0';
    stored->length = loaded->length;
    stored->written = loaded->written;
    return ASP_OK;
}

/* Loads it, and what is known of one that is held; `held` as in engine.h. */
static enum asp_status load(const struct asp_store *store, struct asp_store_held *held,
                            const char *name, const char *only, struct pgsql_loaded *loaded,
                            struct asp_error *error)
{
    const int64_t until = wait_of(store);
    enum asp_status status =
        pgsql_load(pgsql_own(store), name, only, held == NULL ? until : earlier(until, held->until),
                   loaded, error);

    if (status == ASP_OK && held != NULL) {
        held->is_known = true;
        held->is_there = loaded->is_there;
        held->tag = loaded->tag;
    }
    return status;
}

enum asp_status pgsql_read(const struct asp_store *store, struct asp_store_held *held,
                           const char *name, const char *only, struct asp_stored *stored,
                           struct asp_error *error)
{
    struct pgsql_loaded loaded;
    enum asp_status status = ASP_OK;

    if (held != NULL || !pgsql_visited_account(pgsql_own(store), name, &loaded))
        status = load(store, held, name, only, &loaded, error);
    if (status != ASP_OK)
        return status;
    status = loaded.is_there ? copy_body(&loaded, stored, error) : ASP_NOT_FOUND;
    pgsql_result_free(loaded.result);
    return status;
}

enum asp_status pgsql_hold(const struct asp_store *store, const char *name, asp_store_step *step,
                           void *context, struct asp_error *error)
{
    struct asp_store_held held = {.name = name, .until = asp_clock_ms() + UPDATE_MS};
    enum asp_status status;

    if (store->deadline != 0)
        held.until = earlier(held.until, store->deadline);
    for (;;) {
        held.is_known = false;
        status = step(&held, context, error);
        if (status != ASP_AGAIN)
            return status;
        if (asp_clock_ms() >= held.until)
            return asp_fail(error, ASP_BUSY, "%s is written by others all the time", name);
        pgsql_pause();
    }
}

/* What is told of it besides its text. */
struct beside {
    struct pgsql_array ids;
    struct pgsql_array expiries;
    struct asp_buffer ended_ids;
    struct asp_buffer labels;
    struct asp_buffer apps;
    struct asp_buffer services;
    const char *reason;
    const char *by;
};

bool pgsql_expires(const struct asp_entry *entry)
{
    return entry->expires != ASP_NEVER && entry->revoked == ASP_NEVER;
}

/* All expiries that are still to come: at them nothing is written. */
static void add_expiries(struct beside *beside, const struct asp_account *account)
{
    char when[ASP_TIME_SIZE];

    for (size_t i = 0; account != NULL && i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (!pgsql_expires(entry))
            continue;
        asp_time_format(entry->expires, when);
        pgsql_array_add(&beside->ids, entry->id);
        pgsql_array_add(&beside->expiries, when);
    }
}

/* All that a hook is told, so that no account is read for it: of each a word of every text, in the
 * same order, so that they can be told apart again. */
static void add_ended(struct beside *beside, const struct asp_made *made)
{
    for (size_t i = 0; i < made->ended_count; i++) {
        const struct asp_entry *entry = &made->ended[i];
        const char *blank = i > 0 ? " " : "";

        asp_buffer_add(&beside->ended_ids, blank);
        asp_buffer_add(&beside->ended_ids, entry->id);
        asp_buffer_add(&beside->labels, i > 0 ? "\n" : "");
        asp_buffer_add(&beside->labels, entry->label);
        asp_buffer_add(&beside->apps, blank);
        asp_buffer_add(&beside->apps, entry->app);
        asp_buffer_add(&beside->services, blank);
        asp_buffer_add(&beside->services,
                       entry->bound != ASP_NEVER ? entry->bound_service : PGSQL_UNBOUND);
    }
    beside->reason = made->ended_count > 0 ? made->ended[0].reason : "";
    beside->by = made->ended_count > 0 ? made->ended[0].revoked_by : "";
}

static const char *text_of(const struct asp_buffer *buffer)
{
    return buffer->length == 0 ? "" : buffer->text;
}

/* True: there was memory for it all. */
static bool give_beside(struct beside *beside, const struct asp_made *made,
                        struct pgsql_value values[WRITE_VALUES])
{
    add_expiries(beside, made->account);
    add_ended(beside, made);
    values[5].bytes = pgsql_array_text(&beside->ids);
    values[6].bytes = pgsql_array_text(&beside->expiries);
    values[7].bytes = made->ended_count > 0 ? "revoked" : "";
    values[8].bytes = text_of(&beside->ended_ids);
    values[9].bytes = text_of(&beside->labels);
    values[10].bytes = text_of(&beside->apps);
    values[11].bytes = text_of(&beside->services);
    values[12].bytes = beside->reason;
    values[13].bytes = beside->by;
    return values[5].bytes != NULL && values[6].bytes != NULL && !beside->ended_ids.failed &&
           !beside->labels.failed && !beside->apps.failed && !beside->services.failed;
}

static void free_beside(struct beside *beside)
{
    pgsql_array_free(&beside->ids);
    pgsql_array_free(&beside->expiries);
    asp_buffer_free(&beside->ended_ids);
    asp_buffer_free(&beside->labels);
    asp_buffer_free(&beside->apps);
    asp_buffer_free(&beside->services);
}

static enum asp_status fail_unknown(struct asp_error *error)
{
    (void)asp_fail(error, ASP_UNKNOWN,
                   "it is not known whether it was written, for the database does not answer");
    return asp_advise(error, ASP_UNKNOWN, "look, and say it again where it was not");
}

enum asp_status pgsql_say(struct pgsql_store *own, const struct pgsql_statement *statement,
                          const struct pgsql_value *values, int64_t until,
                          struct pg_result **result, struct asp_error *error)
{
    bool unknown = false;

    for (;;) {
        const struct pgsql_failure *failure;
        enum asp_status status =
            pgsql_ask(own->connection, statement, values, until, result, error);

        if (status == ASP_OK) {
            if (error != NULL) /* that of an earlier try */
                asp_error_begin(error);
            return ASP_OK;
        }
        failure = pgsql_last_failure(own->connection);
        unknown = unknown || failure->unknown;
        if (!unknown && !failure->again && !failure->anew)
            return status;
        if (asp_clock_ms() >= until)
            return unknown ? fail_unknown(error) : status;
        pgsql_pause();
    }
}

/* The row knows the tags that it had, so that it is done once. `*done`: it is; else it is another
 * one by now. */
static enum asp_status say(struct pgsql_store *own, const struct pgsql_value *values, int64_t until,
                           bool *done, struct asp_error *error)
{
    struct pg_result *result = NULL;
    int64_t answer = 0;
    enum asp_status status = pgsql_say(own, &write_statement, values, until, &result, error);

    if (status != ASP_OK)
        return status;
    if (!pgsql_number(result, 0, 0, &answer))
        status = pgsql_not_ours(error);
    *done = answer == 1;
    pgsql_result_free(result);
    return status;
}

/* Puts the text, or NULL, in the place of what was read. */
static enum asp_status put(const struct asp_store *store, const struct asp_store_held *held,
                           const struct asp_made *made, struct asp_error *error)
{
    struct pgsql_store *own = pgsql_own(store);
    const struct pgsql_number part = pgsql_number_text(pgsql_part_of(own, held->name));
    const struct pgsql_number was = pgsql_number_text(held->tag);
    struct pgsql_value values[WRITE_VALUES] = {0};
    struct beside beside = {0};
    struct pgsql_number tag;
    uint64_t random;
    bool done = false;
    enum asp_status status;

    randombytes_buf(&random, sizeof random);
    tag = pgsql_number_text((int64_t)(random & INT64_MAX)); /* never used twice */
    values[0].bytes = part.text;
    values[1].bytes = held->name;
    values[2].bytes = held->is_there ? was.text : NULL;
    values[3].bytes = tag.text;
    values[14].bytes = store->via != NULL ? store->via : "";
    if (made->text != NULL)
        values[4] = (struct pgsql_value){made->text->text, made->text->length, true};
    status = give_beside(&beside, made, values) ? say(own, values, held->until, &done, error)
                                                : asp_fail(error, ASP_NO_MEMORY, "out of memory");
    free_beside(&beside);
    return status == ASP_OK && !done ? ASP_AGAIN : status;
}

/* Whatever it is, so that it may be that nobody has read it. */
static enum asp_status know(const struct asp_store *store, struct asp_store_held *held,
                            struct asp_error *error)
{
    struct pgsql_loaded loaded;
    enum asp_status status;

    if (held->is_known)
        return ASP_OK;
    status = load(store, held, held->name, NULL, &loaded, error);
    pgsql_result_free(loaded.result);
    return status;
}

enum asp_status pgsql_write(const struct asp_store *store, struct asp_store_held *held,
                            const struct asp_made *made, struct asp_error *error)
{
    enum asp_status status = know(store, held, error);

    return status == ASP_OK ? put(store, held, made, error) : status;
}

enum asp_status pgsql_drop(const struct asp_store *store, struct asp_store_held *held,
                           const struct asp_made *made, struct asp_error *error)
{
    enum asp_status status = know(store, held, error);

    if (status == ASP_OK && !held->is_there)
        status = asp_fail(error, ASP_NOT_FOUND, "%s has no app passwords", held->name);
    return status == ASP_OK ? put(store, held, made, error) : status;
}
