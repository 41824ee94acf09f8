/* Last uses: rows of the database, told as the bytes that a file would hold; those of a process are
 * written some at a time. */
#include "array.h"
#include "own.h"
#include "result.h"

#include "asp/clock.h"

#include <stdlib.h>
#include <string.h>

enum { FLUSH_MS = 1000, RECORD_VALUES = 7 };

enum column { ID, CREATED, LAST, SERVICE, HOST, SINCE };

/* A row without an id where there is none. */
static const struct pgsql_statement uses = {
    .name = "uses",
    .text = "SELECT id, created, last, service, host, floor(extract(epoch FROM since))::bigint"
            " FROM asp.uses($1::smallint, $2)",
    .values = 2,
};

static const struct pgsql_statement record = {
    .name = "record",
    .text = "SELECT asp.record($1::smallint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],"
            " $6::text[], $7::text[])",
    .values = RECORD_VALUES,
    .writes = true,
};

/* A head, and room for that many slots. */
static enum asp_status begin(struct asp_usage *usage, time_t since, size_t slots,
                             struct asp_error *error)
{
    const struct asp_usage_head head = {.begun = since, .slots = slots};

    usage->length = ASP_HEAD_BYTES + slots * ASP_SLOT_BYTES;
    usage->bytes = calloc(1, usage->length);
    if (usage->bytes == NULL) {
        usage->length = 0;
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    }
    asp_usage_write_head(&head, usage->bytes);
    return ASP_OK;
}

static void put_slot(struct asp_usage *usage, size_t index, const struct asp_use *use)
{
    asp_usage_write_slot(use, usage->bytes + ASP_HEAD_BYTES + index * ASP_SLOT_BYTES);
}

static bool take_use(const struct pgsql_rows *rows, size_t at, struct asp_use *use)
{
    const struct pg_result *result = rows->result;
    const size_t row = rows->first + at;
    const size_t column = rows->column;

    *use = (struct asp_use){0};
    return pgsql_text(result, row, column + ID, use->id, sizeof use->id) &&
           pgsql_text(result, row, column + SERVICE, use->service, sizeof use->service) &&
           pgsql_text(result, row, column + HOST, use->host, sizeof use->host) &&
           pgsql_time(result, row, column + CREATED, &use->created) &&
           pgsql_time(result, row, column + LAST, &use->last);
}

/* What could not have been written by us is none. */
static enum asp_status build(const struct pgsql_rows *rows, struct asp_usage *usage,
                             struct asp_error *error)
{
    struct asp_use use;
    size_t slots = 0;
    time_t since;
    enum asp_status status;

    if (!pgsql_time(rows->result, rows->first, rows->column + SINCE, &since))
        return pgsql_not_ours(error);
    for (size_t at = 0; at < rows->count && slots < ASP_IDS; at++)
        slots += take_use(rows, at, &use);
    status = begin(usage, since, slots, error);
    for (size_t at = 0, slot = 0; status == ASP_OK && slot < slots; at++) {
        if (take_use(rows, at, &use))
            put_slot(usage, slot++, &use);
    }
    return status;
}

static enum asp_status ask_uses(struct pgsql_store *own, const char *name, struct asp_usage *usage,
                                struct asp_error *error)
{
    struct pgsql_number part;
    struct pgsql_value values[] = {{0}, {.bytes = name}};
    struct pg_result *result = NULL;
    enum asp_status status = pgsql_pin_know(own, error);

    if (status != ASP_OK)
        return status;
    part = pgsql_number_text(pgsql_part_of(own, name));
    values[0].bytes = part.text;
    status = pgsql_ask(own->connection, &uses, values, pgsql_wait_until(own), &result, error);
    if (status == ASP_OK)
        status = build(&(struct pgsql_rows){result, 0, pgsql_row_count(result), ID}, usage, error);
    pgsql_result_free(result);
    return status;
}

static void add_queued(const struct pgsql_store *own, const struct pgsql_queued *queued,
                       struct pgsql_array columns[RECORD_VALUES])
{
    const struct asp_use *use = &queued->use;

    pgsql_array_add_number(&columns[0], pgsql_part_of(own, queued->name));
    pgsql_array_add(&columns[1], queued->name);
    pgsql_array_add(&columns[2], use->id);
    pgsql_array_add_number(&columns[3], use->created);
    pgsql_array_add_number(&columns[4], use->last);
    pgsql_array_add(&columns[5], use->service);
    pgsql_array_add(&columns[6], use->host);
}

