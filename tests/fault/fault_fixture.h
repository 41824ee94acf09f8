/*
 * The fixture of verdicts while the machine fails: every use is recorded at once, what the module
 * itself answers at `imap` is seen, and alice has one entry more, whose use must not be lost with
 * that of another.
 */
#ifndef ASP_TESTS_FAULT_FIXTURE_H
#define ASP_TESTS_FAULT_FIXTURE_H

#include "verdict_fixture.h"

extern struct verdict_fixture fixture;

/* Once for a program. */
void make_fixture(void);
/* Before each test: the use that is not to be lost, at smtp. */
void use_other_entry(void);
bool other_use_is_kept(void);

#endif
