/*
 * What the unit tests share: the runner, a temporary folder, files, records ready-made, numbers
 * that are the same in each run, and the calls that libasp makes of the system, of libsodium and of
 * the allocator, counted and made to fail (wraps.c; the linker puts those functions in their
 * place).
 */
#ifndef ASP_TESTS_UNIT_H
#define ASP_TESTS_UNIT_H

#include "support.h"

#include "asp/account.h"
#include "asp/account_name.h"
#include "asp/conf.h"
#include "asp/entry.h"
#include "asp/error.h"
#include "asp/primary.h"
#include "asp/secret.h"
#include "asp/store.h"
#include "asp/verifier.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#define UNIT_COUNT(array) (sizeof(array) / sizeof *(array))

/* The runner */

/* The whole of a main: fills the suite, runs it, removes what it made. */
int unit_run(const char *name, void (*fill)(Suite *suite));
/* Each test is a case of its own, under its own name; a loop runs it with _i from 0 to `times`. */
void unit_add_case(Suite *suite, const TTest *test, int times);
#define unit_add(suite, test) unit_add_case((suite), (test), 1)
#define unit_loop(suite, test, times) unit_add_case((suite), (test), (int)(times))
/* The same, once for each engine of the store: unit_store and unit_kept are of that one. With a
 * database (store_database.h) those in it are all that is run. */
void unit_add_on_engines(Suite *suite, const TTest *test);
/* For those alone that keep all that there is of an account on this machine. */
void unit_add_on_local_engines(Suite *suite, const TTest *test);

/*
 * ck_assert_msg for what is asserted very often: the runner hears of it only when it fails, since
 * to tell it each time costs more than most tests.
 */
#define unit_need(condition, ...)                                                                  \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)

/* Under valgrind, a sanitizer or an emulator: limits on memory cannot be set. */
bool unit_is_watched(void);
/* `count`, or a twentieth of it where everything is slow: under valgrind. */
size_t unit_many(size_t count);
/* True for root. Others cannot give files away, and what needs it is left out. */
bool unit_is_root(void);

/* Files. What cannot be set up fails the test. */

enum { UNIT_PATH = 512 };

/* A new folder, 0700, below the temporary one of this program. */
const char *unit_folder(void);
/* FOLDER/NAME, good until the eighth call after it. */
const char *unit_path(const char *folder, const char *name);
/* The whole of a file and a NUL; the caller frees it. */
char *unit_read(const char *path, size_t *length);
bool unit_exists(const char *path);
/* How many names there are in a folder, . and .. not counted. */
size_t unit_names(const char *folder);
unsigned unit_mode(const char *path);
/* How much memory of this process is never swapped out, in KiB. */
unsigned long unit_locked_kib(void);

/* Processes */

/* Runs `body` in a forked process that must end with 0; a failed assertion ends it with another. */
void unit_forked(void (*body)(void *context), void *context);
/* A forked process that has taken what `take` takes, and holds it until it is killed. */
pid_t unit_holder(bool (*take)(void *context), void *context);
void unit_kill(pid_t holder);
/* Runs `body` in a forked process that is killed at its n-th call of the system. True when it was.
 */
bool unit_killed_at(void (*body)(void *context), void *context, unsigned nth);

/* Numbers that are the same in each run. Begins with any seed. */
uint64_t unit_random(uint64_t *state);

/* Records */

/* A valid entry with its real verifier, created at 1000 by root; returns its secret. */
struct asp_secret unit_entry(struct asp_entry *entry, const char *user, const char *id,
                             const char *label);
/* The same whose verifier is well-formed and of no secret: made in no time. */
void unit_plain_entry(struct asp_entry *entry, const char *id, const char *label);
/* What is pending with such a verifier, made so many seconds ago. */
struct asp_pending unit_pending(const char *id, time_t ago);
/* The id at this place among all of them. */
void unit_id(size_t index, char id[ASP_ID_CHARS + 1]);
/* An account of alice with a fingerprint and three entries, the middle one revoked. */
void unit_three_entries(struct asp_account *account);
/* The text of an account, as its file has it; the caller frees it. */
char *unit_account_text(const struct asp_account *account, size_t *length);
/* Compares every field. */
void unit_same_entry(const struct asp_entry *a, const struct asp_entry *b);
/* The built-in configuration with `text` read over it, which must be good. */
struct asp_conf *unit_conf(const char *text);
/* What comes of `text` alone. It is given in memory of its very size, so that a read behind its end
 * is seen by a sanitizer. */
enum asp_status unit_conf_read(const char *text, size_t length, struct asp_error *error);
/* It is read. */
void unit_conf_is_good(const char *text);
/* It is refused, by one line that begins with the file and the line in it, and holds `word`. */
void unit_conf_is_bad(const char *text, unsigned line, const char *word);
void unit_conf_is_bad_bytes(const char *text, size_t length, unsigned line, const char *word);
/* A configuration whose store is at `path`, and no more. */
#define UNIT_CONF_OF(where) (&(const struct asp_conf){.store = (where)})
/* An open store in a new folder, with an account of these entries for each user that is added. */
void unit_store(struct asp_store *store);
/* What names the engine of that store. */
const struct asp_store_kept *unit_kept(void);
void unit_put(const struct asp_store *store, const char *user, const struct asp_entry *entries,
              size_t count);

/* Puts any bytes in the place of an account, past all that the store does to them. */
void unit_put_bytes(const struct asp_store *store, const char *user, const char *bytes,
                    size_t length);

/* A name service that knows nobody. */
extern const struct asp_name_service unit_strangers;

/* What is known of the uses of a user's entries. The caller frees it. */
struct asp_usage unit_usage(const struct asp_store *store, const char *user);

/* Calls (wraps.c) */

/* Which of the calls fail, and how. */
struct unit_plan {
    const char *call;  /* its name as in "fsync"; NULL: any call of the system */
    unsigned first;    /* the first that fails, counted from 1; 0: none does */
    unsigned times;    /* how many fail from there on; 0: all */
    int number;        /* errno of the failure */
    long result;       /* of a failure, where it is not -1; see `returns` */
    bool returns;      /* `result` is set */
    void (*at)(void);  /* called before each of them, and then none fails */
    unsigned shortest; /* not 0: a read or a write moves this many bytes at most */
    bool hasty;        /* a sleep is over at once */
};

/* What the shadow file says of a user with this hash, which is borrowed; NULL: she has no line. */
struct asp_primary_now unit_shadow_says(const char *hash);

/* Has a file with this text stand in for /etc/shadow, each time another one, as passwd makes it. A
 * call of the plan that is named "shadow" reads it, and fails with `result`. */
void unit_shadow(const char *text);

/*
 * From here on calls are counted and noted, and those of the plan (NULL: none) fail. To assert is
 * to make calls: that waits until the end.
 */
void unit_calls_begin(const struct unit_plan *plan);
/* Counts no more. True when a call of the plan was reached. */
bool unit_calls_end(void);
/* How often it was made between the two; NULL: all calls of the system. */
unsigned unit_calls(const char *call);
/* The names of the first calls that were made, each after a space. */
const char *unit_calls_made(void);
/* What stands in for libsodium's generator, or NULL. */
extern void (*unit_random_bytes)(void *bytes, size_t length);
extern uint32_t (*unit_random_below)(uint32_t bound);
/* What stands in for asp_clock_ms, or NULL. */
extern int64_t (*unit_clock_ms)(void);

#endif
