/* What the tests of the store's contract and of its files share: an open store, and what is done
 * with it in a word. */
#ifndef ASP_TESTS_STORE_FIXTURE_H
#define ASP_TESTS_STORE_FIXTURE_H

#include "unit.h"

#include "asp/engine.h"

extern struct asp_error store_error;
extern struct asp_store store;

/* A path in the store; kept as long as unit_path's. */
const char *in_store(const char *name);

/* Adds `context`, an entry. */
enum asp_status add(struct asp_account *account, void *context, struct asp_error *why);

enum asp_status update(const char *user, bool make, asp_change *change, void *context);

/* Adds an entry of this id. */
enum asp_status add_id(const char *user, const char *id);

enum asp_status load(const char *user, struct asp_account *account);

/* What loading says, with nothing kept. */
enum asp_status loads(const char *user);

size_t entries_of(const char *user);

/* The line of the last failure has this word. */
void store_says(const char *word);

/* Ends as the status in `context` says, after a change that would be seen. */
enum asp_status end_with(struct asp_account *account, void *context, struct asp_error *why);

/* The engine of `store`, but that another is faster than the first write: `meanwhile` is called,
 * and the step is taken again. */
const struct asp_store_engine *overtaken_by(void (*meanwhile)(void));

/* Names that a file of an account could be taken for, or that end a path or a line. */
enum { ODD_NAMES = 11 };
extern const char *const odd_names[ODD_NAMES];

/* Who was visited, each before a space; the status in `context` ends it. */
extern char seen[1024];
enum asp_status note_user(const char *user, void *context);

#endif
