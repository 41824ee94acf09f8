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

/* Which database it is, is known. */
static enum asp_status note_in(struct pgsql_store *own, const char *name, struct asp_error *error)
{
    const struct pgsql_number part = pgsql_number_text(pgsql_part_of(own, name));
    const struct pgsql_number place = pgsql_number_text(pgsql_place(name));
    uint64_t random;
    struct pgsql_value values[] = {{.bytes = part.text}, {.bytes = place.text}, {0}};
    struct pgsql_number number;
    struct pg_result *result = NULL;
    enum asp_status status;

    randombytes_buf(&random, sizeof random);
    number = pgsql_number_text((int64_t)(random & INT64_MAX));
    values[2].bytes = number.text;
    status = pgsql_say(own, &note, values, pgsql_wait_until(own), &result, error);
    pgsql_result_free(result);
    return status;
}

enum asp_status pgsql_note_password(const struct asp_store *store, const char *name,
                                    struct asp_error *error)
{
    enum asp_status status = asp_random_check(error);

    if (status == ASP_OK)
        status = pgsql_pin_know(pgsql_own(store), error);
    return status == ASP_OK ? note_in(pgsql_own(store), name, error) : status;
}

/* The same. */
static enum asp_status ask_mark(struct pgsql_store *own, const char *name, int64_t *number,
                                struct asp_error *error)
{
    const struct pgsql_number part = pgsql_number_text(pgsql_part_of(own, name));
    const struct pgsql_number place = pgsql_number_text(pgsql_place(name));
    const struct pgsql_value values[] = {{.bytes = part.text}, {.bytes = place.text}};
    struct pg_result *result = NULL;
    enum asp_status status =
        pgsql_ask(own->connection, &mark_of, values, pgsql_wait_until(own), &result, error);

    if (status == ASP_OK && !pgsql_number(result, 0, 0, number))
        status = pgsql_not_ours(error);
    pgsql_result_free(result);
    return status;
}

enum asp_status pgsql_password_mark(const struct asp_store *store, const char *name, uint64_t *mark,
                                    struct asp_error *error)
{
    int64_t number = 0;
    enum asp_status status = pgsql_pin_know(pgsql_own(store), error);

    if (status == ASP_OK)
        status = ask_mark(pgsql_own(store), name, &number, error);
    *mark = (uint64_t)number;
    return status;
}
