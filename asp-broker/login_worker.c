/* One worker: connections, the logins that come in on them, whose turn it is. */
#include "login_worker.h"

#include "asp/broker_socket.h"
#include "asp/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

enum {
    CONNECTIONS = 64, /* connections that have not said anything yet, or find no room in their lane
                       */
    SAY_MS = 500,
    CROWD_MS = 1000, /* as long as hosts wait where no hash is slow */
    RETRY_MS = 10,   /* until room is looked for again */
    AT_A_TIME = 256, /* let in before one of them is served */
    EVENTS = 16,
};

/* What an event is of: the listener, or a lane or a connection by its number. */
enum { LISTENER, FIRST_LANE, FIRST_CONNECTION = FIRST_LANE + LANES };

struct connection {
    struct lane_client client; /* its fd is -1 in a free place */
    bool listened_to;          /* it makes events here */
    bool spoken;               /* and its lane is full */
};

struct serving {
    const struct login_worker *login_worker;
    struct answering answering;
    int epoll;
    bool served; /* somebody, since new ones were last let in */
    struct connection connections[CONNECTIONS];
};

static volatile sig_atomic_t stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

static void drop(struct connection *connection)
{
    (void)close(connection->client.fd);
    connection->client.fd = -1;
}

/* Whoever else has the connection open would make it go on to make events here. */
static void stop_listening_to(struct serving *serving, struct connection *connection)
{
    if (connection->listened_to)
        (void)epoll_ctl(serving->epoll, EPOLL_CTL_DEL, connection->client.fd, NULL);
    connection->listened_to = false;
}

/* Answers it, if it has said something already, and lets it go. */
static void serve(struct serving *serving, struct connection *connection)
{
    const enum answered answered = answer_client(&serving->answering, &connection->client);

    if (answered == ANSWER_NOTHING_SAID)
        return;
    serving->served = true;
    stop_listening_to(serving, connection);
    if (answered == ANSWER_ELSEWHERE) {
        if (lanes_put(serving->login_worker->questions, &connection->client)) {
            connection->client.fd = -1;
            return;
        }
        answer_too_many(&serving->answering, &connection->client);
    }
    drop(connection);
}

/* The next of a lane, if there is one. */
static bool serve_lane(struct serving *serving, size_t lane)
{
    struct connection next = {.client.fd = -1};

    if (!lanes_take(serving->login_worker->lanes, lane, &next.client))
        return false;
    serve(serving, &next);
    if (next.client.fd >= 0)
        drop(&next);
    return true;
}

/* The one of a uid that has waited longest for room in its lane; NULL: none does. */
static struct connection *find_waiting(struct serving *serving, uid_t uid)
{
    struct connection *oldest = NULL;

    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &serving->connections[i];

        if (connection->client.fd >= 0 && connection->spoken && connection->client.uid == uid &&
            (oldest == NULL || connection->client.since_ms < oldest->client.since_ms))
            oldest = connection;
    }
    return oldest;
}

/* Whoever has said something gets into his lane, or waits here until there is room. */
static void queue(struct serving *serving, struct connection *connection)
{
    const struct connection *first;

    if (!connection->spoken) {
        char byte;
        ssize_t length = recv(connection->client.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        stop_listening_to(serving, connection);
        connection->spoken = true;
        if (length <= 0) {
            drop(connection);
            return;
        }
    }
    /* Nobody passes one of his own uid who has waited longer. */
    first = find_waiting(serving, connection->client.uid);
    if (first != NULL && first != connection)
        return;
    if (lanes_put(serving->login_worker->lanes, &connection->client))
        connection->client.fd = -1;
}

/* The same, but that nobody waits in a lane for whom nobody would have to wait, and that is one at
 * a time. */
static void serve_or_queue(struct serving *serving, struct connection *connection)
{
    if (!serving->served && lanes_are_empty(serving->login_worker->lanes))
        serve(serving, connection);
    else
        queue(serving, connection);
}

static struct connection *find_free(struct serving *serving)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (serving->connections[i].client.fd < 0)
            return &serving->connections[i];
    }
    return NULL;
}

static size_t count_of(const struct serving *serving, uid_t uid)
{
    size_t count = 0;

    for (size_t i = 0; i < CONNECTIONS; i++)
        count += serving->connections[i].client.uid == uid;
    return count;
}

