/* All accounts, by pages: their names alone, or with what is in them, for who reads each of them
 * next. */
#include "own.h"
#include "page.h"
#include "result.h"

#include "asp/clock.h"

#include <string.h>

enum { PAGE_MS = 10000 };

enum column { PART, NAME, BODY, WRITTEN, USE };

static const struct pgsql_statement names = {
    .name = "names",
    .text = "SELECT part, name FROM asp.account WHERE body IS NOT NULL AND"
            " (part, name) > ($1::smallint, $2) ORDER BY part, name LIMIT 1000",
    .values = 2,
};

/* A row for each last use of an account, one where none is known; the first has its text. */
static const struct pgsql_statement accounts = {
    .name = "accounts",
    .text = "SELECT r.part, r.name, CASE WHEN r.number = 1 THEN r.body END,"
            " (extract(epoch FROM r.written) * 1000000)::bigint,"
            " r.id, r.created, r.last, r.service, r.host,"
            " floor(extract(epoch FROM s.uses_since))::bigint"
            " FROM (SELECT a.part, a.name, a.body, a.written,"
            " u.id, u.created, u.last, u.service, u.host,"
            " row_number() OVER (PARTITION BY a.part, a.name ORDER BY u.id) AS number"
            " FROM " PGSQL_PAGE " LEFT JOIN asp.used u ON u.part = a.part AND u.name = a.name) r"
            " CROSS JOIN (SELECT uses_since FROM asp.store LIMIT 1) s"
            " ORDER BY r.part, r.name, r.id",
    .values = 2,
};

/* Where the next ones begin. */
struct place {
    int64_t part;
    char name[ASP_USER_ENCODED + 1];
};

static bool read_place(const struct pg_result *result, size_t row, struct place *place)
{
    return pgsql_number(result, row, PART, &place->part) &&
           pgsql_text(result, row, NAME, place->name, sizeof place->name);
}

/* How many rows, from this one on, are of the account at this place. */
static size_t count_rows(const struct pg_result *result, size_t row, const struct place *place)
{
    struct place other;
    size_t end = row + 1;

    while (read_place(result, end, &other) && other.part == place->part &&
           strcmp(other.name, place->name) == 0)
        end++;
    return end - row;
}

/* False: it is in a part that is not its own, and who asks for it does not find it there. */
static bool is_found(const struct pgsql_store *own, const struct place *place)
{
    return own->pin.parts == 0 || place->part == pgsql_part_of(own, place->name);
}

/* What is not there is asked for. */
static void note_visited(struct pgsql_store *own, const char *name, const struct pgsql_rows *uses)
{
    struct pgsql_visited visited = {.name = name, .has_uses = true, .uses = *uses};
    int64_t written;

    visited.has_account =
        pgsql_bytes(uses->result, uses->first, BODY, &visited.body, &visited.length) &&
        pgsql_time_us(uses->result, uses->first, WRITTEN, &written);
    if (visited.has_account)
        visited.written = pgsql_on_this_machine(own, written);
    own->visited = visited;
}

/* Those behind the place. Whether they are of our store, and of no standby that was left behind, is
 * seen as it is for a single one: on the same connection, or they may be another host's. */
static enum asp_status ask_page(struct pgsql_store *own, const struct pgsql_statement *statement,
                                const struct place *place, struct pg_result **result,
                                struct asp_error *error)
{
    const struct pgsql_number part = pgsql_number_text(place->part);
    const struct pgsql_value values[] = {{.bytes = part.text}, {.bytes = place->name}};
    const int64_t until = asp_clock_ms() + PAGE_MS;
    uint64_t opened;
    enum asp_status status;

    *result = NULL;
    do {
        pgsql_result_free(*result);
        status = pgsql_ask(own->connection, statement, values, until, result, error);
        opened = pgsql_connection_opened(own->connection);
        if (status == ASP_OK && statement == &accounts)
            status = pgsql_store_answers(own, error);
    } while (status == ASP_OK && pgsql_connection_opened(own->connection) != opened);
    return status;
}

/* Visits those behind the place, which is brought on. `*count`: how many there were. */
static enum asp_status visit_page(struct pgsql_store *own, const struct pgsql_statement *statement,
                                  struct place *place, asp_visit *visit, void *context,
                                  size_t *count, struct asp_error *error)
{
    struct pg_result *result;
    size_t rows = 0;
    enum asp_status status = ask_page(own, statement, place, &result, error);

    *count = 0;
    for (size_t row = 0; status == ASP_OK && row < pgsql_row_count(result); row += rows) {
        if (!read_place(result, row, place)) {
            status = pgsql_not_ours(error);
            break;
        }
        rows = count_rows(result, row, place);
        (*count)++;
        if (!is_found(own, place))
            continue;
        if (statement == &accounts)
            note_visited(own, place->name, &(struct pgsql_rows){result, row, rows, USE});
        status = visit(place->name, context);
        own->visited = (struct pgsql_visited){0};
    }
    pgsql_result_free(result);
    return status;
}

enum asp_status pgsql_each(const struct asp_store *store, bool reads, asp_visit *visit,
                           void *context, struct asp_error *error)
{
    struct place place = {-1, ""};
    struct pgsql_pin found;
    size_t count = 1;
    enum asp_status status = pgsql_store_is_joined(pgsql_own(store), &found, error);

    pgsql_store_flush(pgsql_own(store)); /* uses that are still to be written are in no page */
    while (status == ASP_OK && count > 0)
        status = visit_page(pgsql_own(store), reads ? &accounts : &names, &place, visit, context,
                            &count, error);
    return status;
}
