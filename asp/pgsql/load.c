/* An account is loaded, by a database that is ours. */
#include "own.h"
#include "parameters.h"
#include "result.h"
#include "schema.h"

#include "asp/clock.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    AHEAD_MS = 1000,
    MS = 1000,
    NS_OF_US = 1000,
    CLOCK_MS = 60000,
    ENOUGH_MS = 500, /* a database that is well has said something by then */
    BEATEN_MS = 300, /* and a write of another's is safe */
};

/* Of load(): a time is microseconds since 1970. */
enum column {
    STORE,
    OLDEST,
    PARTS,
    NOW,
    PULSE_AGE,
    USES_SINCE,
    TAG,
    BODY,
    WRITTEN,
    USED_CREATED,
    USED_LAST,
    USED_SERVICE,
    USED_HOST,
};

static const struct pgsql_statement load = {
    .name = "load",
    .text =
        "SELECT store::text, oldest, parts, (extract(epoch FROM now) * 1000000)::bigint, pulse_age,"
        " floor(extract(epoch FROM uses_since))::bigint, tag, body,"
        " (extract(epoch FROM written) * 1000000)::bigint,"
        " used_created, used_last, used_service, used_host"
        " FROM asp.load($1::smallint, $2, $3)",
    .values = 3,
};

static const struct pgsql_statement beat = {
    .name = "beat",
    .text = "SELECT asp.beat()",
    .writes = true,
};

static void digest_of(const char *name, uint8_t digest[crypto_generichash_BYTES])
{
    (void)crypto_generichash(digest, crypto_generichash_BYTES, (const uint8_t *)name, strlen(name),
                             NULL, 0);
}

int pgsql_part(const char *name, int parts)
{
    uint8_t digest[crypto_generichash_BYTES];

    digest_of(name, digest);
    return digest[0] % parts;
}

int pgsql_place(const char *name)
{
    uint8_t digest[crypto_generichash_BYTES];

    digest_of(name, digest);
    return digest[1] << 8 | digest[2];
}

int pgsql_part_of(const struct pgsql_store *own, const char *name)
{
    return pgsql_part(name, own->pin.parts);
}

struct pgsql_number pgsql_number_text(int64_t number)
{
    struct pgsql_number text;

    (void)snprintf(text.text, sizeof text.text, "%lld", (long long)number);
    return text;
}

/* Whether it is the one that was joined, and may be used by this version. */
static enum asp_status check_store(struct pgsql_store *own, const struct pg_result *result,
                                   struct asp_error *error)
{
    const uint8_t *id;
    size_t length;
    int64_t oldest;
    int64_t parts;

    if (pgsql_row_count(result) != 1 || !pgsql_bytes(result, 0, STORE, &id, &length) ||
        !pgsql_number(result, 0, OLDEST, &oldest) || !pgsql_number(result, 0, PARTS, &parts))
        return pgsql_not_ours(error);
    if (length != PGSQL_ID_CHARS || memcmp(id, own->pin.id, length) != 0 ||
        parts != own->pin.parts) {
        own->pin = (struct pgsql_pin){0}; /* this machine may be of another one by now */
        return pgsql_is_other(own, error);
    }
    if (oldest == 0)
        return asp_advise(
            error,
            asp_fail(error, ASP_UNSAFE, "the store was closed: it has moved to another place"),
            "have asp.conf name that: see asp-store(7)");
    if (oldest > pgsql_schema_number)
        return asp_fail(error, ASP_NEWER,
                        "the database is of a later version: upgrade pam_asp on this machine");
    return ASP_OK;
}

/* Whether a write was known to be on the standbys not too long ago: a primary that is none any more
 * goes on answering. One that is in the future is of another clock. */
static bool is_fresh(const struct pgsql_store *own, const struct pg_result *result)
{
    int64_t age;

    return own->conf->database.fence == 0 ||
           (pgsql_number(result, 0, PULSE_AGE, &age) && age >= -AHEAD_MS &&
            age <= (int64_t)own->conf->database.fence * MS);
}

/* `*down`: it fails, and others' questions would too. */
static enum asp_status ask(struct pgsql_store *own, const struct pgsql_value values[3],
                           int64_t deadline, struct pg_result **result, bool *down,
                           struct asp_error *error)
{
    enum asp_status status = pgsql_ask(own->connection, &load, values, deadline, result, error);

    *down = status != ASP_OK && pgsql_last_failure(own->connection)->down;
    if (status != ASP_OK)
        return status;
    status = check_store(own, *result, error);
    if (status != ASP_OK) {
        pgsql_result_free(*result);
        *result = NULL;
        pgsql_connection_close(own->connection);
    }
    return status;
}

