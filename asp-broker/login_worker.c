/* One worker: connections, the logins that come in on them, the answers. */
#include "login_worker.h"

#include "client_policy.h"
#include "password_work.h"

#include "asp-admin/system/users.h"
#include "asp/broker_login.h"
#include "asp/broker_socket.h"
#include "asp/buffer.h"
#include "asp/clock.h"
#include "pam_asp/conf_cache.h"
#include "pam_asp/login_log.h"
#include "pam_asp/name_service.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 64, /* connections that have not said anything yet */
    SAY_MS = 500,
    EVENTS = 16,
    NAME_MS = 60 * 1000, /* how long the name of a uid is remembered */
};

struct connection {
    int fd; /* -1: a free place */
    uid_t uid;
    int64_t since_ms;
};

struct serving {
    const struct login_worker *login_worker;
    int epoll;
    struct password_works works;
    struct connection connections[CONNECTIONS];
    char name[ASP_BY_SIZE]; /* of the uid that asked last */
    uid_t name_uid;
    int64_t name_until; /* 0: there is none */
};

static volatile sig_atomic_t stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

static void log_to_syslog(void *context, int level, const char *line)
{
    (void)context;
    syslog(level, "%s", line);
}

/* Who a uid is, looked up once a minute: the same host asks again and again. */
static const char *name_of_client(struct serving *serving, uid_t uid)
{
    int64_t now = asp_clock_ms();

    if (serving->name_until <= now || serving->name_uid != uid) {
        user_name_of(uid, serving->name, sizeof serving->name);
        serving->name_uid = uid;
        serving->name_until = now + NAME_MS;
    }
    return serving->name;
}

static void decide(const struct shared_conf *shared, const struct asp_request *request,
                   unsigned version, struct asp_message *answer)
{
    const struct asp_conf *conf = conf_cache_read(shared);
    struct asp_outcome outcome;

    asp_login(conf, conf_cache_kept(shared), &name_service, request, time(NULL), &outcome);
    login_log_decision(log_to_syslog, NULL, conf, request, &outcome);
    asp_broker_outcome_write(&outcome, version, answer);
    asp_outcome_free(&outcome);
}

static void log_claim(const struct serving *serving, uid_t uid, const char *why)
{
    struct asp_buffer line = {0};

    asp_buffer_add_logged(&line, why);
    if (!line.failed)
        log_throttled(serving->login_worker->log_throttle, THROTTLED_CLAIM, uid, LOG_NOTICE,
                      "refused: %s", line.text);
    asp_buffer_free(&line);
}

/* True for one who does not wait for the answer any more: what it asked for is not to be done, and
 * not to be logged as if it had been. */
static bool has_gone(void *asker)
{
    const struct connection *connection = asker;
    struct pollfd end = {.fd = connection->fd, .events = POLLRDHUP};

    return poll(&end, 1, 0) > 0;
}

/* A question is answered by a configuration that is sound, and to a client that may ask it. */
static enum asp_status answer_question(struct serving *serving, struct connection *connection,
                                       struct asp_request *request, unsigned version,
                                       struct asp_message *answer, struct asp_error *error)
{
    const struct login_worker *login_worker = serving->login_worker;
    const uid_t uid = connection->uid;
    struct shared_conf *conf = NULL;
    char line[ASP_ERROR_LINE];
    enum asp_status status =
        conf_cache_acquire(login_worker->conf_path, login_worker->conf_required, &conf, error);

    if (status != ASP_OK) {
        log_throttled(login_worker->log_throttle, THROTTLED_FAILED, uid, LOG_ERR,
                      "configuration: %s", asp_error_line(error, line));
        return status;
    }
    status = client_policy_check(conf_cache_read(conf), uid, request->via, request, error);
    if (status == ASP_OK) {
        request->deadline = connection->since_ms + asp_broker_patience(conf_cache_read(conf));
        request->gone = has_gone;
        request->asker = connection;
        decide(conf, request, version, answer);
    } else {
        log_claim(serving, uid, asp_error_line(error, line));
    }
    conf_cache_release(conf);
    return status;
}

