/* The API: each thing that the page can ask for. */
#include "api.h"

#include "reply.h"
#include "request.h"

#include "asp-admin/ui/json.h"
#include "asp-admin/ui/qr.h"
#include "asp/clock.h"
#include "asp/name.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>

enum { WAIT_MS = 25 * 1000 };

static json_t *text_of(const struct asp_buffer *text)
{
    return text->length > 0 ? json_from_text(text->text) : json_string("");
}

/* With the token of the cookie that the answer sets. */
static json_t *with_token(const struct request *request, const struct cookie *cookie,
                          json_t *document)
{
    char token[COOKIE_TOKEN_SIZE];

    cookie_token(&request->web->jar, cookie, token);
    json_put(&document, "token", json_string(token));
    sodium_memzero(token, sizeof token);
    return document;
}

/* Who has no cookie, or one that is nobody's, gets one that is fresh. */
static enum MHD_Result serve_session(struct request *request, struct session *session,
                                     const json_t *document)
{
    struct web *web = request->web;
    const int64_t now = asp_clock_ms();
    struct reply reply = {.status = MHD_HTTP_OK};

    (void)document;
    if (session == NULL && !cookie_is_fresh(&web->jar, now, &request->cookie)) {
        cookie_make_fresh(&web->jar, now, &request->cookie);
        reply.cookie = &request->cookie;
    }
    reply.document = json_object();
    json_put(&reply.document, "user",
             session != NULL && session->signed_in ? json_from_text(session->conversation.account)
                                                   : json_null());
    json_put(&reply.document, "asking", json_boolean(session != NULL && !session->signed_in));
    reply.document = with_token(request, &request->cookie, reply.document);
    return reply_send(request, reply);
}

/* Once, until it is there again: who tries to sign in is no reason to fill a log. */
static void log_broker(struct web *web, enum asp_status status, const struct asp_error *error)
{
    char line[ASP_ERROR_LINE];

    /* What the module says then names another socket. */
    if (status == ASP_NOT_FOUND && !web->broker_is_missing)
        syslog(LOG_ERR,
               "nobody can sign in: nobody listens at %s: start asp-self-web.socket, or "
               "asp-broker(8) itself",
               web->conf->self_web_socket);
    else if (status != ASP_OK && !web->broker_is_missing)
        syslog(LOG_ERR, "nobody can sign in: %s", asp_error_line(error, line));
    web->broker_is_missing = status != ASP_OK;
}

/* The session to the broker, which is told in the loop when something is there from it. Nothing of
 * the name is kept here: some type their password in its place. */
static enum asp_status begin(struct request *request, struct session *session, const char *user)
{
    struct web *web = request->web;
    const char *address = session->from.address;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
    struct asp_error error = {0};
    enum asp_status status = conversation_begin(&session->conversation, web->conf->self_web_socket,
                                                user, address[0] != '\0' ? address : NULL, &error);

    if (status == ASP_OK &&
        epoll_ctl(web->epoll, EPOLL_CTL_ADD, session->conversation.fd, &event) != 0)
        status = asp_fail_errno(&error, "epoll");
    log_broker(web, status, &error);
    return status;
}

/* The fresh cookie is good for one, and another takes its place at once. */
static enum MHD_Result serve_sign_in(struct request *request, struct session *session,
                                     const json_t *document)
{
    struct web *web = request->web;
    const char *user = body_text(document, "user", ASP_USER_MAX);
    const struct origin *from = &request->connection->from;
    struct reply reply = {.status = MHD_HTTP_OK};

    if (session != NULL)
        return reply_refuse(request, MHD_HTTP_CONFLICT, "sign out first");
    if (user == NULL || user[0] == '\0')
        return reply_refuse(request, MHD_HTTP_BAD_REQUEST, "say who you are");
    if (!cookie_is_fresh(&web->jar, asp_clock_ms(), &request->cookie))
        return reply_refuse(request, MHD_HTTP_UNAUTHORIZED, "load the page again");
    cookie_use_up(&web->jar, &request->cookie);
    session = sessions_first_to_go(&web->sessions, from);
    if (session != NULL)
        session_close(session);
    session = sessions_add(&web->sessions, from);
    if (session == NULL || begin(request, session, user) != ASP_OK) {
        if (session != NULL)
            session_close(session);
        return reply_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                            "nobody can sign in just now: try again later");
    }
    session_name(session, &request->cookie);
    reply.cookie = &request->cookie;
    reply.document = with_token(request, &request->cookie, json_object());
    return reply_send(request, reply);
}

