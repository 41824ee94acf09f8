#include "self_listener.h"

#include "self_session.h"
#include "tickets.h"

#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"
#include "asp/shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

enum {
    SESSIONS = 64,
    AT_A_TIME = 16, /* let in before the others are looked after again, however many wait */
    FULL_MS = 500,  /* without a free place, until those who come are told so */
};

struct visit {
    pid_t process; /* 0: a free place */
    uid_t uid;
    struct ticket_place place;
    struct asp_identity shadow; /* when she came */
};

struct receiving {
    const struct self_door *self;
    struct tickets *tickets;
    struct visit visits[SESSIONS];
    int reports[2];  /* a pipe */
    int64_t full_ms; /* since when there has been no free place; 0: there is one */
};

static volatile sig_atomic_t stop;

static void note_signal(int number)
{
    if (number == SIGTERM)
        stop = 1;
}

static void refuse(int fd, const char *why)
{
    struct asp_message message;

    asp_message_refuse(&message, why);
    (void)send(fd, message.bytes, message.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static struct visit *find_visit(struct receiving *receiving, pid_t process)
{
    for (size_t i = 0; i < SESSIONS; i++) {
        if (receiving->visits[i].process == process)
            return &receiving->visits[i];
    }
    return NULL;
}

/* In the process of a session. */
__attribute__((noreturn)) static void run_session(const struct receiving *receiving,
                                                  const struct visit *visit, int fd, pid_t door)
{
    const int64_t now = asp_clock_ms();
    const struct self_session session = {
        .fd = fd,
        .uid = visit->uid,
        .ticket = ticket_holds(receiving->tickets, visit->uid, &visit->place, now),
        .shadow = visit->shadow,
        .wait_ms = ticket_wait(receiving->tickets, visit->uid, now),
        .report = receiving->reports[1],
        .conf_path = receiving->self->conf_path,
        .conf_required = receiving->self->conf_required,
    };
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SELF_END);
    (void)setsid(); /* whoever started the broker at a terminal has no hand in it, nor it in that */
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)close(receiving->self->door);
    (void)close(receiving->reports[0]);
    if (getppid() != door)
        _exit(0);
    _exit(self_session_run(&session));
}

static void begin(struct receiving *receiving, struct visit *visit, int fd)
{
    pid_t door = getpid();
    pid_t process = fork();

    if (process == 0)
        run_session(receiving, visit, fd, door);
    if (process > 0) {
        visit->process = process;
        return;
    }
    syslog(LOG_ERR, "a session cannot be begun: %s", strerror(errno));
    refuse(fd, "asp-broker has no process for you: try again in a moment");
    ticket_leave(receiving->tickets, visit->uid);
}

static void let_in(struct receiving *receiving, int fd)
{
    struct visit *visit = find_visit(receiving, 0);
    struct ucred peer;
    socklen_t size = sizeof peer;
    const char *why = NULL;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return;
    if (visit == NULL)
        why = "too many users are at it: try again in a moment";
    else
        why = ticket_enter(receiving->tickets, peer.uid, asp_clock_ms());
    if (why != NULL) {
        refuse(fd, why);
        return;
    }
    visit->uid = peer.uid;
    (void)asp_identity_at(ASP_SHADOW_PATH, &visit->shadow, NULL);
    ticket_place_of(peer.pid, peer.uid, &visit->place);
    begin(receiving, visit, fd);
}

/* How long nobody is let in or refused: most sessions are short, and a place is free in a moment.
 */
static int64_t wait_for_place(struct receiving *receiving)
{
    int64_t now = asp_clock_ms();
    int64_t left;

    if (find_visit(receiving, 0) != NULL)
        receiving->full_ms = 0;
    else if (receiving->full_ms == 0)
        receiving->full_ms = now;
    left = receiving->full_ms == 0 ? 0 : receiving->full_ms + FULL_MS - now;
    return left > 0 ? left : 0;
}

static void accept_some(struct receiving *receiving)
{
    for (int i = 0; i < AT_A_TIME && wait_for_place(receiving) == 0; i++) {
        int fd = accept4(receiving->self->door, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0) {
            let_in(receiving, fd);
            (void)close(fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* What PAM has said in the sessions. Read before a session's end is seen, so that its place is
 * still its own. */
static void take_reports(struct receiving *receiving)
{
    struct self_report report;

    while (read(receiving->reports[0], &report, sizeof report) == (ssize_t)sizeof report) {
        const struct visit *visit = find_visit(receiving, report.process);

        if (visit == NULL)
            continue;
        if (report.let_in)
            ticket_give(receiving->tickets, visit->uid, &visit->place, asp_clock_ms());
        else
            ticket_wrong(receiving->tickets, visit->uid, asp_clock_ms());
    }
}

static void reap(struct receiving *receiving)
{
    pid_t process;

    while ((process = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct visit *visit = find_visit(receiving, process);

        take_reports(receiving);
        if (visit == NULL)
            continue;
        ticket_leave(receiving->tickets, visit->uid);
        memset(visit, 0, sizeof *visit);
    }
}

static bool some_are_here(const struct receiving *receiving)
{
    for (size_t i = 0; i < SESSIONS; i++) {
        if (receiving->visits[i].process > 0)
            return true;
    }
    return false;
}

static void wait_and_serve(struct receiving *receiving, bool open, const sigset_t *mask)
{
    int64_t ms = open ? wait_for_place(receiving) : 0;
    const struct timespec most = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    struct pollfd ready[] = {
        {.fd = receiving->reports[0], .events = POLLIN},
        {.fd = open && ms == 0 ? receiving->self->door : -1, .events = POLLIN},
    };

    (void)ppoll(ready, sizeof ready / sizeof *ready, ms > 0 ? &most : NULL, mask);
    take_reports(receiving);
    reap(receiving);
    if ((ready[1].revents & POLLIN) != 0)
        accept_some(receiving);
}

/* Sessions that only wait for their user end; one that is at work has the signal blocked. */
static void finish(struct receiving *receiving, const sigset_t *mask)
{
    for (size_t i = 0; i < SESSIONS; i++) {
        if (receiving->visits[i].process > 0)
            (void)kill(receiving->visits[i].process, SELF_END);
    }
    reap(receiving);
    while (some_are_here(receiving))
        wait_and_serve(receiving, false, mask);
}

int self_door_run(void *context)
{
    struct receiving receiving = {.self = context};
    struct sigaction action = {.sa_handler = note_signal};
    sigset_t mask;
    sigset_t child;

    asp_close(receiving.self->other);
    /* Both are let in by ppoll alone. */
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGCHLD, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigdelset(&mask, SIGTERM);
    (void)sigdelset(&mask, SIGCHLD);
    receiving.tickets = calloc(1, sizeof *receiving.tickets);
    if (receiving.tickets == NULL || pipe2(receiving.reports, O_CLOEXEC | O_NONBLOCK) != 0) {
        syslog(LOG_ERR, "the door for users cannot be opened: %s", strerror(errno));
        free(receiving.tickets);
        return 1;
    }
    while (stop == 0)
        wait_and_serve(&receiving, true, &mask);
    finish(&receiving, &mask);
    asp_close(receiving.reports[0]);
    asp_close(receiving.reports[1]);
    free(receiving.tickets);
    return 0;
}