static enum asp_status answer_login(struct serving *serving, struct connection *connection,
                                    const struct asp_message_read *message,
                                    struct asp_message *answer, struct asp_error *error)
{
    const char *name = name_of_client(serving, connection->uid);
    struct asp_request request;
    char line[ASP_ERROR_LINE];

    if (asp_broker_login_read(message, &request)) {
        request.via = name;
        return answer_question(serving, connection, &request, message->version, answer, error);
    }
    (void)asp_fail(error, ASP_CORRUPT, "what %s says is no question", name);
    log_throttled(serving->login_worker->log_throttle, THROTTLED_GARBAGE, connection->uid,
                  LOG_NOTICE, "%s", asp_error_line(error, line));
    return ASP_CORRUPT;
}

/* Root alone may say that a password was set: for a user who has no line in shadow, that ends her
 * app passwords. The answer comes from another process. */
static enum asp_status begin_password(struct serving *serving, const struct connection *connection,
                                      const struct asp_broker_password *set, unsigned version,
                                      struct asp_error *error)
{
    if (connection->uid == 0) {
        /* What that process has open stays in the set that is waited for. */
        (void)epoll_ctl(serving->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
        return password_work_begin(&serving->works, connection->fd, set, version, error);
    }
    (void)asp_fail(error, ASP_DENIED, "%s may not say that a primary password was set: only root",
                   name_of_client(serving, connection->uid));
    log_claim(serving, connection->uid, error->text);
    return ASP_DENIED;
}

/* What a client has said, and what it is answered. */
static void answer_to(struct serving *serving, struct connection *connection, const uint8_t *bytes,
                      size_t length, struct asp_message *answer)
{
    const uid_t uid = connection->uid;
    struct asp_message_read message;
    struct asp_broker_password set;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum asp_status status =
        asp_message_read(bytes, length, name_of_client(serving, uid), &message, &error);

    if (status != ASP_OK)
        log_throttled(serving->login_worker->log_throttle, THROTTLED_GARBAGE, uid, LOG_NOTICE, "%s",
                      asp_error_line(&error, line));
    else if (asp_broker_password_read(&message, &set))
        status = begin_password(serving, connection, &set, message.version, &error);
    else
        status = answer_login(serving, connection, &message, answer, &error);
    if (status != ASP_OK) {
        asp_message_refuse(answer, asp_error_line(&error, line));
        asp_message_set_version(answer, message.version);
    }
}

static void drop(struct connection *connection)
{
    (void)close(connection->fd);
    connection->fd = -1;
}

/* Reads what a connection says, if it has said it already, answers, and lets it go. */
static void serve(struct serving *serving, struct connection *connection)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message answer;
    /* With MSG_TRUNC the whole length, also of what does not fit: then it is no message. */
    ssize_t length = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC);

    answer.failed = true; /* there is none yet; all of it need not be cleared */
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length > 0) {
        bool fits = length <= (ssize_t)sizeof bytes;

        if (!has_gone(connection))
            answer_to(serving, connection, bytes, fits ? (size_t)length : 0, &answer);
        sodium_memzero(bytes, fits ? (size_t)length : sizeof bytes);
        if (!answer.failed)
            (void)send(connection->fd, answer.bytes, answer.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    drop(connection);
}

/* A free place; where there is none, that of whoever has been silent for longest, and still is. */
static struct connection *find_place(struct serving *serving)
{
    struct connection *oldest = &serving->connections[0];

    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &serving->connections[i];

        if (connection->fd < 0)
            return connection;
        if (connection->since_ms < oldest->since_ms)
            oldest = connection;
    }
    serve(serving, oldest);
    if (oldest->fd < 0)
        return oldest;
    log_throttled(serving->login_worker->log_throttle, THROTTLED_CROWDED, oldest->uid, LOG_NOTICE,
                  "uid %lu has many connections that say nothing: the oldest are dropped",
                  (unsigned long)oldest->uid);
    drop(oldest);
    return oldest;
}