/* As asp-admin --json has it. */
static json_t *line_document(const struct conversation_line *line)
{
    json_t *text = line->text[0] != '\0' ? json_from_text(line->text) : json_string("");
    json_t *document = json_pack("{s:I}", "number", (json_int_t)line->number);

    json_put(&document, line->question ? "prompt" : "message", text);
    json_put(&document, line->question ? "echo" : "error",
             json_boolean(line->question ? !line->hidden : line->error));
    return document;
}

static unsigned number_in(struct request *request, const char *name)
{
    const char *text = MHD_lookup_connection_value(request->handle, MHD_GET_ARGUMENT_KIND, name);
    unsigned long number = text != NULL ? strtoul(text, NULL, 10) : 0;

    return number <= UINT32_MAX ? (unsigned)number : 0;
}

/* What she has not seen yet. */
static json_t *lines_behind(const struct conversation *conversation, unsigned seen)
{
    json_t *list = json_array();

    for (size_t i = 0; i < conversation->count; i++) {
        if (conversation->lines[i].number > seen)
            json_add(&list, line_document(&conversation->lines[i]));
    }
    return list;
}

/* PAM has let her in: the cookie of the conversation is void, and there is another. */
static enum MHD_Result tell_signed_in(struct request *request, struct session *session)
{
    struct reply reply = {.status = MHD_HTTP_OK, .cookie = &request->cookie};

    session->signed_in = true;
    session_name(session, &request->cookie);
    reply.document = json_pack("{s:s}", "outcome", "signed-in");
    json_put(&reply.document, "user", json_from_text(session->conversation.account));
    reply.document = with_token(request, &request->cookie, reply.document);
    return reply_send(request, reply);
}

static enum MHD_Result tell_over(struct request *request, struct session *session)
{
    const bool asked = !session->signed_in && !request->route->posts;
    struct reply reply = {.status = asked ? MHD_HTTP_OK : MHD_HTTP_UNAUTHORIZED};

    reply.document = asked ? json_pack("{s:s}", "outcome", "refused") : json_object();
    json_put(&reply.document, "error", text_of(&session->conversation.why));
    session_close(session);
    return reply_send(request, reply);
}

/* Of the app password that is to be shown. Of one that has no profile there is nothing to keep. */
static void keep_profile(struct web *web, struct session *session)
{
    const struct asp_buffer *out = &session->conversation.out;

    if (out->length == 0 ||
        once_keep(&session->once, out->text, out->length, asp_clock_ms()) != ASP_FULL)
        return;
    if (!web->profile_is_long)
        syslog(LOG_WARNING, "a profile of more than %d bytes has no one-time address",
               ONCE_PROFILE_MAX);
    web->profile_is_long = true;
}

/* The one-time address, and its QR code. NULL: out of memory. */
static json_t *open_once(const struct web *web, struct session *session)
{
    struct asp_buffer address = {0};
    struct once_token token;
    struct qr *qr = NULL;
    json_t *document;

    once_open(&session->once, asp_clock_ms(), &token);
    once_token_add(&address, web->conf->web_origin, &token);
    if (!address.failed)
        qr = qr_make(address.text);
    document = qr != NULL ? json_pack("{s:s}", "address", address.text) : NULL;
    json_put(&document, "qr", qr != NULL ? qr_json(qr) : NULL);
    qr_free(qr);
    asp_buffer_free(&address);
    sodium_memzero(&token, sizeof token);
    return document;
}

/* What the command has said, and how it has ended; or that it has not yet. */
static enum MHD_Result tell_command(struct request *request, struct session *session)
{
    struct conversation *conversation = &session->conversation;
    struct reply reply = {.status = MHD_HTTP_OK, .document = json_object()};