/* Of two of one uid: the silent one, then the older of the silent, and the newer of the others. */
static bool is_worth_less(const struct connection *connection, const struct connection *other)
{
    if (connection->spoken != other->spoken)
        return !connection->spoken;
    return (connection->client.since_ms < other->client.since_ms) != connection->spoken;
}

/* Where no place is free: of the uid that has most of them, the connection that is worth least. */
static struct connection *find_crowding(struct serving *serving)
{
    struct connection *worst = &serving->connections[0];
    size_t most = 0;

    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &serving->connections[i];
        const size_t count = count_of(serving, connection->client.uid);

        if (count > most ||
            (connection->client.uid == worst->client.uid && is_worth_less(connection, worst)))
            worst = connection;
        if (count > most)
            most = count;
    }
    return worst;
}

static void log_crowd(const struct serving *serving, const struct connection *connection)
{
    const uid_t uid = connection->client.uid;

    log_throttled(serving->answering.log_throttle, THROTTLED_CROWDED, uid, LOG_NOTICE,
                  connection->spoken
                      ? "uid %lu has more logins waiting than can be decided: some are refused"
                      : "uid %lu has many connections that say nothing: the oldest are dropped",
                  (unsigned long)uid);
}

/* One whose client has given up while it waited, or NULL. */
static struct connection *find_gone(struct serving *serving)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &serving->connections[i];

        if (connection->spoken && answer_has_no_taker(&connection->client))
            return connection;
    }
    return NULL;
}

static struct connection *make_room(struct serving *serving)
{
    struct connection *worst = find_gone(serving);

    if (worst != NULL) {
        drop(worst);
        return worst;
    }
    worst = find_crowding(serving);
    queue(serving, worst);
    if (worst->client.fd < 0)
        return worst;
    log_crowd(serving, worst);
    if (worst->spoken)
        answer_refuse(&worst->client, "too many logins wait: try again in a moment");
    drop(worst);
    return worst;
}

/* Where all places are taken: nobody who has said something is refused while he can still be
 * answered in time, and the others wait outside then. One that is silent makes room, but not
 * `first`, who was not listened to yet. */
static bool has_room(struct serving *serving, const struct connection *first)
{
    int64_t oldest = INT64_MAX;
    bool silent = false;

    for (size_t i = 0; i < CONNECTIONS; i++) {
        const struct connection *connection = &serving->connections[i];

        if (connection->client.fd < 0)
            return true;
        silent |= !connection->spoken && connection != first;
        if (connection->spoken && connection->client.since_ms < oldest)
            oldest = connection->client.since_ms;
    }
    return oldest <= asp_clock_ms() - CROWD_MS || (silent && !find_crowding(serving)->spoken);
}

/* NULL: it could not be told who it is. */
static struct connection *take_in(struct serving *serving, int fd)
{
    struct connection *connection = find_free(serving);
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        (void)close(fd);
        return NULL;
    }
    if (connection == NULL)
        connection = make_room(serving);
    *connection = (struct connection){
        .client = {.fd = fd, .uid = peer.uid, .since_ms = asp_clock_ms()},
    };
    return connection;
}

/* Serves or queues one who has just come, or waits for what he says; NULL is passed over. */
static void welcome(struct serving *serving, struct connection *connection, bool alone)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (connection == NULL)
        return;
    event.data.u32 = (uint32_t)(FIRST_CONNECTION + (connection - serving->connections));
    if (alone)
        serve_or_queue(serving, connection);
    else
        queue(serving, connection);
    if (connection->client.fd < 0 || connection->spoken)
        return;
    connection->listened_to =
        epoll_ctl(serving->epoll, EPOLL_CTL_ADD, connection->client.fd, &event) == 0;
    if (!connection->listened_to)
        drop(connection);
}

/* Lets in those who wait. Of more than one it is seen whose turn it is before one is served. True
 * when there may be more. */
static bool accept_some(struct serving *serving)
{
    struct connection *first = NULL;
    int count = 0;
    bool more = true;

    while (more && count < AT_A_TIME && has_room(serving, first)) {
        int fd = accept4(serving->login_worker->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0 && count++ == 0) {
            first = take_in(serving, fd);
        } else if (fd >= 0) {
            welcome(serving, first, false);
            first = NULL;
            welcome(serving, take_in(serving, fd), false);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            more = false;
        }
    }
    welcome(serving, first, true);
    return more;
}

