/*
 * The fixture of verdicts while the machine fails: every use is recorded at once, what the module
 * itself answers at `imap` is seen, and alice has one entry more, whose use must not be lost with
 * that of another.
 */
#ifndef ASP_TESTS_FAULT_FIXTURE_H
#define ASP_TESTS_FAULT_FIXTURE_H

#include "syscalls.h"
#include "verdict_fixture.h"

extern struct verdict_fixture fixture;

/* Once for a program. */
void make_fixture(void);
/* Before each test: the use that is not to be lost, at smtp. */
void use_other_entry(void);
bool other_use_is_kept(void);

/* A login, from an address. */
struct attempt {
    const struct world *world;
    const char *user, *service, *password;
    bool cold; /* nothing was logged in before in its process */
};

/* A syscalls_body, of an attempt. Returns what the module itself answered: libpam has calls of its
 * own that may fail. */
int attempt_login(void (*arm)(bool), void *data);

/*
 * What is made to happen to each call of some code, one at a time: it fails with each error, does
 * half of what it is asked where it is a write, and is the last one.
 */
struct faults {
    struct syscalls_plan plan;
    size_t kind;
    int stride; /* each of as many calls; 0: each */
    int points; /* that were met */
};

/* The next one; REPORT is what came of the last. False: there are no more. */
bool faults_next(struct faults *faults, const struct syscalls_report *report);
/* What happens: an error, "half of it", "killed". */
const char *faults_word(const struct faults *faults);
/* Says how many there were: tests/run shows it. */
void faults_tell(const struct faults *faults, const char *operation);

#endif
