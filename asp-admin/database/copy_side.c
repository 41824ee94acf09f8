/* The accounts of a database, as one side of a copy: by pages, each of which is a few statements.
 */
#include "copy.h"

#include "copy_uses.h"
#include "patient.h"

#include "asp/account_file.h"
#include "asp/name.h"
#include "asp/pgsql/array.h"
#include "asp/pgsql/page.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/store.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_OF_US = 1000, PUT_VALUES = 9, TIME_ROOM = 40 };

_Static_assert((int)ASP_COPY_AT_ONCE == 1000, "as many as a page has");

static const struct pgsql_statement page_statement = {
    .name = "copy page",
    .text = "SELECT part, name, body, (extract(epoch FROM written) * 1000000)::bigint"
            " FROM " PGSQL_PAGE " ORDER BY part, name",
    .values = 2,
};
enum page_column { PART, NAME, BODY, WRITTEN };

static const struct pgsql_statement get_statement = {
    .name = "copy get",
    .text = "SELECT k.at, a.body, (extract(epoch FROM a.written) * 1000000)::bigint"
            " FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY k(part, name, at)"
            " JOIN asp.account a ON a.part = k.part AND a.name = k.name WHERE a.body IS NOT NULL",
    .values = 2,
};
enum get_column { AT, GOT_BODY, GOT_WRITTEN };

static const struct pgsql_statement put_statement = {
    .name = "copy put",
    .text = "SELECT asp.put($1::smallint[], $2::text[], $3::bigint[], $4::bytea[],"
            " $5::timestamptz[], $6::smallint[], $7::text[], $8::text[], $9::timestamptz[])",
    .values = PUT_VALUES,
    .writes = true,
};

static const struct pgsql_statement drop_statement = {
    .name = "copy drop",
    .text = "SELECT asp.put($1::smallint[], $2::text[], $3::bigint[],"
            " array_fill(NULL::bytea, ARRAY[cardinality($2::text[])]),"
            " array_fill(now(), ARRAY[cardinality($2::text[])]), '{}', '{}', '{}', '{}')",
    .values = 3,
    .writes = true,
};

static const struct pgsql_statement drop_uses_statement = {
    .name = "copy drop uses",
    .text = "DELETE FROM asp.used u USING unnest($1::smallint[], $2::text[]) k(part, name)"
            " WHERE u.part = k.part AND u.name = k.name",
    .values = 2,
    .writes = true,
};

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

static struct pgsql_connection *connection_of(const struct database_copy *copy)
{
    return pgsql_store_connection(copy->own);
}

/* A tag that no write has had. */
static void add_tag(struct pgsql_array *array)
{
    uint64_t random;

    randombytes_buf(&random, sizeof random);
    pgsql_array_add_number(array, (int64_t)(random & INT64_MAX));
}

/* Makes values of so many arrays, in their order. False: out of memory. */
static bool give(struct pgsql_array *arrays, size_t count, struct pgsql_value *values)
{
    bool given = true;

    for (size_t i = 0; i < count; i++) {
        values[i] = (struct pgsql_value){.bytes = pgsql_array_text(&arrays[i])};
        given = given && values[i].bytes != NULL;
    }
    return given;
}

static void free_arrays(struct pgsql_array *arrays, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pgsql_array_free(&arrays[i]);
}

/* Part and name of each; of one that nobody can have they are of nothing. */
static void add_keys(const struct database_copy *copy, const struct asp_copy_page *page,
                     struct pgsql_array keys[2])
{
    for (size_t i = 0; i < page->count; i++) {
        const char *user = page->accounts[i].user;
        char name[ASP_USER_ENCODED + 1];

        /* What nobody can tell is called by its name in the store. */
        if (!asp_user_encode(user, name))
            (void)snprintf(name, sizeof name, "%s", user + (user[0] == '/'));
        pgsql_array_add_number(&keys[0], pgsql_part(name, copy->parts));
        pgsql_array_add(&keys[1], name);
    }
}

/* Reading */

static struct timespec time_of(int64_t us)
{
    return (struct timespec){.tv_sec = (time_t)(us / PGSQL_US),
                             .tv_nsec = (long)(us % PGSQL_US) * NS_OF_US};
}

