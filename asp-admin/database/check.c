/* All that is in the store of a database is read. */
#include "check.h"

#include "asp/account_file.h"
#include "asp/clock.h"
#include "asp/name.h"
#include "asp/pgsql/connection.h"
#include "asp/pgsql/page.h"
#include "asp/pgsql/result.h"
#include "asp/pgsql/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CHECK_MS = 60000 };

/* Each account with the expiries that are still to come: " ID SECONDS," of each. */
static const struct pgsql_statement page = {
    .name = "page",
    .text =
        "SELECT a.part, a.name, a.body,"
        " (SELECT string_agg(' ' || e.id || ' ' || floor(extract(epoch FROM e.at))::bigint ||"
        " ',', '') FROM asp.expiry e WHERE e.part = a.part AND e.name = a.name AND e.at > now()),"
        " (extract(epoch FROM now()) * 1000000)::bigint"
        " FROM " PGSQL_PAGE_OF_ALL " ORDER BY a.part, a.name",
    .values = 2,
};

enum page_column { PART, NAME, BODY, EXPIRIES, NOW };

/* Of one part: what its counter says, how many events are where they should be and how many are
 * there, and how many expiries are of nobody. */
static const struct pgsql_statement events = {
    .name = "events",
    .text = "SELECT f.seq, f.floor, f.tag,"
            " (SELECT count(*) FROM asp.ended e"
            " WHERE e.part = f.part AND e.seq > f.floor AND e.seq <= f.seq),"
            " (SELECT count(*) FROM asp.ended e WHERE e.part = f.part),"
            " (SELECT e.tag FROM asp.ended e WHERE e.part = f.part AND e.seq = f.seq),"
            " (SELECT count(*) FROM asp.expiry x WHERE x.part = f.part AND x.at > now() AND"
            " NOT EXISTS (SELECT FROM asp.account a WHERE a.part = x.part AND a.name = x.name))"
            " FROM asp.feed f WHERE f.part = $1::smallint",
    .values = 1,
};

enum events_column { SEQ, FLOOR, TAG, BETWEEN, ALL, LAST_TAG, STRAY };

/* A check, as far as it has come. */
struct checking {
    struct pgsql_connection *connection;
    database_fault *tell;
    void *context;
    struct database_counts *counts;
    int parts;
    char part[24]; /* where the next page begins */
    char name[ASP_USER_ENCODED + 1];
};

/* One account, as it is in a row. */
struct row {
    int part;
    const char *name;
    const uint8_t *body; /* NULL: it was removed */
    size_t length;
    const char *expiries; /* "" for none */
    int64_t now;          /* in microseconds */
};

static void say(const struct checking *checking, const struct row *row, const char *what)
{
    checking->tell(checking->context, row->name, row->part, what);
}

static bool is_to_come(const struct asp_entry *entry, int64_t now)
{
    return pgsql_expires(entry) && (int64_t)entry->expires > now / PGSQL_US;
}

/* Whether the rows have those of the account, each at its time, and no others. */
static bool has_expiries(const struct row *row, const struct asp_account *account)
{
    size_t known = 0;
    size_t told = 0;

    for (size_t i = 0; account != NULL && i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];
        char word[64];

        if (!is_to_come(entry, row->now))
            continue;
        known++;
        (void)snprintf(word, sizeof word, " %s %lld,", entry->id, (long long)entry->expires);
        if (strstr(row->expiries, word) == NULL)
            return false;
    }
    for (const char *at = row->expiries; *at != '\0'; at++)
        told += *at == ',';
    return told == known;
}

static enum asp_status check_text(struct checking *checking, const struct row *row,
                                  struct asp_error *error)
{
    char user[ASP_USER_MAX + 1];
    struct asp_account account;
    struct asp_error why = {0};
    enum asp_status status;

    if (row->length > ASP_ACCOUNT_BYTES_MAX || !asp_user_decode(row->name, user)) {
        say(checking, row, "what is stored under this name is no account of ours");
        return ASP_OK;
    }
    status = asp_account_read(row->body, row->length, user, NULL, &account, &why);
    if (status == ASP_NO_MEMORY)
        return asp_fail(error, status, "out of memory");
    if (status != ASP_OK) {
        say(checking, row, why.text);
        return ASP_OK;
    }
    checking->counts->entries += account.count;
    if (!has_expiries(row, &account))
        say(checking, row, "its expiries are not those of its app passwords");
    asp_account_free(&account);
    return ASP_OK;
}

static enum asp_status check_row(struct checking *checking, const struct row *row,
                                 struct asp_error *error)
{
    const int part = pgsql_part(row->name, checking->parts);
    char what[64];

