/* One worker: lets in who comes, and answers the logins whose turn it is. */
#include "login_worker.h"

#include "asp-admin/database/database.h"
#include "asp/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    AT_A_TIME = 256, /* let in before one of them is served */
    EVENTS = 16,
    MOMENT_NS = 200000, /* many times what a client takes between letting in and its word */
    LOOK_MS = 50,       /* until it is looked again whether the lanes are over */
    LINGER_MS =
        10000, /* as long as they are waited for: this one alone may have been told to end */
};

/* What an event is of: the listener, or a lane by its number. */
enum { LISTENER, FIRST_LANE };

struct serving {
    int listener;
    const struct lane_sets *lanes;
    struct worker_state state;
    int epoll;
    bool served; /* somebody, since new ones were last let in */
    bool fits;   /* nobody is taken any more by one that does not */
};

static volatile sig_atomic_t stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

/* To where there is room for it, or it is refused. */
static void put_or_refuse(const struct serving *serving, struct lanes *lanes,
                          const struct lane_client *client)
{
    if (lanes_put(lanes, client))
        return;
    if (lanes == serving->lanes->questions)
        answer_too_many(&serving->state.answering, client);
    else
        answer_crowded(serving->state.answering.log_throttle, client, true);
    (void)close(client->fd);
}

/* Answers it, if it has said something already, and lets it go. */
static bool serve(struct serving *serving, struct lane_client *client)
{
    switch (answer_client(&serving->state.answering, client)) {
    case ANSWER_NOTHING_SAID:
        return false;
    case ANSWER_BY_QUESTION:
        put_or_refuse(serving, serving->lanes->questions, client);
        break;
    case ANSWER_SLOWLY:
        put_or_refuse(serving, serving->lanes->slow, client);
        break;
    case ANSWER_DONE:
        (void)close(client->fd);
        break;
    }
    serving->served = true;
    return true;
}

/* The next of a lane, if there is one. Nobody is there who has not spoken. */
static void serve_lane(struct serving *serving, size_t lane)
{
    struct lane_client client;

    if (lanes_take(serving->lanes->logins, lane, &client) && !serve(serving, &client))
        (void)close(client.fd);
}

/* Whoever has said something gets into his lane, or is refused; who has not is dropped. */
static void pass_on_or_end(const struct serving *serving, const struct lane_client *client)
{
    bool has_ended;
    const bool has_spoken = answer_has_spoken(client, &has_ended);

    if (has_spoken && lanes_put(serving->lanes->logins, client))
        return;
    if (!has_ended)
        answer_crowded(serving->state.answering.log_throttle, client, has_spoken);
    (void)close(client->fd);
}

/* Whoever has said something gets into his lane. Who has not, or finds no room there, waits where
 * he is in nobody's way; where there are too many of his uid, in the place of the one who has
 * waited longest to be taken there. */
static void pass_on(const struct serving *serving, const struct lane_client *client)
{
    const struct lane_sets *lanes = serving->lanes;
    struct lane_client oldest;
    bool has_ended;
    const bool has_spoken = answer_has_spoken(client, &has_ended);

    if (has_ended) {
        (void)close(client->fd);
        return;
    }
    if ((has_spoken && lanes_put(lanes->logins, client)) || lanes_put(lanes->arrivals, client))
        return;
    if (lanes_take_of(lanes->arrivals, client->uid, &oldest))
        pass_on_or_end(serving, &oldest);
    if (!lanes_put(lanes->arrivals, client))
        pass_on_or_end(serving, client);
}

/* False: it could not be told who it is. */
static bool take_in(int fd, struct lane_client *client)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        (void)close(fd);
        return false;
    }
    *client = (struct lane_client){.fd = fd, .uid = peer.uid, .since_ms = asp_clock_ms()};
    return true;
}

/* Most clients look who listens, and speak at once: a moment costs less than the way through the
 * waiting room and its lanes, and of those who say nothing only the one who has come alone gets it.
 * True: somebody has spoken, or is gone. */
static bool wait_a_moment(const struct lane_client *client)
{
    struct pollfd word = {.fd = client->fd, .events = POLLIN};
    const struct timespec moment = {.tv_nsec = MOMENT_NS};

    return ppoll(&word, 1, &moment, NULL) > 0;
}

