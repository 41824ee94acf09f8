/* The signals of a running watch, read from a descriptor. */
#include "signals.h"

#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int stops[] = {SIGTERM, SIGINT, SIGQUIT};

static void add_stops(sigset_t *set)
{
    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        (void)sigaddset(set, stops[i]);
}

void signals_block_stop(sigset_t *before)
{
    sigset_t set;

    add_stops(&set);
    (void)sigprocmask(SIG_BLOCK, &set, before);
}

int signals_open(void)
{
    sigset_t set;

    add_stops(&set);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void signals_take(int fd, struct signals *signals)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            signals->reload = true;
        else if (info.ssi_signo != SIGCHLD)
            signals->stop = true;
    }
}

bool signals_stop_is_pending(void)
{
    sigset_t pending;

    if (sigpending(&pending) != 0)
        return false;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        if (sigismember(&pending, stops[i]) == 1)
            return true;
    }
    return false;
}