static enum asp_status take_body(const struct pg_result *result, size_t row, size_t column,
                                 struct asp_copy_page *page, struct asp_copied *copied,
                                 struct asp_error *error)
{
    const uint8_t *body;
    size_t length;
    int64_t written;

    if (!pgsql_bytes(result, row, column, &body, &length) ||
        !pgsql_time_us(result, row, column + 1, &written))
        return pgsql_not_ours(error);
    copied->written = time_of(written);
    return asp_copied_set(page, copied, body, length) ? ASP_OK : no_memory(error);
}

/* Where the next page begins. */
struct place {
    char part[24];
    char name[ASP_USER_ENCODED + 1];
};

static enum asp_status take_row(const struct pg_result *result, size_t row,
                                struct asp_copy_page *page, struct place *place,
                                struct asp_error *error)
{
    char user[ASP_USER_MAX + 1];
    struct asp_copied *copied;
    int64_t part;

    if (!pgsql_number(result, row, PART, &part) ||
        !pgsql_text(result, row, NAME, place->name, sizeof place->name))
        return pgsql_not_ours(error);
    (void)snprintf(place->part, sizeof place->part, "%lld", (long long)part);
    if (!asp_user_decode(place->name, user))
        (void)snprintf(user, sizeof user, "/%.*s", (int)sizeof user - 2, place->name);
    copied = asp_copy_page_add(page, user);
    return copied != NULL ? take_body(result, row, BODY, page, copied, error) : no_memory(error);
}

static enum asp_status read_page(struct database_copy *copy, struct place *place,
                                 struct asp_copy_page *page, struct asp_error *error)
{
    const struct pgsql_value values[] = {{.bytes = place->part}, {.bytes = place->name}};
    struct pg_result *result = NULL;
    enum asp_status status =
        database_ask(connection_of(copy), &page_statement, values, &result, error);

    for (size_t row = 0; status == ASP_OK && row < pgsql_row_count(result); row++)
        status = take_row(result, row, page, place, error);
    pgsql_result_free(result);
    return status;
}

/* A copy_side's. */
static enum asp_status each(void *own, asp_copy_visit *visit, void *context,
                            struct asp_error *error)
{
    struct database_copy *copy = own;
    struct place place = {.part = "-1"};
    struct asp_copy_page page = {0};
    size_t count = 1;
    enum asp_status status = ASP_OK;

    while (status == ASP_OK && count > 0) {
        asp_copy_page_clear(&page);
        status = read_page(copy, &place, &page, error);
        count = page.count;
        if (status == ASP_OK && count > 0)
            status = database_copy_read_uses(copy, &page, error);
        if (status == ASP_OK && count > 0)
            status = visit(&page, context, error);
    }
    asp_copy_page_free(&page);
    return status;
}

static enum asp_status take_got(const struct pg_result *result, size_t row,
                                struct asp_copy_page *found, struct asp_error *error)
{
    int64_t at;

    if (!pgsql_number_within(result, row, AT, 1, (int64_t)found->count, &at))
        return pgsql_not_ours(error);
    return take_body(result, row, GOT_BODY, found, &found->accounts[at - 1], error);
}

/* A copy_side's. */
static enum asp_status get(void *own, const struct asp_copy_page *asked,
                           struct asp_copy_page *found, struct asp_error *error)
{
    const struct database_copy *copy = own;
    struct pgsql_array keys[2] = {0};
    struct pgsql_value values[2];
    struct pg_result *result = NULL;
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < asked->count; i++) {
        if (asp_copy_page_add(found, asked->accounts[i].user) == NULL)
            status = no_memory(error);
    }
    add_keys(copy, asked, keys);
    if (status == ASP_OK && !give(keys, 2, values))
        status = no_memory(error);
    if (status == ASP_OK)
        status = database_ask(connection_of(copy), &get_statement, values, &result, error);
    for (size_t row = 0; status == ASP_OK && row < pgsql_row_count(result); row++)
        status = take_got(result, row, found, error);
    pgsql_result_free(result);
    free_arrays(keys, 2);
    return status;
}