static enum asp_status flush(struct pgsql_store *own, struct asp_error *error)
{
    struct pgsql_array columns[RECORD_VALUES] = {0};
    struct pgsql_value values[RECORD_VALUES] = {0};
    struct pg_result *result = NULL;
    enum asp_status status = ASP_OK;
    size_t queued;

    if (own->queued == 0)
        return ASP_OK;
    /* Nobody waits for it. They are of the store that was joined then: where that is not known any
     * more they are dropped if it is another. */
    if (pgsql_breaker_is_down(own->breaker))
        status = asp_fail(error, ASP_IO, "the database does not answer");
    else if (own->pin.id[0] == '\0')
        status = pgsql_pin_know(own, error);
    queued = own->queued;
    own->queued = 0;
    if (status != ASP_OK || queued == 0)
        return status;
    for (size_t i = 0; i < queued; i++)
        add_queued(own, &own->queue[i], columns);
    for (size_t i = 0; i < RECORD_VALUES; i++) {
        values[i].bytes = pgsql_array_text(&columns[i]);
        if (values[i].bytes == NULL)
            status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    }
    if (status == ASP_OK)
        status = pgsql_ask(own->connection, &record, values, pgsql_wait_until(own), &result, error);
    pgsql_result_free(result);
    for (size_t i = 0; i < RECORD_VALUES; i++)
        pgsql_array_free(&columns[i]);
    return status;
}

enum asp_status pgsql_usage(const struct asp_store *store, const char *name,
                            struct asp_usage *usage, struct asp_error *error)
{
    struct pgsql_store *own = pgsql_own(store);
    struct pgsql_rows rows;
    enum asp_status status;

    if (pgsql_visited_uses(own, name, &rows))
        return build(&rows, usage, error);
    if (!own->looked.asked || strcmp(own->looked.name, name) != 0) {
        (void)flush(own, NULL);
        return ask_uses(own, name, usage, error);
    }
    own->looked.asked = false; /* once: another may have written since */
    status = begin(usage, own->looked.since, own->looked.has_use, error);
    if (status == ASP_OK && own->looked.has_use)
        put_slot(usage, 0, &own->looked.use);
    return status;
}

void pgsql_store_flush(struct pgsql_store *own)
{
    (void)flush(own, NULL);
}

int pgsql_store_flush_ms(const struct pgsql_store *own)
{
    const int64_t passed = asp_clock_ms() - own->first;

    if (own->queued == 0)
        return -1;
    return passed < FLUSH_MS ? FLUSH_MS - (int)passed : 0;
}

static void enqueue(struct pgsql_store *own, const char *name, const struct asp_use *use)
{
    struct pgsql_queued *queued = &own->queue[own->queued++];

    if (own->queued == 1) {
        own->first = asp_clock_ms();
        memcpy(own->queued_for, own->pin.id, sizeof own->queued_for);
    }
    memcpy(queued->name, name, strlen(name) + 1);
    queued->use = *use;
}

/* It is written with those that follow within a second: durable at once it need not be. */
enum asp_status pgsql_record(const struct asp_store *store, const char *name,
                             const struct asp_use *use)
{
    struct pgsql_store *own = pgsql_own(store);

    enqueue(own, name, use);
    return own->queued == PGSQL_QUEUE || pgsql_store_flush_ms(own) == 0 ? flush(own, NULL) : ASP_OK;
}

/* Each that is known; what else is kept of this account stays. */
enum asp_status pgsql_put_usage(const struct asp_store *store, const char *name,
                                const struct asp_usage *usage, struct asp_error *error)
{
    struct pgsql_store *own = pgsql_own(store);
    enum asp_status status = flush(own, error);

    for (size_t at = ASP_HEAD_BYTES; status == ASP_OK && at + ASP_SLOT_BYTES <= usage->length;
         at += ASP_SLOT_BYTES) {
        struct asp_use use;

        if (asp_usage_read_slot(usage->bytes + at, &use))
            enqueue(own, name, &use);
        if (own->queued == PGSQL_QUEUE)
            status = flush(own, error);
    }
    return status == ASP_OK ? flush(own, error) : status;
}
