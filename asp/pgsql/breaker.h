/*
 * Whether a database answers, as the processes of a program know it together (a circuit breaker):
 * once one of them has waited for it in vain no other does, and one at a time tries it again, until
 * one has its answer. What is logged of that is logged once for all of them, and has no value in it
 * that the database was given.
 *
 * In each function a breaker that is NULL is that of one who is alone: it answers, and nothing is
 * logged. `now` is of asp_clock_ms.
 */
#ifndef ASP_PGSQL_BREAKER_H
#define ASP_PGSQL_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { PGSQL_TRY_MS = 200 }; /* after one who has tried it in vain, until the next */

struct pgsql_breaker;

/* Writes a line to a log. It is a fault, or else worth to be known. */
typedef void pgsql_log(bool is_fault, const char *line);

/* Memory that is shared with the processes that are forked from now on; NULL: there is none. */
struct pgsql_breaker *pgsql_breaker_make(pgsql_log *log);

bool pgsql_breaker_is_down(const struct pgsql_breaker *breaker);

/* Whether this process may ask, until `deadline` at most. Where the database is down that is the
 * one whose turn it is to try, and no other until it has said what came of it, or its time is over.
 */
bool pgsql_breaker_lets(struct pgsql_breaker *breaker, int64_t now, int64_t deadline);

/* In how many milliseconds the next one may try; -1: it answers. */
int pgsql_breaker_next_ms(const struct pgsql_breaker *breaker, int64_t now);

/* What came of asking since `begun`: nobody is to wait for it now, for that cause, unless another
 * has had an answer since then; or all may ask. */
void pgsql_breaker_fell(struct pgsql_breaker *breaker, int64_t begun, int64_t now, const char *host,
                        const char *cause);
void pgsql_breaker_answered(struct pgsql_breaker *breaker, int64_t now, const char *host);

/* A process has connected to this host, the one that is written to. */
void pgsql_breaker_met(struct pgsql_breaker *breaker, const char *host);

#endif
