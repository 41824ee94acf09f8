/* Users on their own accounts: let in, counted, each in a process of its own. */
#include "self_listener.h"

#include "self_session.h"
#include "session_process.h"
#include "throttle.h"
#include "tickets.h"

#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

enum {
    SESSIONS = 64,
    AT_A_TIME = 16, /* let in before the others are looked after again, however many wait */
    FULL_MS = 500,  /* without a free place, until those who come are told so */
};

struct session {
    pid_t process; /* 0: a free place */
    uid_t uid;
    struct ticket_place place;
};

struct serving {
    const struct self_listener *self;
    struct tickets tickets;
    struct own_primary_key key;
    struct throttle throttle;
    struct session sessions[SESSIONS];
    int reports[2];  /* a pipe */
    int64_t full_ms; /* since when there has been no free place; 0: there is one */
};

static struct session *find_session(struct serving *serving, pid_t process)
{
    for (size_t i = 0; i < SESSIONS; i++) {
        if (serving->sessions[i].process == process)
            return &serving->sessions[i];
    }
    return NULL;
}

/* In the process of a session. */
__attribute__((noreturn)) static void run_session(const struct serving *serving,
                                                  const struct session *session, int fd,
                                                  pid_t listener)
{
    const int64_t now = asp_clock_ms();
    const struct self_session own = {
        .fd = fd,
        .uid = session->uid,
        .ticket = ticket_find(&serving->tickets, session->uid, &session->place, now),
        .key = serving->key,
        .wait_ms = throttle_wait(&serving->throttle, session->uid, now),
        .report = serving->reports[1],
        .conf_path = serving->self->conf_path,
        .conf_required = serving->self->conf_required,
    };

    session_process_enter(listener);
    (void)close(serving->self->listener);
    (void)close(serving->reports[0]);
    _exit(self_session_run(&own));
}

static void begin(struct serving *serving, struct session *session, int fd)
{
    pid_t listener = getpid();
    pid_t process = fork();

    if (process == 0)
        run_session(serving, session, fd, listener);
    if (process > 0) {
        session->process = process;
        return;
    }
    syslog(LOG_ERR, "a session cannot be begun: %s", strerror(errno));
    asp_broker_refuse(fd, "asp-broker has no process for you: try again in a moment");
    throttle_leave(&serving->throttle, session->uid);
}

static void accept_connection(struct serving *serving, int fd)
{
    struct session *session = find_session(serving, 0);
    struct ucred peer;
    socklen_t size = sizeof peer;
    const char *why = NULL;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return;
    if (session == NULL)
        why = "too many users are at it: try again in a moment";
    else
        why = throttle_enter(&serving->throttle, peer.uid, asp_clock_ms());
    if (why != NULL) {
        asp_broker_refuse(fd, why);
        return;
    }
    session->uid = peer.uid;
    ticket_place_of(peer.pid, peer.uid, &session->place);
    begin(serving, session, fd);
}

/* How long nobody is let in or refused: most sessions are short, and a place is free in a moment.
 */
static int64_t wait_for_place(struct serving *serving)
{
    int64_t now = asp_clock_ms();
    int64_t left;

    if (find_session(serving, 0) != NULL)
        serving->full_ms = 0;
    else if (serving->full_ms == 0)
        serving->full_ms = now;
    left = serving->full_ms == 0 ? 0 : serving->full_ms + FULL_MS - now;
    return left > 0 ? left : 0;
}

static void accept_some(struct serving *serving)
{
    for (int i = 0; i < AT_A_TIME && wait_for_place(serving) == 0; i++) {
        int fd = accept4(serving->self->listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0) {
            accept_connection(serving, fd);
            (void)close(fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* What PAM has said in the sessions. Read before a session's end is seen, so that its place is
 * still its own. */
static void take_reports(struct serving *serving)
{
    struct self_report report;

    while (read(serving->reports[0], &report, sizeof report) == (ssize_t)sizeof report) {
        const struct session *session = find_session(serving, report.process);

        if (session == NULL)
            continue;
        if (report.kind != SELF_ADMITTED) {
            throttle_wrong(&serving->throttle, session->uid, asp_clock_ms());
            continue;
        }
        throttle_right(&serving->throttle, session->uid, asp_clock_ms());
        ticket_give(&serving->tickets, session->uid, &session->place, &report.own, asp_clock_ms());
    }
}

static void reap(struct serving *serving)
{
    pid_t process;

    while ((process = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct session *session = find_session(serving, process);

        take_reports(serving);
        if (session == NULL)
            continue;
        throttle_leave(&serving->throttle, session->uid);
        memset(session, 0, sizeof *session);
    }
}

static bool some_are_here(const struct serving *serving)
{
    for (size_t i = 0; i < SESSIONS; i++) {
        if (serving->sessions[i].process > 0)
            return true;
    }
    return false;
}

static void wait_and_serve(struct serving *serving, bool open, const sigset_t *mask)
{
    int64_t ms = open ? wait_for_place(serving) : 0;
    const struct timespec most = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    struct pollfd ready[] = {
        {.fd = serving->reports[0], .events = POLLIN},
        {.fd = open && ms == 0 ? serving->self->listener : -1, .events = POLLIN},
    };

    (void)ppoll(ready, sizeof ready / sizeof *ready, ms > 0 ? &most : NULL, mask);
    take_reports(serving);
    reap(serving);
    if ((ready[1].revents & POLLIN) != 0)
        accept_some(serving);
}

/* Sessions that only wait for their user end; one that is at work has the signal blocked. */
static void finish(struct serving *serving, const sigset_t *mask)
{
    for (size_t i = 0; i < SESSIONS; i++) {
        if (serving->sessions[i].process > 0)
            (void)kill(serving->sessions[i].process, SELF_END);
    }
    reap(serving);
    while (some_are_here(serving))
        wait_and_serve(serving, false, mask);
}

int self_listener_run(void *context)
{
    struct serving serving = {.self = context};
    sigset_t mask;

    for (size_t i = 0; i < LISTENER_OTHERS; i++)
        asp_close(serving.self->others[i]);
    lane_sets_close(serving.self->lanes);
    session_process_prepare(&mask);
    randombytes_buf(serving.key.bytes, sizeof serving.key.bytes);
    if (pipe2(serving.reports, O_CLOEXEC | O_NONBLOCK) != 0) {
        syslog(LOG_ERR, "the listener for users cannot be opened: %s", strerror(errno));
        return 1;
    }
    while (!session_process_is_to_stop())
        wait_and_serve(&serving, true, &mask);
    finish(&serving, &mask);
    asp_close(serving.reports[0]);
    asp_close(serving.reports[1]);
    return 0;
}
