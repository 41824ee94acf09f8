/* Whether a database answers, as the processes of a program know it together. */
#include "breaker.h"

#include "asp/buffer.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { TENTH_MS = 100, TRY_MS_MAX = 60 * 1000, AFTER_SIZE = 24 };

/* Numbers of 32 bits are atomic without a lock on every machine. Those of the clock go round in
 * them: what is more than a try ahead is past. */
struct shared {
    _Atomic uint32_t since;    /* tenths of a second: when it was down first; 0: it answers */
    _Atomic uint32_t next;     /* milliseconds: until then none tries it */
    _Atomic uint32_t answered; /* milliseconds: when one had an answer last */
    _Atomic uint32_t host;     /* a digest of the one that was connected to last; 0: none was */
};

/* Each process's own: what is called is nothing that one who is not root could set for one who is.
 */
struct pgsql_breaker {
    pgsql_log *log;
    struct shared *shared;
};

static void *map(size_t size, int kind)
{
    void *found = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);

    return found == MAP_FAILED ? NULL : found;
}

struct pgsql_breaker *pgsql_breaker_make(pgsql_log *log)
{
    struct pgsql_breaker *breaker = map(sizeof *breaker, MAP_PRIVATE);

    if (breaker == NULL)
        return NULL;
    breaker->log = log;
    breaker->shared = map(sizeof *breaker->shared, MAP_SHARED);
    if (breaker->shared == NULL) {
        (void)munmap(breaker, sizeof *breaker);
        breaker = NULL;
    }
    return breaker;
}

bool pgsql_breaker_is_down(const struct pgsql_breaker *breaker)
{
    return breaker != NULL && atomic_load(&breaker->shared->since) != 0;
}

static uint32_t tenths(int64_t now)
{
    return (uint32_t)(now / TENTH_MS);
}

static uint32_t left_until(uint32_t next, int64_t now)
{
    const uint32_t left = next - (uint32_t)now;

    return left <= TRY_MS_MAX ? left : 0;
}

bool pgsql_breaker_lets(struct pgsql_breaker *breaker, int64_t now, int64_t deadline)
{
    uint32_t next;

    if (!pgsql_breaker_is_down(breaker))
        return true;
    next = atomic_load(&breaker->shared->next);
    if (left_until(next, now) > 0)
        return false;
    if (deadline > now + TRY_MS_MAX)
        deadline = now + TRY_MS_MAX;
    return atomic_compare_exchange_strong(&breaker->shared->next, &next, (uint32_t)deadline);
}

int pgsql_breaker_next_ms(const struct pgsql_breaker *breaker, int64_t now)
{
    return pgsql_breaker_is_down(breaker)
               ? (int)left_until(atomic_load(&breaker->shared->next), now)
               : -1;
}

/* "database=WORD host="..."", and a further field. */
static void write_line(const struct pgsql_breaker *breaker, bool is_fault, const char *word,
                       const char *host, const char *name, const char *value)
{
    struct asp_buffer line = {0};

    asp_buffer_add(&line, "database=");
    asp_buffer_add(&line, word);
    asp_buffer_add(&line, " host=");
    asp_buffer_add_logged(&line, host);
    asp_buffer_add(&line, name);
    asp_buffer_add(&line, value);
    if (!line.failed)
        breaker->log(is_fault, line.text);
    asp_buffer_free(&line);
}

static bool was_answered_since(const struct pgsql_breaker *breaker, int64_t begun, int64_t now)
{
    return (uint32_t)now - atomic_load(&breaker->shared->answered) < (uint32_t)(now - begun);
}

void pgsql_breaker_fell(struct pgsql_breaker *breaker, int64_t begun, int64_t now, const char *host,
                        const char *cause)
{
    const uint32_t since = tenths(now) != 0 ? tenths(now) : 1;
    struct asp_buffer quoted = {0};
    uint32_t none = 0;

    if (breaker == NULL ||
        (!pgsql_breaker_is_down(breaker) && was_answered_since(breaker, begun, now)))
        return;
    atomic_store(&breaker->shared->next, (uint32_t)now + PGSQL_TRY_MS);
    if (!atomic_compare_exchange_strong(&breaker->shared->since, &none, since))
        return;
    asp_buffer_add_logged(&quoted, cause);
    write_line(breaker, true, "down", host, " cause=", quoted.failed ? "-" : quoted.text);
    asp_buffer_free(&quoted);
}

void pgsql_breaker_answered(struct pgsql_breaker *breaker, int64_t now, const char *host)
{
    char after[AFTER_SIZE];
    uint32_t passed;
    uint32_t since;

    if (breaker == NULL)
        return;
    atomic_store(&breaker->shared->answered, (uint32_t)now);
    since = pgsql_breaker_is_down(breaker) ? atomic_exchange(&breaker->shared->since, 0) : 0;
    if (since == 0)
        return;
    passed = tenths(now) - since;
    if (passed > UINT32_MAX / 2) /* another has written it since `now` */
        passed = 0;
    (void)snprintf(after, sizeof after, "%lu.%lus", (unsigned long)passed / 10,
                   (unsigned long)passed % 10);
    write_line(breaker, false, "up", host, " after=", after);
}

static uint32_t digest_of(const char *host)
{
    uint8_t digest[crypto_generichash_BYTES];
    uint32_t number;

    (void)crypto_generichash(digest, sizeof digest, (const uint8_t *)host, strlen(host), NULL, 0);
    memcpy(&number, digest, sizeof number);
    return number != 0 ? number : 1;
}

void pgsql_breaker_met(struct pgsql_breaker *breaker, const char *host)
{
    uint32_t before;
    uint32_t met;

    if (breaker == NULL)
        return;
    met = digest_of(host);
    before = atomic_exchange(&breaker->shared->host, met);
    if (before != 0 && before != met)
        write_line(breaker, false, "other-primary", host, "", "");
}