    if (conversation->done || conversation->state == CONVERSATION_SHOWING) {
        json_put(&reply.document, "out", text_of(&conversation->out));
        json_put(&reply.document, "err", text_of(&conversation->err));
        if (conversation->done)
            json_put(&reply.document, "code", json_integer(conversation->code));
        else
            json_put(&reply.document, "show", json_true());
        if (session->once.state == ONCE_ALIVE)
            json_put(&reply.document, "once", open_once(request->web, session));
        else if (!conversation->done)
            keep_profile(request->web, session);
        conversation_forget(conversation);
    } else {
        json_put(&reply.document, "running",
                 json_boolean(conversation->state == CONVERSATION_RUNNING));
    }
    return reply_send(request, reply);
}

/* Who has waited is told what there is: it may be late, or somebody else waits. */
static enum MHD_Result wait_for_command(struct request *request, struct session *session)
{
    if (session->conversation.state == CONVERSATION_OVER)
        return tell_over(request, session);
    if (session->conversation.state != CONVERSATION_RUNNING || request->begun)
        return tell_command(request, session);
    request_wait(request, session, WAIT_MS);
    return MHD_YES;
}

static enum MHD_Result serve_wait(struct request *request, struct session *session,
                                  const json_t *document)
{
    struct conversation *conversation = &session->conversation;
    json_t *lines;

    (void)document;
    if (conversation->state == CONVERSATION_OVER)
        return tell_over(request, session);
    if (session->signed_in)
        return wait_for_command(request, session);
    if (conversation->state == CONVERSATION_READY)
        return tell_signed_in(request, session);
    lines = lines_behind(conversation, number_in(request, "after"));
    if (json_array_size(lines) == 0 && !request->begun) {
        json_decref(lines);
        request_wait(request, session, WAIT_MS);
        return MHD_YES;
    }
    return reply_send(request, (struct reply){.status = MHD_HTTP_OK,
                                              .document = json_pack("{s:o}", "messages", lines)});
}

static enum MHD_Result serve_answer(struct request *request, struct session *session,
                                    const json_t *document)
{
    struct conversation *conversation = &session->conversation;
    const char *answer = body_text(document, "answer", BODY_ANSWER_MAX);

    if (conversation->state == CONVERSATION_OVER)
        return tell_over(request, session);
    if (answer == NULL)
        return reply_refuse(request, MHD_HTTP_BAD_REQUEST, "there is no answer, or it is too long");
    if (conversation->asked == 0 || body_number(document, "number") != conversation->asked)
        return reply_refuse(request, MHD_HTTP_CONFLICT, "nothing of that number is asked");
    conversation_answer(conversation, answer, strlen(answer));
    return reply_send(request, (struct reply){.status = MHD_HTTP_OK, .document = json_object()});
}

/* Whether a command leaves all app passwords as they are. */
static bool only_reads(const char *command)
{
    return strcmp(command, "list") == 0 || strcmp(command, "history") == 0 ||
           strcmp(command, "apps") == 0;
}

static enum MHD_Result serve_run(struct request *request, struct session *session,
                                 const json_t *document)
{
    const char *words[BODY_WORDS_MAX];
    size_t count;

    if (request->begun || session->conversation.state == CONVERSATION_OVER)
        return wait_for_command(request, session);
    if (!session->signed_in || session->conversation.state != CONVERSATION_READY)
        return reply_refuse(request, MHD_HTTP_CONFLICT, "something else is at work");
    count = body_words(document, words);
    if (count == 0 || !conversation_run(&session->conversation, words, count))
        return reply_refuse(request, MHD_HTTP_BAD_REQUEST, "these are no words of a command");
    /* It may be a revocation of that very app password: asp-admin knows many ways to name one. */
    if (!only_reads(words[0]) || session->once.state < ONCE_OPEN)
        once_end(&session->once);
    return wait_for_command(request, session);
}

static enum MHD_Result serve_shown(struct request *request, struct session *session,
                                   const json_t *document)
{
    (void)document;
    if (!request->begun) {
        if (session->conversation.state == CONVERSATION_SHOWING)
            conversation_show(&session->conversation);
        else if (session->conversation.state != CONVERSATION_RUNNING &&
                 session->conversation.state != CONVERSATION_OVER && !session->conversation.done)
            return reply_refuse(request, MHD_HTTP_CONFLICT, "nothing is to be shown");
    }
    return wait_for_command(request, session);
}

