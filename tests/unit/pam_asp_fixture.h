/* What the tests of the module's entry points share: libpam, the decision and the broker, which are
 * played. */
#ifndef ASP_TESTS_PAM_ASP_FIXTURE_H
#define ASP_TESTS_PAM_ASP_FIXTURE_H

#include "unit.h"

#include "asp/login.h"

#include <security/pam_modules.h>

enum { LINE = 2048, LINES = 4, VARIABLES = 3 };

typedef int entry_point(pam_handle_t *pamh, int flags, int argc, const char **argv);

/* The handle, as libpam keeps it. */
struct pam_handle {
    const char *user;
    const char *service;
    const char *host;
    char *data; /* whose login it was */
    bool has_data;
    void (*free_data)(pam_handle_t *pamh, void *data, int status);
    char variable[VARIABLES][LINE]; /* empty: it is not set */
    int put;
    int put_fails; /* at this one, counted from 1 */
    int set_fails;
    int item_fails; /* the type of it */
};

extern struct pam_handle handle;
extern struct logged {
    int lines;
    int level[LINES];
    char line[LINES][LINE];
} logged;

extern const char *user; /* as pam_get_user tells it */
extern int user_code;
extern const char *token;
extern int token_code;
extern struct asp_outcome decision;
extern struct asp_request asked; /* what asp_login was asked */
extern int logins;
extern int decisions;           /* that were logged */
extern struct asp_outcome told; /* the last of them */
extern enum asp_status broker_status;
extern struct asp_outcome broker_decision;
extern int brokers; /* how often it was asked */
extern int sodium_code;
extern int sodium_starts;
extern enum asp_status random_status;
extern enum asp_status conf_status;
extern int confs;    /* that are held */
extern int outcomes; /* the same */
extern int passwords;
extern bool strdup_fails;
extern char conf_argument[UNIT_PATH + 16];

/* Of a login that is let in: each test changes what it is about. */
void begin(void);
/* With `more` as a second argument in the PAM file, or NULL. */
int call(entry_point *function, int flags, const char *more);
/* The end of the handle. */
void end(void);

#endif