/* Puts those of a uid into its lane, in their order, as far as there is room. */
static void queue_all_of(struct serving *serving, uid_t uid)
{
    struct connection *waiting = find_waiting(serving, uid);

    while (waiting != NULL) {
        queue(serving, waiting);
        waiting = waiting->client.fd < 0 ? find_waiting(serving, uid) : NULL;
    }
}

/* Drops those whose time is over and who have not said anything by now, and looks for room for the
 * others. Returns how long it is until somebody is to be looked after again, -1: nobody. */
static int look_after(struct serving *serving)
{
    const int64_t time = asp_clock_ms();
    int64_t next = -1;

    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &serving->connections[i];
        int64_t left = connection->client.since_ms + SAY_MS - time;

        if (connection->client.fd >= 0 && !connection->spoken && left <= 0)
            queue(serving, connection);
        else if (connection->client.fd >= 0 &&
                 find_waiting(serving, connection->client.uid) == connection)
            queue_all_of(serving, connection->client.uid);
        if (connection->client.fd < 0)
            continue;
        if (connection->spoken) {
            left = RETRY_MS;
        } else if (left <= 0) {
            const uid_t uid = connection->client.uid;

            log_throttled(serving->answering.log_throttle, THROTTLED_SILENT, uid, LOG_NOTICE,
                          "uid %lu has connected and said nothing for %d ms: dropped",
                          (unsigned long)uid, SAY_MS);
            drop(connection);
            continue;
        }
        if (next < 0 || left < next)
            next = left;
    }
    return (int)next;
}

static void handle(struct serving *serving, uint32_t event)
{
    struct connection *connection;

    if (event == LISTENER)
        return;
    if (event < FIRST_CONNECTION) {
        (void)serve_lane(serving, event - FIRST_LANE);
        return;
    }
    connection = &serving->connections[event - FIRST_CONNECTION];
    if (connection->client.fd >= 0 && !connection->spoken)
        serve_or_queue(serving, connection);
}

/* With a mask under which the signal to stop can come. Whoever has come is let in first, and then
 * each lane has its turn. */
static void wait_and_serve(struct serving *serving, int most_ms, const sigset_t *mask)
{
    struct epoll_event events[EVENTS];
    int count = epoll_pwait(serving->epoll, events, EVENTS, most_ms, mask);

    serving->served = false;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == LISTENER)
            (void)accept_some(serving);
    }
    for (int i = 0; i < count; i++)
        handle(serving, events[i].data.u32);
}

/* Of the workers that wait, one is woken for a client. */
static bool listen_to(const struct serving *serving, int fd, uint32_t what)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u32 = what};

    return epoll_ctl(serving->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_serving(struct serving *serving)
{
    const struct lanes *lanes = serving->login_worker->lanes;
    bool open;

    for (size_t i = 0; i < CONNECTIONS; i++)
        serving->connections[i].client.fd = -1;
    serving->epoll = epoll_create1(EPOLL_CLOEXEC);
    open = serving->epoll >= 0 && listen_to(serving, serving->login_worker->listener, LISTENER);
    for (uint32_t i = 0; open && i < LANES; i++)
        open = listen_to(serving, lanes_fd(lanes, i), FIRST_LANE + i);
    return open;
}

/* What has come in before the signal is answered. */
static void finish(struct serving *serving, const sigset_t *mask)
{
    bool more;
    int left;

    (void)epoll_ctl(serving->epoll, EPOLL_CTL_DEL, serving->login_worker->listener, NULL);
    do {
        serving->served = false;
        more = accept_some(serving);
        left = look_after(serving);
        for (size_t i = 0; i < LANES; i++)
            more |= serve_lane(serving, i);
        if (!more && left >= 0)
            wait_and_serve(serving, left, mask);
    } while (more || left >= 0);
}

int login_worker_run(void *context)
{
    struct serving serving = {.login_worker = context};
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigset_t mask;

    serving.answering = (struct answering){
        .conf_path = serving.login_worker->conf_path,
        .conf_required = serving.login_worker->conf_required,
        .log_throttle = serving.login_worker->log_throttle,
    };
    password_works_begin(&serving.answering.works, serving.login_worker->conf_path,
                         serving.login_worker->conf_required);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigdelset(&mask, SIGTERM);
    if (!open_serving(&serving)) {
        syslog(LOG_ERR, "a worker cannot listen: %s", strerror(errno));
        return 1;
    }
    while (stop == 0)
        wait_and_serve(&serving, look_after(&serving), &mask);
    finish(&serving, &mask);
    (void)close(serving.epoll);
    return 0;
}
