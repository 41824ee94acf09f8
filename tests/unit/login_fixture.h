/* What the tests of a login share: a user, her one entry, and a request in a word. */
#ifndef ASP_TESTS_LOGIN_FIXTURE_H
#define ASP_TESTS_LOGIN_FIXTURE_H

#include "store_fixture.h"

#include "asp/login.h"

enum { NOW = 1700000000 };

extern struct asp_conf *conf;
extern char typed[ASP_SECRET_SHOWN + 1];
extern struct asp_outcome outcome;
extern struct asp_name_service login_names; /* one that knows nobody */
extern const char *login_user;              /* alice, where the tests say nothing else */

/* A user whom no machine has in its shadow file. */
#define NOBODYS "nobodys.name"

/* A store, its configuration with `text` besides, and the user with one entry, "7k", that is
 * changed by `prepare`. Its password is in `typed`. */
void begin(const char *text, void (*prepare)(struct asp_entry *entry));
void end(void);

struct asp_request request_of(const char *user, const char *service, const char *secret);

/* The word of the verdict on a request at NOW + `later`. */
const char *decide(const struct asp_request *request, time_t later);
const char *try(const char *user, const char *service, const char *secret);

struct asp_entry entry_now(void);
bool use_now(struct asp_use *use);

/* How an entry is prepared. */
void for_mail(struct asp_entry *entry);
void for_any(struct asp_entry *entry);
void revoked(struct asp_entry *entry);
void from_office(struct asp_entry *entry);
void soon_over(struct asp_entry *entry);
void soon_unused(struct asp_entry *entry);

#endif
