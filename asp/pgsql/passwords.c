/* Whose primary password was set, as any machine has seen it. */
#include "own.h"
#include "result.h"

#include "asp/random.h"

#include <sodium.h>

static const struct pgsql_statement note = {
    .name = "note_password",
    .text = "SELECT asp.note_password($1::smallint, $2::int, $3::bigint)",
    .values = 3,
    .writes = true,
};

static const struct pgsql_statement mark_of = {
    .name = "password_mark",
    .text = "SELECT asp.password_mark($1::smallint, $2::int)",
    .values = 2,
};

enum asp_status pgsql_note_password(const struct asp_store *store, const char *name,
                                    struct asp_error *error)
{
    struct pgsql_store *own = pgsql_own(store);
    const struct pgsql_number place = pgsql_number_text(pgsql_place(name));
    struct pgsql_number part;
    struct pgsql_number number;
    const struct pgsql_value values[] = {
        {.bytes = part.text}, {.bytes = place.text}, {.bytes = number.text}};
    struct pg_result *result = NULL;
    uint64_t random;
    enum asp_status status = asp_random_check(error);

    if (status == ASP_OK)
        status = pgsql_pin_know(own, error);
    if (status != ASP_OK)
        return status;
    randombytes_buf(&random, sizeof random);
    part = pgsql_number_text(pgsql_part_of(own, name));
    number = pgsql_number_text((int64_t)(random & INT64_MAX));
    status = pgsql_say(own, &note, values, pgsql_wait_until(own), &result, error);
    pgsql_result_free(result);
    return status;
}

enum asp_status pgsql_password_mark(const struct asp_store *store, const char *name, uint64_t *mark,
                                    struct asp_error *error)
{
    struct pgsql_store *own = pgsql_own(store);
    const struct pgsql_number place = pgsql_number_text(pgsql_place(name));
    struct pgsql_number part;
    const struct pgsql_value values[] = {{.bytes = part.text}, {.bytes = place.text}};
    struct pg_result *result = NULL;
    int64_t number = 0;
    enum asp_status status = pgsql_pin_know(own, error);

    *mark = 0;
    if (status != ASP_OK)
        return status;
    part = pgsql_number_text(pgsql_part_of(own, name));
    status = pgsql_ask(own->connection, &mark_of, values, pgsql_wait_until(own), &result, error);
    if (status == ASP_OK && !pgsql_number(result, 0, 0, &number))
        status = pgsql_not_ours(error);
    *mark = (uint64_t)number;
    pgsql_result_free(result);
    return status;
}
