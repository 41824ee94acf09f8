/* The loop: what clients and the broker have to say is taken as it comes. */
#include "server.h"

#include "api.h"
#include "authorize.h"
#include "once_serve.h"
#include "reply.h"
#include "request.h"

#include "asp/clock.h"
#include "asp/safeio.h"

#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

enum {
    EVENTS = 64,
    CONNECTION_ROOM = 32 * 1024, /* bytes for head, body and the head of the answer */
};

static struct connection *connection_of(struct MHD_Connection *handle)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static void notice_connection(void *context, struct MHD_Connection *handle, void **socket_context,
                              enum MHD_ConnectionNotificationCode code)
{
    struct web *web = context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *socket_context = connections_add(&web->connections, handle, asp_clock_ms());
    else if (*socket_context != NULL)
        connection_remove(*socket_context);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED)
        web->has_more = true;
}

/* The first line of a request. The first of a connection has the time since that was made. */
static void *notice_request(void *context, const char *uri, struct MHD_Connection *handle)
{
    struct connection *connection = connection_of(handle);

    (void)context;
    (void)uri;
    if (connection != NULL && connection->requests++ > 0)
        connection->deadline = asp_clock_ms() + CONNECTION_READ_MS;
    return NULL;
}

/* Paths are compared as they were sent. */
static size_t leave_escaped(void *context, struct MHD_Connection *handle, char *text)
{
    (void)context;
    (void)handle;
    return strlen(text);
}

static void finish_request(void *context, struct MHD_Connection *handle, void **con_cls,
                           enum MHD_RequestTerminationCode code)
{
    struct request *request = *con_cls;

    (void)context;
    (void)handle;
    (void)code;
    if (request == NULL)
        return;
    request->connection->at_work = false;
    request->connection->deadline = asp_clock_ms() + CONNECTION_READ_MS;
    if (request->session != NULL && request->session->waiting == request)
        request->session->waiting = NULL;
    authorize_forget(request);
    request_wipe_body(request);
    sodium_memzero(request, sizeof *request);
    free(request);
    *con_cls = NULL;
}

static enum MHD_Result begin_request(struct web *web, struct MHD_Connection *handle,
                                     const char *path, const char *method, const char *version,
                                     void **con_cls)
{
    struct request *request = calloc(1, sizeof *request);

    if (request == NULL)
        return MHD_NO;
    request->connection = connection_of(handle);
    if (request->connection == NULL) {
        free(request);
        return MHD_NO;
    }
    *con_cls = request;
    request->web = web;
    request->handle = handle;
    request->route = api_find(path);
    request->refusal = request_check(request, path, method, version);
    if (web->authorizer != NULL)
        authorize_take(request, path, method);
    request->connection->at_work = request->refusal.status == 0;
    /* Before its body, which then is not read. A short one is, for a proxy that hands it on while
     * the connection ends says 502 to the page, and not what it was refused for. */
    if (request->refusal.status != 0 && request->body_comes && !request->body_fits)
        return reply_refuse(request, request->refusal.status, request->refusal.why);
    return MHD_YES;
}

static enum MHD_Result handle_request(void *context, struct MHD_Connection *handle,
                                      const char *path, const char *method, const char *version,
                                      const char *bytes, size_t *length, void **con_cls)
{
    struct request *request = *con_cls;
    bool taken;

    if (request == NULL)
        return begin_request(context, handle, path, method, version, con_cls);
    if (*length > 0) {
        taken = request_take_body(request, bytes, *length);
        *length = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    request->connection->deadline = 0;
    if (request->refusal.status != 0)
        return reply_refuse(request, request->refusal.status, request->refusal.why);
    if (request->authorization != NULL)
        return authorize_serve(request);
    if (request->once)
        return once_serve(request);
    return request->file != NULL ? reply_file(request) : api_serve(request);
}

/* Wakes who has waited long enough, ends one-time addresses, and forgets sessions that are long
 * over. The next time for it, or INT64_MAX. */
static int64_t look_at_sessions(struct web *web, int64_t now)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &web->sessions.list[i];
        const int64_t once = once_look(&session->once, now);

        next = once < next ? once : next;
        if (session->waiting != NULL && session->waiting->wait_until <= now)
            session_wake(session);
        if (session->over_since != 0 && now - session->over_since >= SESSION_OVER_MS)
            session_close(session);
        if (session->waiting != NULL && session->waiting->wait_until < next)
            next = session->waiting->wait_until;
        if (session->over_since != 0 && session->over_since + SESSION_OVER_MS < next)
            next = session->over_since + SESSION_OVER_MS;
    }
    return next;
}