static enum asp_status fail_stale(struct pgsql_store *own, struct asp_error *error)
{
    pgsql_connection_close(own->connection);
    return asp_fail(error, ASP_IO,
                    "the database has known of no write on its standbys for more than %d s: it may "
                    "be one that was replaced",
                    own->conf->database.fence);
}

/*
 * Where no write was known to be safe for too long, one is made, and it is looked once more. Who
 * finds that another makes one just now is passed over, and waits until that is safe: as far as it
 * does not hang, where others wait behind; and a program that is alone as long as it may.
 */
static enum asp_status ask_fresh(struct pgsql_store *own, const struct pgsql_value values[3],
                                 int64_t deadline, struct pg_result **result, bool *down,
                                 struct asp_error *error)
{
    int64_t until = 0;     /* once one was tried: however long this took, one is */
    bool is_stale = false; /* after one that was made */
    enum asp_status status = ask(own, values, deadline, result, down, error);

    while (status == ASP_OK && !is_fresh(own, *result)) {
        struct pg_result *none = NULL;

        pgsql_result_free(*result);
        *result = NULL;
        *down = true; /* whatever keeps it from being written */
        if (until != 0 && asp_clock_ms() >= until)
            return fail_stale(own, error);
        if (until == 0)
            until = own->breaker != NULL ? asp_clock_ms() + BEATEN_MS : deadline;
        status = pgsql_ask(own->connection, &beat, NULL, deadline, &none, error);
        pgsql_result_free(none);
        if (status == ASP_OK)
            status = ask(own, values, deadline, result, down, error);
        if (status == ASP_OK && !is_fresh(own, *result)) {
            is_stale = true;
            pgsql_pause();
        }
    }
    /* Its time was over in the midst of one more try, which is not what is wrong. */
    if (status != ASP_OK && is_stale && asp_clock_ms() >= deadline)
        return fail_stale(own, error);
    return status;
}

static void note_host(struct pgsql_store *own)
{
    const char *host = pgsql_connection_host(own->connection);

    if (strcmp(own->host, host) == 0)
        return;
    (void)snprintf(own->host, sizeof own->host, "%s", host);
    pgsql_breaker_met(own->breaker, host);
}

void pgsql_tell_down(const struct pgsql_store *own, int64_t begun, int64_t deadline,
                     const struct asp_error *why)
{
    const struct asp_database *database = &own->conf->database;
    const int64_t now = asp_clock_ms();
    const bool had_time =
        deadline - begun >= (database->wait < ENOUGH_MS ? database->wait : ENOUGH_MS);
    char line[ASP_ERROR_LINE];

    if (now < deadline || had_time || pgsql_breaker_is_down(own->breaker))
        pgsql_breaker_fell(own->breaker, begun, now,
                           own->host[0] != '\0' ? own->host : pgsql_host_label(&database->hosts[0]),
                           asp_error_line(why, line));
}

static enum asp_status ask_if_it_answers(struct pgsql_store *own,
                                         const struct pgsql_value values[3], int64_t deadline,
                                         struct pg_result **result, struct asp_error *error)
{
    const int64_t begun = asp_clock_ms();
    struct asp_error why;
    bool down = false;
    enum asp_status status;

    if (!pgsql_breaker_lets(own->breaker, begun, deadline))
        return asp_fail(error, ASP_IO,
                        "the database did not answer just now: it is tried five times a second, "
                        "and nobody waits for it until then");
    asp_error_begin(&why);
    status = ask_fresh(own, values, deadline, result, &down, &why);
    if (status == ASP_OK)
        note_host(own);
    else if (error != NULL)
        *error = why;
    if (down)
        pgsql_tell_down(own, begun, deadline, &why);
    else if (status != ASP_NO_MEMORY)
        pgsql_breaker_answered(own->breaker, asp_clock_ms(), own->host);
    return status;
}

/* A later one of this process's, which is still to be written. */
static void look_at_queue(struct pgsql_store *own, const char *name, const char *only)
{
    for (size_t i = 0; i < own->queued; i++) {
        const struct pgsql_queued *queued = &own->queue[i];

        if (strcmp(queued->name, name) != 0 || strcmp(queued->use.id, only) != 0)
            continue;
        own->looked.has_use = true;
        own->looked.use = queued->use;
    }
}