/* The same, but that nobody waits in a lane for whom nobody would have to wait, and that is one at
 * a time. */
static void serve_or_pass_on(struct serving *serving, struct lane_client *client)
{
    if (serving->served || !lanes_are_empty(serving->lanes->logins)) {
        pass_on(serving, client);
        return;
    }
    if (!serve(serving, client) && !(wait_a_moment(client) && serve(serving, client)))
        pass_on(serving, client);
}

/* Lets in those who wait. Of more than one it is seen whose turn it is before one is served. True
 * when there may be more. */
static bool accept_some(struct serving *serving)
{
    struct lane_client first = {.fd = -1};
    int count = 0;
    bool more = true;

    while (more && count < AT_A_TIME) {
        struct lane_client client;
        int fd = accept4(serving->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0) {
            more = errno == EINTR || errno == ECONNABORTED;
        } else if (count++ == 0) {
            (void)take_in(fd, &first);
        } else {
            if (first.fd >= 0)
                pass_on(serving, &first);
            first.fd = -1;
            if (take_in(fd, &client))
                pass_on(serving, &client);
        }
    }
    if (first.fd >= 0)
        serve_or_pass_on(serving, &first);
    return more;
}

/* With a mask under which the signal to stop can come. Whoever has come is let in first, and then
 * each lane has its turn. */
static void wait_and_serve(struct serving *serving, int most_ms, const sigset_t *mask)
{
    struct epoll_event events[EVENTS];
    int count = epoll_pwait(serving->epoll, events, EVENTS, most_ms, mask);

    if (count == 0)
        database_idle(serving->state.answering.database.store);
    else
        serving->fits = worker_fits(&serving->state);
    if (!serving->fits)
        return;
    serving->served = false;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == LISTENER)
            (void)accept_some(serving);
    }
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 != LISTENER)
            serve_lane(serving, events[i].data.u32 - FIRST_LANE);
    }
}

/* Of the workers that wait, one is woken for a client. */
static bool listen_to(const struct serving *serving, int fd, uint32_t what)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u32 = what};

    return epoll_ctl(serving->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_serving(struct serving *serving)
{
    const struct lanes *lanes = serving->lanes->logins;
    bool open;

    serving->epoll = epoll_create1(EPOLL_CLOEXEC);
    open = serving->epoll >= 0 && listen_to(serving, serving->listener, LISTENER);
    for (uint32_t i = 0; open && i < LANES; i++)
        open = listen_to(serving, lanes_fd(lanes, i), FIRST_LANE + i);
    return open;
}

/* What has come in before the signal is answered: what waits here, and what the waiting room still
 * puts into the lanes. */
static void finish(struct serving *serving, const sigset_t *mask)
{
    const struct lane_sets *lanes = serving->lanes;
    const int64_t end = asp_clock_ms() + LINGER_MS;

    (void)epoll_ctl(serving->epoll, EPOLL_CTL_DEL, serving->listener, NULL);
    do {
        serving->served = false;
    } while (accept_some(serving));
    lane_sets_stop(lanes);
    while (serving->fits && !lanes_are_over(lanes->logins) && asp_clock_ms() < end)
        wait_and_serve(serving, LOOK_MS, mask);
}

int login_worker_run(void *context)
{
    const struct login_worker *login_worker = context;
    struct serving serving = {
        .listener = login_worker->listener, .lanes = login_worker->worker->lanes, .fits = true};
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigset_t mask;

    worker_begin(login_worker->worker, &serving.state);
    serving.state.answering.quick = true;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigdelset(&mask, SIGTERM);
    if (!open_serving(&serving)) {
        syslog(LOG_ERR, "a worker cannot listen: %s", strerror(errno));
        return 1;
    }
    /* One that ends by itself leaves those who wait to the one in its place. */
    while (stop == 0 && serving.fits)
        wait_and_serve(&serving, database_idle_ms(serving.state.answering.database.store), &mask);
    if (serving.fits)
        finish(&serving, &mask);
    worker_end(&serving.state);
    (void)close(serving.epoll);
    return 0;
}