/* What is late is ended, and what is due is done. Milliseconds until there is more of it. */
static int look_at_clock(struct web *web)
{
    const int64_t now = asp_clock_ms();
    int64_t next =
        web->authorizer != NULL ? authorize_look_at_clock(web, now) : look_at_sessions(web, now);
    const int64_t late = connections_shut_late(&web->connections, now);
    MHD_UNSIGNED_LONG_LONG own;

    next = late < next ? late : next;
    if (MHD_get_timeout(web->daemon, &own) == MHD_YES && own < INT_MAX && now + (int64_t)own < next)
        next = now + (int64_t)own;
    if (web->has_more)
        return 0;
    return next == INT64_MAX ? -1 : next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

static bool watch(struct web *web, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

    return epoll_ctl(web->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Where there were as many connections as may be, the library begins to accept others when it is
 * run after one has ended. */
static void serve_clients(struct web *web)
{
    do {
        web->has_more = false;
        (void)MHD_run(web->daemon);
    } while (web->has_more);
}

/* Until a signal comes. */
static void work(struct web *web)
{
    struct epoll_event events[EVENTS];
    bool more = true;

    while (more) {
        const int count = epoll_wait(web->epoll, events, EVENTS, look_at_clock(web));

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                more = false;
            else if (events[i].data.ptr != web && web->authorizer != NULL)
                authorize_receive(web, events[i].data.ptr);
            else if (events[i].data.ptr != web)
                api_receive(events[i].data.ptr);
        }
        serve_clients(web);
    }
}

static enum asp_status start(struct web *web, int listener, int signals, struct asp_error *error)
{
    const union MHD_DaemonInfo *info;

    web->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle_request, web,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_ROOM, MHD_OPTION_NOTIFY_CONNECTION, notice_connection, web,
        MHD_OPTION_NOTIFY_COMPLETED, finish_request, web, MHD_OPTION_URI_LOG_CALLBACK,
        notice_request, web, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, web,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (web->daemon == NULL)
        return asp_fail_errno(error, "the server does not start");
    info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || !watch(web, info->epoll_fd, web) || !watch(web, signals, NULL))
        return asp_fail_errno(error, "epoll");
    return ASP_OK;
}

/* The library stops when nobody waits any more. */
static void stop(struct web *web)
{
    if (web->authorizer != NULL)
        authorize_end(web);
    for (size_t i = 0; i < SESSIONS_MAX && web->sessions.list != NULL; i++)
        session_close(&web->sessions.list[i]);
    if (web->daemon == NULL)
        return;
    (void)MHD_run(web->daemon);
    MHD_stop_daemon(web->daemon);
    web->daemon = NULL;
}

enum asp_status server_run(struct web *web, int listener, struct asp_error *error)
{
    sigset_t ends;
    enum asp_status status = ASP_OK;
    int signals;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    web->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (signals < 0 || web->epoll < 0)
        status = asp_fail_errno(error, "epoll");
    else if (web->authorizer == NULL && !sessions_open(&web->sessions))
        status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    if (status == ASP_OK)
        status = start(web, listener, signals, error);
    if (status == ASP_OK)
        work(web);
    stop(web);
    sessions_close(&web->sessions);
    asp_close(web->epoll);
    asp_close(signals);
    return status;
}
