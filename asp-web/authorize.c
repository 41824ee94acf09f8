/* Answers for proxies that have no PAM. */
#include "authorize.h"

#include "basic_credentials.h"
#include "broker_question.h"
#include "remote_user.h"
#include "reply.h"
#include "request.h"

#include "asp-admin/system/users.h"
#include "asp/broker_login.h"
#include "asp/clock.h"
#include "asp/name.h"
#include "asp/safeio.h"
#include "asp/scope.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>

#define PATH "/authorize/"
#define CHALLENGE "Basic realm=\"%s\", charset=\"UTF-8\""

enum {
    ASKED_MAX = 64, /* at once: the broker has room for more of one user, and not for any number */
    RETRY_MS = 10,
    LOG_MS = 60 * 1000,
};

enum state { NEW, UNASKED, ASKED, ANSWERED };

/* A request, and what becomes of it. */
struct authorization {
    struct request *request;
    struct authorization *before; /* among those that wait */
    struct authorization *after;
    enum state state;
    char service[ASP_SERVICE_MAX + 1];
    struct basic_credentials credentials; /* without a password: there are none */
    int fd;                               /* in ASKED: where the answer comes */
    int64_t deadline;
    struct asp_outcome outcome;
};

static bool may_ask(const struct authorizer *authorizer, const struct asp_conf *conf,
                    const char *service)
{
    for (size_t i = 0; i < conf->client_count; i++) {
        const struct asp_client *client = &conf->clients[i];

        if (strcmp(client->user, authorizer->user) == 0 &&
            asp_names_contain(&client->services, client->services.count, service))
            return !asp_scope_is_guarded(conf, service);
    }
    return false;
}

enum asp_status authorize_begin(struct authorizer *authorizer, const struct asp_conf *conf,
                                struct asp_error *error)
{
    *authorizer = (struct authorizer){0};
    user_name_of(geteuid(), authorizer->user, sizeof authorizer->user);
    for (size_t i = 0; i < conf->client_count; i++) {
        const struct asp_names *services = &conf->clients[i].services;

        for (size_t k = 0; k < services->count; k++) {
            if (may_ask(authorizer, conf, services->names[k]))
                return ASP_OK;
        }
    }
    return asp_fail(error, ASP_DENIED,
                    "broker.clients lists no service for %s that is not guarded: put it there, "
                    "with those that proxies may ask for",
                    authorizer->user);
}

/* Requests */

/* The service in a path; NULL: there is none. */
static const char *service_in(const char *path)
{
    const char *service = path + sizeof PATH - 1;
    size_t length;

    if (strncmp(path, PATH, sizeof PATH - 1) != 0)
        return NULL;
    length = strspn(service, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
    return length > 0 && length <= ASP_SERVICE_MAX && service[length] == '\0' ? service : NULL;
}

static struct refusal check(struct request *request, const char *path, const char *method)
{
    const struct web *web = request->web;
    const char *service = service_in(path);
    struct authorization *authorization;

    if (service == NULL)
        return (struct refusal){MHD_HTTP_NOT_FOUND, "there is nothing here"};
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return (struct refusal){MHD_HTTP_METHOD_NOT_ALLOWED, "this is not done so"};
    if (!may_ask(web->authorizer, web->conf, service))
        return (struct refusal){MHD_HTTP_FORBIDDEN, "nobody is let in to this service from here"};
    authorization = calloc(1, sizeof *authorization);
    if (authorization == NULL)
        return (struct refusal){MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory: try again"};
    request->authorization = authorization;
    authorization->request = request;
    authorization->fd = -1;
    memcpy(authorization->service, service, strlen(service) + 1);
    (void)basic_credentials_read(MHD_lookup_connection_value(request->handle, MHD_HEADER_KIND,
                                                             MHD_HTTP_HEADER_AUTHORIZATION),
                                 &authorization->credentials);
    return (struct refusal){0, NULL};
}

/* The library lends its own room, in which they would lie until others come there. */
static enum MHD_Result wipe(void *context, enum MHD_ValueKind kind, const char *name,
                            size_t name_length, const char *value, size_t value_length)
{
    (void)context;
    (void)kind;
    (void)name_length;
    if (value != NULL && strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0)
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): const, but nobody else's */
        sodium_memzero((void *)(uintptr_t)value, value_length);
    return MHD_YES;
}

void authorize_take(struct request *request, const char *path, const char *method)
{
    if (request->refusal.status == 0)
        request->refusal = check(request, path, method);
    (void)MHD_get_connection_values_n(request->handle, MHD_HEADER_KIND, wipe, NULL);
}

static enum MHD_Result challenge(struct request *request)
{
    char line[sizeof CHALLENGE + ASP_SERVICE_MAX];
    const struct reply_head heads[] = {{"WWW-Authenticate", line}, {NULL, NULL}};

    (void)snprintf(line, sizeof line, CHALLENGE, request->authorization->service);
    return reply_send(request,
                      (struct reply){.status = MHD_HTTP_UNAUTHORIZED,
                                     .document = json_pack("{s:s}", "error", "no app password"),
                                     .heads = heads});
}

static enum MHD_Result admit(struct request *request, const struct asp_outcome *outcome)
{
    char user[REMOTE_USER_SIZE];
    const struct reply_head heads[] = {
        {"Remote-User", user},
        {"Asp-Id", outcome->id},
        {"Asp-App", outcome->app},
        {NULL, NULL},
    };

    remote_user_write(outcome->account, user);
    return reply_send(
        request, (struct reply){.status = MHD_HTTP_OK, .document = json_object(), .heads = heads});
}

static enum MHD_Result answer(struct request *request)
{
    const struct asp_outcome *outcome = &request->authorization->outcome;

    if (outcome->verdict == ASP_ACCEPTED)
        return admit(request, outcome);
    if (outcome->verdict != ASP_UNAVAILABLE)
        return challenge(request);
    return reply_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                        "no app password can be looked at just now: try again");
}