    if (part != row->part) {
        (void)snprintf(what, sizeof what, "it is in part %d, and nobody finds it there: %d is its",
                       row->part, part);
        say(checking, row, what);
    }
    if (row->body != NULL) {
        checking->counts->accounts++;
        return check_text(checking, row, error);
    }
    checking->counts->removed++;
    if (!has_expiries(row, NULL))
        say(checking, row, "it was removed, and has expiries all the same");
    return ASP_OK;
}

static bool take_row(const struct pg_result *result, size_t number, struct row *row)
{
    const uint8_t *bytes;
    size_t length;
    int64_t part;

    *row = (struct row){.expiries = ""};
    if (!pgsql_number_within(result, number, PART, INT16_MIN, INT16_MAX, &part) ||
        !pgsql_bytes(result, number, NAME, &bytes, &length) || length > ASP_USER_ENCODED ||
        !pgsql_time_us(result, number, NOW, &row->now))
        return false;
    row->part = (int)part;
    row->name = (const char *)bytes;
    if (pgsql_bytes(result, number, EXPIRIES, &bytes, &length))
        row->expiries = (const char *)bytes;
    if (!pgsql_bytes(result, number, BODY, &row->body, &row->length))
        row->body = NULL;
    return true;
}

/* Those behind the place, which is brought on. `*count`: how many there were. */
static enum asp_status check_page(struct checking *checking, size_t *count, struct asp_error *error)
{
    const struct pgsql_value values[] = {{.bytes = checking->part}, {.bytes = checking->name}};
    struct pg_result *result = NULL;
    enum asp_status status =
        pgsql_ask(checking->connection, &page, values, asp_clock_ms() + CHECK_MS, &result, error);

    *count = status == ASP_OK ? pgsql_row_count(result) : 0;
    for (size_t i = 0; status == ASP_OK && i < *count; i++) {
        struct row row;

        status =
            take_row(result, i, &row) ? check_row(checking, &row, error) : pgsql_not_ours(error);
        if (status != ASP_OK || i + 1 < *count)
            continue;
        (void)snprintf(checking->part, sizeof checking->part, "%d", row.part);
        (void)snprintf(checking->name, sizeof checking->name, "%s", row.name);
    }
    pgsql_result_free(result);
    return status;
}

static void check_feed(struct checking *checking, int part, const struct pg_result *result)
{
    int64_t told[STRAY + 1] = {0};
    char what[128];

    if (pgsql_row_count(result) != 1) {
        checking->tell(checking->context, NULL, part, "its counter of events is missing");
        return;
    }
    for (size_t i = 0; i <= STRAY; i++)
        (void)pgsql_number(result, 0, i, &told[i]); /* the last tag is NULL where it is missing */
    checking->counts->events += (unsigned long long)told[ALL];
    /* Without a sign, for any numbers may be told. */
    if ((uint64_t)told[BETWEEN] != (uint64_t)told[SEQ] - (uint64_t)told[FLOOR] ||
        told[ALL] != told[BETWEEN] || told[LAST_TAG] != told[TAG]) {
        (void)snprintf(
            what, sizeof what,
            "its events are not those behind %lld and up to %lld that its counter tells of",
            (long long)told[FLOOR], (long long)told[SEQ]);
        checking->tell(checking->context, NULL, part, what);
    }
    if (told[STRAY] > 0) {
        (void)snprintf(what, sizeof what, "%lld of its expiries are of no account",
                       (long long)told[STRAY]);
        checking->tell(checking->context, NULL, part, what);
    }
}

static enum asp_status check_part(struct checking *checking, int part, struct asp_error *error)
{
    char number[24];
    const struct pgsql_value values[] = {{.bytes = number}};
    struct pg_result *result = NULL;
    enum asp_status status;

    (void)snprintf(number, sizeof number, "%d", part);
    status =
        pgsql_ask(checking->connection, &events, values, asp_clock_ms() + CHECK_MS, &result, error);
    if (status == ASP_OK)
        check_feed(checking, part, result);
    pgsql_result_free(result);
    return status;
}

enum asp_status database_check(struct pgsql_store *own, database_fault *tell, void *context,
                               struct database_counts *counts, struct asp_error *error)
{
    struct checking checking = {
        .connection = pgsql_store_connection(own),
        .tell = tell,
        .context = context,
        .counts = counts,
        .part = "-1",
    };
    struct pgsql_pin found = {0};
    size_t count = 1;
    enum asp_status status = pgsql_store_is_joined(own, &found, error);

    *counts = (struct database_counts){0};
    checking.parts = found.parts;
    while (status == ASP_OK && count > 0)
        status = check_page(&checking, &count, error);
    for (int part = 0; status == ASP_OK && part < found.parts; part++)
        status = check_part(&checking, part, error);
    return status;
}
