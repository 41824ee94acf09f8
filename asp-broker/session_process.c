/* The signals of a process that listens to users, and of its sessions. */
#include "session_process.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void note_signal(int number)
{
    if (number == SIGTERM)
        stop = 1;
}

void session_process_prepare(sigset_t *mask)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigset_t child;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGCHLD, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, mask);
    (void)sigdelset(mask, SIGTERM);
    (void)sigdelset(mask, SIGCHLD);
}

bool session_process_is_to_stop(void)
{
    return stop != 0;
}

void session_process_enter(pid_t listener)
{
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SELF_END);
    (void)setsid(); /* whoever started the broker at a terminal has no hand in it, nor it in that */
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (getppid() != listener)
        _exit(0);
}