/* Those that wait */

static void add(struct authorizer *authorizer, struct authorization *authorization)
{
    authorization->before = authorizer->last;
    if (authorizer->last != NULL)
        authorizer->last->after = authorization;
    else
        authorizer->first = authorization;
    authorizer->last = authorization;
    authorizer->waiting++;
}

/* It waits no more, and has the outcome that is in it. */
static void settle(struct authorizer *authorizer, struct authorization *authorization)
{
    if (authorization->before != NULL)
        authorization->before->after = authorization->after;
    else
        authorizer->first = authorization->after;
    if (authorization->after != NULL)
        authorization->after->before = authorization->before;
    else
        authorizer->last = authorization->before;
    authorizer->waiting--;
    if (authorization->state == ASKED)
        authorizer->asked--;
    asp_close(authorization->fd);
    authorization->fd = -1;
    authorization->state = ANSWERED;
    sodium_memzero(&authorization->credentials, sizeof authorization->credentials);
    request_resume(authorization->request);
}

/* Who tries to get in is no reason to fill a log. */
static void log_failure(struct authorizer *authorizer, const struct asp_error *error)
{
    const int64_t now = asp_clock_ms();
    char line[ASP_ERROR_LINE];

    if (authorizer->logged != 0 && now - authorizer->logged < LOG_MS)
        return;
    authorizer->logged = now;
    syslog(LOG_ERR, "nobody is let in: %s", asp_error_line(error, line));
}

static enum asp_status ask(struct web *web, struct authorization *authorization,
                           struct asp_error *error)
{
    const char *address = authorization->request->connection->from.address;
    const struct asp_request question = {
        .user = authorization->credentials.user,
        .service = authorization->service,
        .host = address[0] != '\0' ? address : NULL,
        .secret = authorization->credentials.password,
        .secret_length = authorization->credentials.password_length,
    };
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = authorization};
    enum asp_status status =
        broker_question_ask(web->conf->broker_socket, &question, &authorization->fd, error);

    if (status != ASP_OK)
        return status;
    sodium_memzero(&authorization->credentials, sizeof authorization->credentials);
    if (epoll_ctl(web->epoll, EPOLL_CTL_ADD, authorization->fd, &event) != 0)
        return asp_fail_errno(error, "epoll");
    authorization->state = ASKED;
    web->authorizer->asked++;
    return ASP_OK;
}

/* As many as may be, the oldest first. */
static void ask_for_waiting(struct web *web)
{
    struct authorizer *authorizer = web->authorizer;
    struct authorization *after;
    enum asp_status status = ASP_OK;

    for (struct authorization *each = authorizer->first;
         each != NULL && status != ASP_BUSY && authorizer->asked < ASKED_MAX; each = after) {
        struct asp_error error = {0};

        after = each->after;
        if (each->state != UNASKED)
            continue;
        status = ask(web, each, &error);
        if (status != ASP_OK && status != ASP_BUSY) {
            log_failure(authorizer, &error);
            settle(authorizer, each);
        }
    }
}

enum MHD_Result authorize_serve(struct request *request)
{
    struct authorization *authorization = request->authorization;

    if (authorization->state == NEW && authorization->credentials.password == NULL)
        return challenge(request);
    if (authorization->state == NEW) {
        authorization->state = UNASKED;
        authorization->deadline = asp_clock_ms() + asp_broker_patience(request->web->conf);
        add(request->web->authorizer, authorization);
        ask_for_waiting(request->web);
    }
    if (authorization->state == ANSWERED)
        return answer(request);
    request_suspend(request);
    return MHD_YES;
}

void authorize_receive(struct web *web, struct authorization *authorization)
{
    struct asp_error error = {0};

    if (authorization->state != ASKED)
        return;
    if (broker_question_hear(authorization->fd, &authorization->outcome, &error) != ASP_OK)
        log_failure(web->authorizer, &error);
    settle(web->authorizer, authorization);
    ask_for_waiting(web);
}

int64_t authorize_look_at_clock(struct web *web, int64_t now)
{
    struct authorizer *authorizer = web->authorizer;
    int64_t next = INT64_MAX;

    while (authorizer->first != NULL && authorizer->first->deadline <= now) {
        struct asp_error error = {0};

        (void)asp_fail(&error, ASP_BUSY, "asp-broker did not answer in time");
        log_failure(authorizer, &error);
        settle(authorizer, authorizer->first);
    }
    ask_for_waiting(web);
    if (authorizer->first != NULL)
        next = authorizer->first->deadline;
    if (authorizer->waiting > authorizer->asked && now + RETRY_MS < next)
        next = now + RETRY_MS;
    return next;
}

void authorize_forget(struct request *request)
{
    struct authorization *authorization = request->authorization;

    if (authorization == NULL)
        return;
    if (authorization->state == UNASKED || authorization->state == ASKED)
        settle(request->web->authorizer, authorization);
    sodium_memzero(authorization, sizeof *authorization);
    free(authorization);
    request->authorization = NULL;
}

void authorize_end(struct web *web)
{
    while (web->authorizer->first != NULL)
        settle(web->authorizer, web->authorizer->first);
}
