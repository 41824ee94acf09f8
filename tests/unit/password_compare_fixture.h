/* What the tests of a primary password that was set share: a store, and a name service that knows a
 * few, and fails as it is told. Nobody of these names has a line in the shadow file of this
 * machine, but root. */
#ifndef ASP_TESTS_PASSWORD_COMPARE_FIXTURE_H
#define ASP_TESTS_PASSWORD_COMPARE_FIXTURE_H

#include "store_fixture.h"

#include "pam_asp/password_compare.h"

#define OWN "nobody-of-this-name"

/* As long as a name may be. */
extern char longest[ASP_USER_MAX + 1];

extern const char *failing;
extern const char *looked_at; /* whose account is looked at when the name service is asked, */
extern bool was_active;       /* whether it was seen active then, */
extern bool was_revoked;      /* or revoked */
extern bool is_quick;         /* that user makes a new one meanwhile */
extern int questions;
extern int fails_first;       /* at so many of them it fails */
extern bool longest_is_known; /* by itself too */
extern const char *learnt;    /* it knows OWN by this name as well, when it is asked again; */
extern bool learnt_is_own;    /* or her by it, who makes a new one meanwhile */

extern struct asp_conf *conf;
extern struct asp_error error;

/* Whether the first entry of hers is not revoked. */
bool is_active(const char *user);
void say_nothing(void *context, int level, const char *line);
/* As passwd has it done. */
enum asp_status compare(const char *user);
uint64_t mark_of(const char *account);
/* With these lines of configuration. False: shadow is root's alone. */
bool begins(const char *more);
void begin(const char *more);
void end(void);
/* An account that follows somebody, by whose line nothing has changed. */
void put_follower(const char *user, const char *follows);

#endif