/* What has become of the one-time address. While it is asked for, the address goes on. */
static enum MHD_Result serve_once(struct request *request, struct session *session,
                                  const json_t *document)
{
    struct once *once = &session->once;
    const char *state = "ended";

    (void)document;
    if (session->conversation.state == CONVERSATION_OVER)
        return tell_over(request, session);
    (void)once_look(once, asp_clock_ms());
    once_hear(once, asp_clock_ms());
    if (once->state == ONCE_OPEN || once->state == ONCE_TAKEN)
        state = once->state == ONCE_OPEN ? "open" : "taken";
    return reply_send(request, (struct reply){.status = MHD_HTTP_OK,
                                              .document = json_pack("{s:s}", "once", state)});
}

/* The password is not shown any longer. */
static enum MHD_Result serve_done(struct request *request, struct session *session,
                                  const json_t *document)
{
    (void)document;
    once_end(&session->once);
    return reply_send(request, (struct reply){.status = MHD_HTTP_OK, .document = json_object()});
}

static enum MHD_Result serve_sign_out(struct request *request, struct session *session,
                                      const json_t *document)
{
    (void)document;
    if (session != NULL)
        session_close(session);
    return reply_send(
        request,
        (struct reply){.status = MHD_HTTP_OK, .document = json_object(), .signs_out = true});
}

static const struct route routes[] = {
    {"/api/session", .serve = serve_session},
    {"/api/wait", .in_session = true, .serve = serve_wait},
    {"/api/sign-in", .posts = true, .serve = serve_sign_in},
    {"/api/answer", .posts = true, .in_session = true, .counted = true, .serve = serve_answer},
    {"/api/run", .posts = true, .in_session = true, .counted = true, .serve = serve_run},
    {"/api/shown", .posts = true, .in_session = true, .counted = true, .serve = serve_shown},
    {"/api/once", .in_session = true, .serve = serve_once},
    {"/api/done", .posts = true, .in_session = true, .serve = serve_done},
    {"/api/sign-out", .posts = true, .serve = serve_sign_out},
};

const struct route *api_find(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    }
    return NULL;
}

/* What has waited is the session's that it has waited for, whose cookie may be another by now. */
static enum MHD_Result serve_in(struct request *request, const json_t *document)
{
    const struct route *route = request->route;
    struct session *session = request->begun
                                  ? request_session(request)
                                  : sessions_find(&request->web->sessions, &request->cookie);

    if (session == NULL && (route->in_session || request->begun))
        return reply_refuse(request, MHD_HTTP_UNAUTHORIZED, "you are not signed in");
    if (session != NULL && session->conversation.state == CONVERSATION_OVER && !route->in_session) {
        session_close(session);
        session = NULL;
    }
    if (route->counted && !request->begun && !session_may_change(session, asp_clock_ms()))
        return reply_refuse(request, MHD_HTTP_TOO_MANY_REQUESTS,
                            "too many in a minute: try again later");
    return route->serve(request, session, document);
}

enum MHD_Result api_serve(struct request *request)
{
    json_t *document = NULL;
    enum asp_status status = ASP_OK;
    enum MHD_Result result;

    if (request->route->posts && !request->begun)
        status =
            body_read(request->body != NULL ? request->body : "", request->body_length, &document);
    request_wipe_body(request);
    if (status == ASP_NO_MEMORY)
        return MHD_NO;
    if (status != ASP_OK)
        return reply_refuse(request, MHD_HTTP_BAD_REQUEST, "the body is no document");
    result = serve_in(request, document);
    json_decref(document);
    return result;
}

void api_receive(struct session *session)
{
    if (!conversation_receive(&session->conversation) && session->over_since == 0)
        session->over_since = asp_clock_ms();
    if (session->conversation.state == CONVERSATION_OVER)
        once_end(&session->once);
    else if (session->conversation.done)
        once_settle(&session->once, session->conversation.code == 0);
    if (session->conversation.state != CONVERSATION_RUNNING)
        session_wake(session);
}