/* The use of the entry that was looked for, for who asks for it next. */
static void look_at_use(struct pgsql_store *own, const char *name, const char *only,
                        const struct pg_result *result)
{
    struct asp_use *use = &own->looked.use;

    own->looked.asked = only != NULL && strlen(only) == ASP_ID_CHARS &&
                        pgsql_time(result, 0, USES_SINCE, &own->looked.since);
    if (!own->looked.asked)
        return;
    memcpy(own->looked.name, name, strlen(name) + 1);
    memcpy(use->id, only, ASP_ID_CHARS + 1);
    own->looked.has_use = pgsql_time(result, 0, USED_CREATED, &use->created) &&
                          pgsql_time(result, 0, USED_LAST, &use->last) &&
                          pgsql_text(result, 0, USED_SERVICE, use->service, sizeof use->service) &&
                          pgsql_text(result, 0, USED_HOST, use->host, sizeof use->host);
    look_at_queue(own, name, only);
}

/* What the database calls now is past by as long as its answer took. So by this machine's clock an
 * account was never written earlier than it says, and what a program said before that is not taken
 * for what it says since. */
static void look_at_clock(struct pgsql_store *own, int64_t now)
{
    struct timespec clock;

    (void)clock_gettime(CLOCK_REALTIME, &clock);
    own->clock.ahead = now - ((int64_t)clock.tv_sec * PGSQL_US + clock.tv_nsec / NS_OF_US);
    own->clock.told = asp_clock_ms();
    own->clock.is_known = true;
}

struct timespec pgsql_on_this_machine(const struct pgsql_store *own, int64_t when)
{
    const int64_t here = when - own->clock.ahead;

    return (struct timespec){.tv_sec = (time_t)(here / PGSQL_US),
                             .tv_nsec = (long)(here % PGSQL_US) * NS_OF_US};
}

enum asp_status pgsql_now(const struct asp_store *store, time_t *now, struct asp_error *error)
{
    struct pgsql_store *own = pgsql_own(store);
    struct pgsql_loaded loaded;
    int64_t half;
    enum asp_status status = ASP_OK;

    if (!own->clock.is_known || asp_clock_ms() - own->clock.told > CLOCK_MS) {
        status = pgsql_load(own, "", NULL, pgsql_wait_until(own), &loaded, error);
        pgsql_result_free(loaded.result);
    }
    half = own->clock.ahead < 0 ? -PGSQL_US / 2 : PGSQL_US / 2;
    if (status == ASP_OK)
        *now += (time_t)((own->clock.ahead + half) / PGSQL_US);
    return status;
}

enum asp_status pgsql_load(struct pgsql_store *own, const char *name, const char *only,
                           int64_t deadline, struct pgsql_loaded *loaded, struct asp_error *error)
{
    struct pgsql_number part;
    struct pgsql_value values[3];
    int64_t written = 0;
    int64_t now;
    enum asp_status status = pgsql_pin_know(own, error);

    *loaded = (struct pgsql_loaded){0};
    own->looked.asked = false;
    if (status != ASP_OK)
        return status;
    part = pgsql_number_text(pgsql_part_of(own, name));
    values[0] = (struct pgsql_value){.bytes = part.text};
    values[1] = (struct pgsql_value){.bytes = name};
    values[2] = (struct pgsql_value){.bytes = only == NULL ? "" : only};
    status = ask_if_it_answers(own, values, deadline, &loaded->result, error);
    if (status != ASP_OK)
        return status;
    loaded->is_there = pgsql_bytes(loaded->result, 0, BODY, &loaded->body, &loaded->length);
    if (!pgsql_has(loaded->result, 0, USED_HOST) || !pgsql_time_us(loaded->result, 0, NOW, &now) ||
        (loaded->is_there && (!pgsql_number(loaded->result, 0, TAG, &loaded->tag) ||
                              !pgsql_time_us(loaded->result, 0, WRITTEN, &written)))) {
        pgsql_result_free(loaded->result);
        *loaded = (struct pgsql_loaded){0};
        return pgsql_not_ours(error);
    }
    look_at_clock(own, now);
    loaded->written = pgsql_on_this_machine(own, written);
    look_at_use(own, name, only, loaded->result);
    return ASP_OK;
}

enum asp_status pgsql_store_answers(struct pgsql_store *own, struct asp_error *error)
{
    struct pgsql_loaded loaded;
    enum asp_status status = pgsql_load(own, "", NULL, pgsql_wait_until(own), &loaded, error);

    pgsql_result_free(loaded.result);
    return status;
}

int pgsql_store_try_ms(const struct pgsql_store *own)
{
    return pgsql_breaker_next_ms(own->breaker, asp_clock_ms());
}

void pgsql_store_try(struct pgsql_store *own)
{
    if (pgsql_store_try_ms(own) == 0)
        (void)pgsql_store_answers(own, NULL);
}
