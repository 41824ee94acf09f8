/* Last uses, of a page of accounts at once. */
#include "copy_uses.h"

#include "patient.h"

#include "asp/name.h"
#include "asp/pgsql/array.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/store.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD_VALUES = 7 };

static const struct pgsql_statement read_statement = {
    .name = "copy uses",
    .text = "SELECT k.at, u.id, u.created, u.last, u.service, u.host"
            " FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY k(part, name, at)"
            " JOIN asp.used u ON u.part = k.part AND u.name = k.name ORDER BY k.at, u.id",
    .values = 2,
};
enum column { AT, ID, CREATED, LAST, SERVICE, HOST };

static const struct pgsql_statement record_statement = {
    .name = "copy record",
    .text = "SELECT asp.record($1::smallint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],"
            " $6::text[], $7::text[])",
    .values = RECORD_VALUES,
    .writes = true,
};

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

static void add_key(const struct database_copy *copy, const char *user, struct pgsql_array keys[2])
{
    char name[ASP_USER_ENCODED + 1] = "";

    (void)asp_user_encode(user, name);
    pgsql_array_add_number(&keys[0], pgsql_part(name, copy->parts));
    pgsql_array_add(&keys[1], name);
}

/* Makes values of the arrays and asks. */
static enum asp_status ask(const struct database_copy *copy,
                           const struct pgsql_statement *statement, struct pgsql_array *arrays,
                           struct pg_result **result, struct asp_error *error)
{
    struct pgsql_value values[RECORD_VALUES] = {0};
    enum asp_status status = ASP_OK;

    for (size_t i = 0; i < statement->values; i++) {
        values[i].bytes = pgsql_array_text(&arrays[i]);
        if (values[i].bytes == NULL)
            status = no_memory(error);
    }
    if (status == ASP_OK)
        status = database_ask(pgsql_store_connection(copy->own), statement, values, result, error);
    for (size_t i = 0; i < statement->values; i++)
        pgsql_array_free(&arrays[i]);
    return status;
}

/* None is known, but from when on it would be. */
static bool begin(struct asp_usage *usage, time_t since)
{
    const struct asp_usage_head head = {.begun = since};

    usage->bytes = calloc(1, ASP_HEAD_BYTES);
    usage->length = usage->bytes != NULL ? ASP_HEAD_BYTES : 0;
    if (usage->bytes != NULL)
        asp_usage_write_head(&head, usage->bytes);
    return usage->bytes != NULL;
}

static bool add_use(struct asp_usage *usage, const struct asp_use *use)
{
    struct asp_usage_head head;
    uint8_t *grown = realloc(usage->bytes, usage->length + ASP_SLOT_BYTES);

    if (grown == NULL)
        return false;
    usage->bytes = grown;
    asp_usage_write_slot(use, grown + usage->length);
    usage->length += ASP_SLOT_BYTES;
    (void)asp_usage_read_head(usage, &head);
    head.slots++;
    asp_usage_write_head(&head, grown);
    return true;
}

/* What is of no app password any more, or could not have been written by us, is passed over. */
static enum asp_status take_row(const struct pg_result *result, size_t row,
                                struct asp_copy_page *page, struct asp_error *error)
{
    struct asp_use use = {0};
    int64_t at;

    if (!pgsql_number_within(result, row, AT, 1, (int64_t)page->count, &at))
        return pgsql_not_ours(error);
    if (!pgsql_text(result, row, ID, use.id, sizeof use.id) || !asp_id_valid(use.id) ||
        !pgsql_time(result, row, CREATED, &use.created) ||
        !pgsql_time(result, row, LAST, &use.last) ||
        !pgsql_text(result, row, SERVICE, use.service, sizeof use.service) ||
        !pgsql_text(result, row, HOST, use.host, sizeof use.host))
        return ASP_OK;
    return add_use(&page->accounts[at - 1].usage, &use) ? ASP_OK : no_memory(error);
}

enum asp_status database_copy_read_uses(const struct database_copy *copy,
                                        struct asp_copy_page *page, struct asp_error *error)
{
    struct pgsql_array keys[2] = {0};
    struct pg_result *result = NULL;
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < page->count; i++) {
        struct asp_copied *copied = &page->accounts[i];

        add_key(copy, copied->user, keys);
        if (!begin(&copied->usage, copy->since))
            status = no_memory(error);
    }
    if (status == ASP_OK) {
        status = ask(copy, &read_statement, keys, &result, error);
    } else {
        pgsql_array_free(&keys[0]);
        pgsql_array_free(&keys[1]);
    }
    for (size_t row = 0; status == ASP_OK && row < pgsql_row_count(result); row++)
        status = take_row(result, row, page, error);
    pgsql_result_free(result);
    return status;
}

/* Returns how many there are. */
static size_t add_uses(const struct database_copy *copy, const struct asp_copied *copied,
                       struct pgsql_array columns[RECORD_VALUES])
{
    const struct asp_usage *usage = &copied->usage;
    size_t count = 0;

    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= usage->length; at += ASP_SLOT_BYTES) {
        struct asp_use use;

        if (!asp_usage_read_slot(usage->bytes + at, &use))
            continue;
        add_key(copy, copied->user, columns);
        pgsql_array_add(&columns[2], use.id);
        pgsql_array_add_number(&columns[3], use.created);
        pgsql_array_add_number(&columns[4], use.last);
        pgsql_array_add(&columns[5], use.service);
        pgsql_array_add(&columns[6], use.host);
        count++;
    }
    return count;
}

enum asp_status database_copy_put_uses(const struct database_copy *copy,
                                       const struct asp_copy_page *page, struct asp_error *error)
{
    struct pgsql_array columns[RECORD_VALUES] = {0};
    struct pg_result *result = NULL;
    size_t count = 0;
    enum asp_status status;

    for (size_t i = 0; i < page->count; i++)
        count += add_uses(copy, &page->accounts[i], columns);
    if (count == 0)
        return ASP_OK;
    status = ask(copy, &record_statement, columns, &result, error);
    pgsql_result_free(result);
    return status;
}