/* Writing */

/* As the database reads bytes: \x and hexadecimal digits. */
static bool add_body(struct pgsql_array *array, const struct asp_copied *copied)
{
    const size_t size = 2 * copied->length + 3;
    char *hex = malloc(size);

    if (hex == NULL)
        return false;
    memcpy(hex, "\\x", 2);
    (void)sodium_bin2hex(hex + 2, size - 2, copied->bytes, copied->length);
    pgsql_array_add(array, hex);
    sodium_memzero(hex, size);
    free(hex);
    return true;
}

static void add_written(struct pgsql_array *array, const struct timespec *written)
{
    char text[TIME_ROOM];
    char second[ASP_TIME_SIZE];

    asp_time_format(written->tv_sec, second);
    second[ASP_TIME_SIZE - 2] = '\0'; /* the Z stands behind the fraction */
    (void)snprintf(text, sizeof text, "%s.%06ldZ", second, written->tv_nsec / NS_OF_US);
    pgsql_array_add(array, text);
}

/* Part, name, id and time of each expiry. */
static enum asp_status add_expiries(const struct database_copy *copy,
                                    const struct asp_copied *copied, struct pgsql_array arrays[4],
                                    struct asp_error *error)
{
    char name[ASP_USER_ENCODED + 1];
    char when[ASP_TIME_SIZE];
    struct asp_account account;
    enum asp_status status =
        asp_account_read(copied->bytes, copied->length, copied->user, NULL, &account, error);

    if (status != ASP_OK)
        return status;
    (void)asp_user_encode(copied->user, name);
    for (size_t i = 0; i < account.count; i++) {
        const struct asp_entry *entry = &account.entries[i];

        if (!pgsql_expires(entry))
            continue;
        pgsql_array_add_number(&arrays[0], pgsql_part(name, copy->parts));
        pgsql_array_add(&arrays[1], name);
        pgsql_array_add(&arrays[2], entry->id);
        asp_time_format(entry->expires, when);
        pgsql_array_add(&arrays[3], when);
    }
    asp_account_free(&account);
    return ASP_OK;
}

/* A copy_side's. */
static enum asp_status put(void *own, const struct asp_copy_page *page, struct asp_error *error)
{
    struct database_copy *copy = own;
    struct pgsql_array arrays[PUT_VALUES] = {0};
    struct pgsql_value values[PUT_VALUES];
    enum asp_status status = ASP_OK;

    add_keys(copy, page, arrays);
    for (size_t i = 0; status == ASP_OK && i < page->count; i++) {
        const struct asp_copied *copied = &page->accounts[i];

        add_tag(&arrays[2]);
        add_written(&arrays[4], &copied->written);
        status = add_body(&arrays[3], copied) ? add_expiries(copy, copied, &arrays[5], error)
                                              : no_memory(error);
    }
    if (status == ASP_OK && !give(arrays, PUT_VALUES, values))
        status = no_memory(error);
    if (status == ASP_OK)
        status = database_do(connection_of(copy), &put_statement, values, error);
    free_arrays(arrays, PUT_VALUES);
    return status == ASP_OK ? database_copy_put_uses(copy, page, error) : status;
}

/* A copy_side's. The account is remembered as one that was removed, so that nobody who read it
 * before writes it again. */
static enum asp_status drop(void *own, const struct asp_copy_page *page, struct asp_error *error)
{
    const struct database_copy *copy = own;
    struct pgsql_array arrays[3] = {0};
    struct pgsql_value values[3];
    enum asp_status status = ASP_OK;

    add_keys(copy, page, arrays);
    for (size_t i = 0; i < page->count; i++)
        add_tag(&arrays[2]);
    if (!give(arrays, 3, values))
        status = no_memory(error);
    if (status == ASP_OK)
        status = database_do(connection_of(copy), &drop_statement, values, error);
    if (status == ASP_OK)
        status = database_do(connection_of(copy), &drop_uses_statement, values, error);
    free_arrays(arrays, 3);
    return status;
}

struct asp_copy_side database_copy_side(struct database_copy *copy)
{
    return (struct asp_copy_side){each, get, put, drop, copy};
}
