/*
 * What there is to say of a pass: by a watch that runs, in the system's log.
 */
#ifndef ASP_ADMIN_WATCH_REPORT_H
#define ASP_ADMIN_WATCH_REPORT_H

#include "compare_all.h"
#include "primary_lease.h"

/* Room for the line of an error and what is said before it. */
enum { REPORT_LINE = ASP_ERROR_LINE + 64 };

/*
 * One line when a trouble begins or is another one, and one, `over`, when it has ended. `trouble`
 * is empty where all is well; `said`, which begins empty, is what was said last.
 */
void report_trouble(char said[REPORT_LINE], const char *trouble, const char *over);

/* Who is gone. `held` is how many were held back when it was said last. */
void report_gone(const struct admin *admin, const struct compare_result *result, size_t *held);

/* Which machine runs primary.command, when it is another one than `said`, which begins empty. */
void report_lease(const struct primary_lease *lease, char said[PGSQL_HOLDER_MAX + 1]);

/* Writes what has failed of a result to `trouble`, which a pass by hand says too; empty: nothing.
 */
void report_failed(const struct compare_result *result, char trouble[REPORT_LINE]);

#endif
