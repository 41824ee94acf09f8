/*
 * Watches the system calls of a piece of code, one by one, by seccomp's user notification: a second
 * thread of the same process is asked before each, may let it through, make it fail, or end the
 * process there.
 */
#ifndef ASP_TESTS_SYSCALLS_H
#define ASP_TESTS_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>

#define SYSCALLS_SEEN_MAX 1024
#define SYSCALLS_NOTE_MAX 512

/* What is to happen at the call number AT, counted from 1; 0: nothing. Calls of processes that the
 * code has made are counted with its own. */
struct syscalls_plan {
    int at;
    int error;  /* it fails with this, if not 0 */
    bool halve; /* it does half of what it is asked, where it is a write of this process */
    bool kill;  /* its process is ended before it */
};

struct syscalls_report {
    int count;                     /* of calls seen */
    int number[SYSCALLS_SEEN_MAX]; /* which */
    char note[SYSCALLS_NOTE_MAX];  /* of the call at AT: its name and the path that it is about, as
                                      far as known */
    bool failed; /* the call at AT was reached and made to fail, or to do half (some can't be:
                    exit) */
    char leaky[SYSCALLS_NOTE_MAX]; /* a descriptor that was seen without close-on-exec, or "" */
    char left[SYSCALLS_NOTE_MAX];  /* one that was opened and is not closed at the end, or "" */
    int result;                    /* of the code */
    bool finished;                 /* the code has returned */
    int status;                    /* of the process, as in waitpid */
};

/*
 * Runs BODY in a child process. BODY is given ARM and calls it with true before, and with false
 * behind, what is to be watched. Returns NULL, or what the kernel refused.
 */
typedef int syscalls_body(void (*arm)(bool), void *data);
const char *syscalls_run(syscalls_body *body, void *data, const struct syscalls_plan *plan,
                         struct syscalls_report *report);
/* The name of a call, or its number. */
const char *syscalls_name(int number);

#endif