static bool await_message(struct serving *serving, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    return epoll_ctl(serving->epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0;
}

static void accept_connection(struct serving *serving, int fd)
{
    struct connection *connection = find_place(serving);
    struct ucred peer;
    socklen_t size = sizeof peer;

    connection->fd = fd;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        drop(connection);
        return;
    }
    connection->uid = peer.uid;
    connection->since_ms = asp_clock_ms();
    serve(serving, connection);
    if (connection->fd >= 0 && !await_message(serving, connection))
        drop(connection);
}

/* Lets in those who wait, so many at a time that nobody who is in has to wait for all of them. True
 * when there may be more. */
static bool accept_some(struct serving *serving)
{
    for (int count = 0; count < EVENTS;) {
        int fd = accept4(serving->login_worker->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            accept_connection(serving, fd);
            count++;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return false;
        }
    }
    return true;
}

/* Drops those whose time is over and who have not said anything by now. Returns how long the next
 * one has, -1: there is none. */
static int drop_silent(struct serving *serving)
{
    int64_t time = asp_clock_ms();
    int64_t next = -1;

    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &serving->connections[i];
        int64_t left = connection->since_ms + SAY_MS - time;

        if (connection->fd < 0)
            continue;
        if (left <= 0)
            serve(serving, connection);
        if (connection->fd < 0)
            continue;
        if (left <= 0) {
            log_throttled(serving->login_worker->log_throttle, THROTTLED_SILENT, connection->uid,
                          LOG_NOTICE, "uid %lu has connected and said nothing for %d ms: dropped",
                          (unsigned long)connection->uid, SAY_MS);
            drop(connection);
        } else if (next < 0 || left < next) {
            next = left;
        }
    }
    return (int)next;
}

/* With a mask under which the signal to stop can come. */
static void wait_and_serve(struct serving *serving, int most_ms, const sigset_t *mask)
{
    struct epoll_event events[EVENTS];
    int count = epoll_pwait(serving->epoll, events, EVENTS, most_ms, mask);

    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;

        if (connection == NULL)
            (void)accept_some(serving);
        else if (connection->fd >= 0)
            serve(serving, connection);
    }
}

static bool open_serving(struct serving *serving)
{
    /* Of the workers that wait, one is woken for a client. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = NULL};

    for (size_t i = 0; i < CONNECTIONS; i++)
        serving->connections[i].fd = -1;
    serving->epoll = epoll_create1(EPOLL_CLOEXEC);
    return serving->epoll >= 0 &&
           epoll_ctl(serving->epoll, EPOLL_CTL_ADD, serving->login_worker->listener, &event) == 0;
}

/* What has come in before the signal is answered. */
static void finish(struct serving *serving, const sigset_t *mask)
{
    int left;

    (void)epoll_ctl(serving->epoll, EPOLL_CTL_DEL, serving->login_worker->listener, NULL);
    while (accept_some(serving))
        ;
    while ((left = drop_silent(serving)) >= 0)
        wait_and_serve(serving, left, mask);
}

int login_worker_run(void *context)
{
    struct serving serving = {.login_worker = context};
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigset_t mask;

    password_works_begin(&serving.works, serving.login_worker->conf_path,
                         serving.login_worker->conf_required);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigdelset(&mask, SIGTERM);
    if (!open_serving(&serving)) {
        syslog(LOG_ERR, "a worker cannot listen: %s", strerror(errno));
        return 1;
    }
    while (stop == 0)
        wait_and_serve(&serving, drop_silent(&serving), &mask);
    finish(&serving, &mask);
    (void)close(serving.epoll);
    return 0;
}
