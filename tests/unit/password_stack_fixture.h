/* What the tests of the password stack share: the broker and the comparison, which are played, and
 * what a process is like in which it is compared. */
#ifndef ASP_TESTS_PASSWORD_STACK_FIXTURE_H
#define ASP_TESTS_PASSWORD_STACK_FIXTURE_H

#include "unit.h"

#include "pam_asp/broker_client.h"
#include "pam_asp/password_compare.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { LINES = 4, LINE = 256, FILES = 8, OF_VALGRIND = 1000, CALLER = 54321, WAIT_MS = 10000 };

/* How each call is known that is played here. */
enum call {
    NO_CALL,
    SETSID,
    SETGROUPS,
    SETRESGID,
    SETRESUID,
    PRCTL,
    CHDIR,
    DUP2_DONE,
    DUP2_0,
    DUP2_1,
    DUP2_2,
    FORK,
    PIPE,
};

/* What the comparison does. */
enum work { COMPARES, FAILS, DIES, KILLS, LINGERS };

/* What is told across processes. */
extern struct told {
    int lines;
    char line[LINES][LINE];
    bool log_is_closed;
    atomic_bool go_on;
    int compared;
    char user[32];
    char service[32];
    char store[UNIT_PATH];
    bool logs_to_pam;
    /* The process in which it is compared. */
    pid_t session;
    uid_t uids[3];
    gid_t gids[3];
    int groups;
    int dumpable;
    mode_t mask;
    char folder[PATH_MAX];
    struct rlimit limit[RLIM_NLIMITS];
    bool changed_signal;
    bool blocked_signal;
    unsigned seconds;
    int files;
    char file[FILES][32];
} * told;

extern const char *folder;
extern char conf_path[UNIT_PATH]; /* in it */

extern enum work work;
extern enum call failing;
extern unsigned pauses;
extern unsigned waits_broken; /* by a signal */

/* What the broker does. */
extern bool broker_takes;
extern bool broker_does;
extern int broker_asked;
extern int64_t broker_deadline;
extern char broker_state[ASP_BROKER_CONF_STATE];

/* The configuration: its store is /var/lib/of-this-test. */
void configure(const char *source);
/* With shadow for a source. */
void begin(void);
/* alice has set one, by passwd. */
void set_password(void);
/* This is part of the one line. */
void was_logged(const char *part);
/* Waits for a child, and says which. */
pid_t wait_for_child(void);
bool has_child(void);
/* Into told->file, and told->files; those from OF_VALGRIND on, which it has, are none. */
void look_at_files(void);

#endif
