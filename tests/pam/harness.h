/*
 * What the tests of pam_asp.so share: worlds (a private store, configuration and folder of PAM
 * services), app passwords made by the real asp-admin, and logins through the real libpam with a
 * conversation of choice.
 *
 * Everything that is made lies in one temporary folder, removed at the end. What can't be set up
 * ends the test at once. The paths come by environment: ASP_MODULE, ASP_ADMIN, ASP_TAP,
 * ASP_STANDIN, ASP_DRIVER, ASP_STACKS.
 */
#ifndef ASP_TESTS_HARNESS_H
#define ASP_TESTS_HARNESS_H

#include "support.h"
#include "tap.h"

#include <check.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>

/* Room for an app password as it is printed, with dashes. */
#define PASSWORD_MAX 64
#define WORLD_PATH_MAX 256

struct world {
    char dir[WORLD_PATH_MAX];     /* holds the others */
    char store[WORLD_PATH_MAX];   /* made by the first create */
    char conf[WORLD_PATH_MAX];    /* the file that `config=` names */
    char confdir[WORLD_PATH_MAX]; /* takes the place of /etc/pam.d */
};

/* How the application answers a prompt. */
enum reply {
    REPLY_TEXT,      /* with `text`, which may be long */
    REPLY_NOTHING,   /* PAM_SUCCESS and a response whose text is NULL */
    REPLY_NO_ANSWER, /* PAM_SUCCESS and no response at all */
    REPLY_FAILURE,   /* with `code` */
    REPLY_MISSING,   /* there is no conversation function */
};

struct conversation {
    enum reply reply;
    int code;
    const char *text;  /* the answer to a prompt without echo */
    const char *login; /* the answer to a prompt with echo */
    int prompts;       /* counts the prompts without echo */
    size_t length;     /* of the answer, where there is no text: as many times 'x' */
    bool masked;       /* `text` was hidden by `mask`, and is uncovered in the response only */
};

/* Makes the temporary folder and a case for the tests; ends the program with 77 (skipped) and a
 * reason where tests can't run at all. */
TCase *harness_begin(const char *program);
/* One more case, for tests that have fixtures of their own or need no folder. */
TCase *harness_case(const char *name);
/* Runs all cases, removes the temporary folder. Returns the exit status of the program. */
int harness_run(void);
/* A path from the environment; ends the program when it is not set. */
const char *harness_path(const char *variable);
/* Whether the long tests are asked for: ASP_TEST_ALL. */
bool harness_all(void);
/* Says on standard output that a part of a test is left out, and why. */
void harness_skip(const char *what, const char *why);

/*
 * A new world. SETTINGS are lines of configuration besides the store (may be NULL): users need not
 * exist in the system and the primary password is left alone, unless SETTINGS have a primary. Every
 * service is `auth` and `account` through the module alone.
 */
void world_make(struct world *world, const char *settings);
/* A copy of the machine's /etc in its place, for this process and those that it starts. In a mount
 * namespace of its own (devlog_open has made one). */
void world_own_etc(const struct world *world);
/* Writes the configuration anew, by rename. */
void world_configure(const struct world *world, const char *settings);
/*
 * Writes the stack of SERVICE (`other` serves all that have none). In LINES, @ASP@ is the module
 * with its config=,
 * @MODULE@ the bare path of the module, @CONF@ that of the configuration, @TAP@ the module with its
 * config= behind the tap, which leaves its codes in `pam_tapped`, @STANDIN@ what stands in for
 * pam_unix.
 */
void world_stack(const struct world *world, const char *service, const char *lines);
/* The path of NAME in the store, as "users/alice". */
const char *store_path(const struct world *world, const char *name);

/*
 * Runs asp-admin with --config and the arguments up to NULL. Standard output, ended by NUL, goes to
 * OUT. Returns the exit status.
 */
int admin(const struct world *world, char *out, size_t size, ...) __attribute__((sentinel));
/* Runs asp-admin, whose success is required. */
void admin_do(const struct world *world, ...) __attribute__((sentinel));
/* Makes an app password for USER, with further arguments up to NULL. */
void create(const struct world *world, char password[PASSWORD_MAX], const char *user, ...)
    __attribute__((sentinel));
/* The id of PASSWORD: its first two characters. */
const char *id_of(const char *password);
/* The 25 characters of PASSWORD, without dashes. */
void bare(char out[PASSWORD_MAX], const char *password);
/* A well-shaped password with the same id and another secret. */
void with_other_secret(char out[PASSWORD_MAX], const char *password);
/* Text <-> text that is not found when memory is searched for TEXT. It never makes a NUL of a
 * printable character. */
void mask(char *text);

/* A transaction before its first call. RHOST and USER may be NULL. CONVERSATION must live as long.
 */
pam_handle_t *handle_open(const struct world *world, const char *service, const char *user,
                          const char *rhost, struct conversation *conversation);
/* Ends the transaction; returns CODE. */
int handle_close(pam_handle_t *pamh, int code);
/* One whole transaction: start, authenticate, end. Returns the code of authenticate. */
int login(const struct world *world, const char *service, const char *user, const char *rhost,
          const char *password);
int login_with(const struct world *world, const char *service, const char *user, const char *rhost,
               struct conversation *conversation);
/* The symbolic name of a code of PAM. */
const char *code_name(int code);

/* Compares codes by name, so that a failure can be read; ck_code_msg says for what, printf-like. */
#define ck_code(actual, expected) ck_assert_str_eq(code_name(actual), code_name(expected))
#define ck_code_msg(actual, expected, format, ...)                                                 \
    do {                                                                                           \
        int code_is = (actual);                                                                    \
        ck_assert_msg(code_is == (expected), format ": %s and not %s", __VA_ARGS__,                \
                      code_name(code_is), code_name(expected));                                    \
    } while (0)

/* The whole of a small file; the length is returned. */
size_t file_read(const char *path, char *out, size_t size);
/* Whether HAY holds NEEDLE. */
bool holds(const char *hay, const char *needle);
/* What began then has waited for nobody. Under valgrind all is slow, but a lock is waited for
 * longer. */
void at_once_since(long long begun, const char *what);

#endif
