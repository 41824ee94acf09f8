/* Requests, as they come in: what a request must be and must have. */
#include "request.h"

#include "asp/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 8 * 1024 };

/* The headers that are looked at. Each may be there once. */
enum head {
    HEAD_HOST,
    HEAD_ORIGIN,
    HEAD_FETCH_SITE,
    HEAD_CONTENT_TYPE,
    HEAD_CONTENT_LENGTH,
    HEAD_TRANSFER_ENCODING,
    HEAD_UPGRADE,
    HEAD_COOKIE,
    HEAD_TOKEN,
    HEAD_PROXY,
    HEAD_AUTHORIZATION,
    HEADS,
};

static const char *const head_names[HEADS] = {
    "Host",    "Origin", "Sec-Fetch-Site", "Content-Type", "Content-Length", "Transfer-Encoding",
    "Upgrade", "Cookie", "X-Asp-Token",    "X-Asp-Proxy",  "Authorization",
};

struct heads {
    const char *address_name;
    const char *values[HEADS];
    const char *address;
    size_t address_count;
    bool odd;      /* one is there twice, or has a NUL in it */
    bool two_ends; /* and by that it is not sure where the request ends */
};

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t name_length, const char *value, size_t value_length)
{
    struct heads *heads = context;

    (void)kind;
    if (value == NULL)
        value = "";
    if (strlen(name) != name_length || strlen(value) != value_length)
        heads->odd = heads->two_ends = true;
    if (strcasecmp(name, heads->address_name) == 0) {
        heads->address = value;
        heads->address_count++;
    }
    for (size_t i = 0; i < HEADS; i++) {
        if (strcasecmp(name, head_names[i]) != 0)
            continue;
        if (heads->values[i] != NULL) {
            heads->odd = true;
            heads->two_ends |= i == HEAD_CONTENT_LENGTH || i == HEAD_TRANSFER_ENCODING;
        }
        heads->values[i] = value;
    }
    return MHD_YES;
}

static bool same(const char *value, const char *expected)
{
    return value != NULL && strcmp(value, expected) == 0;
}

/* Where it comes from, as far as that is to be believed. */
static void find_address(struct request *request, const struct heads *heads)
{
    const struct web *web = request->web;
    const char *secret = heads->values[HEAD_PROXY];
    const size_t length = strlen(web->proxy_secret);
    struct origin *from = &request->connection->from;
    bool believed = !web->is_tcp;

    if (web->is_tcp && length > 0)
        believed = secret != NULL && strlen(secret) == length &&
                   sodium_memcmp(secret, web->proxy_secret, length) == 0;
    *from = (struct origin){.kind = FROM_UNKNOWN};
    if (believed && heads->address_count == 1 && address_read(heads->address, from->address))
        from->kind = FROM_ADDRESS;
    else if (!believed && length > 0)
        from->kind = FROM_STRANGER;
}

/* The length that is said; false: it is no number. One that is far too large is only that. */
static bool read_length(const char *text, size_t *length)
{
    *length = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9')
            return false;
        if (*length <= BODY_MAX)
            *length = *length * 10 + (size_t)(*c - '0');
    }
    return text[0] != '\0';
}

static struct refusal check_length(struct request *request, const struct heads *heads)
{
    const char *length = heads->values[HEAD_CONTENT_LENGTH];

    request->body_comes = true;
    if (heads->values[HEAD_TRANSFER_ENCODING] != NULL)
        return (struct refusal){MHD_HTTP_LENGTH_REQUIRED, "a body must come in one piece"};
    if (length != NULL && !read_length(length, &request->body_room))
        return (struct refusal){MHD_HTTP_BAD_REQUEST, "the length of the body is no number"};
    request->body_comes = request->body_room > 0;
    if (length == NULL && request->posts)
        return (struct refusal){MHD_HTTP_LENGTH_REQUIRED, "the body has no length"};
    if (request->body_room > BODY_MAX)
        return (struct refusal){MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long"};
    if (request->body_comes && (request->once || !request->posts))
        return (struct refusal){MHD_HTTP_BAD_REQUEST, "a body is for nobody here"};
    return (struct refusal){0, NULL};
}

/*
 * Whether a page of this host sends it. For a POST at a one-time address that is enough: a device
 * that has just read the address has no cookie, and needs none, for it is the address that is the
 * secret. Who knows it can ask for the page there as well; who does not has nothing to post to.
 */
static struct refusal check_sender(const struct request *request, const struct heads *heads)
{
    const char *type = request->once ? "application/x-www-form-urlencoded" : "application/json";
    const char *site = heads->values[HEAD_FETCH_SITE];

    if ((site != NULL && !same(site, "same-origin")) ||
        (request->posts && !same(heads->values[HEAD_ORIGIN], request->web->conf->web_origin)))
        return (struct refusal){MHD_HTTP_FORBIDDEN, "this does not come from the page"};
    if (request->posts && !same(heads->values[HEAD_CONTENT_TYPE], type))
        return (struct refusal){MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                                request->once ? "the body is no form" : "the body is no JSON"};
    return (struct refusal){0, NULL};
}

/* What only the page itself can send, in the browser that was given the cookie. */
static struct refusal check_page(const struct request *request, const struct heads *heads)
{
    if (request->cookie.length == 0)
        return (struct refusal){MHD_HTTP_UNAUTHORIZED, "there is no cookie"};
    if (!cookie_token_is(&request->web->jar, &request->cookie, heads->values[HEAD_TOKEN]))
        return (struct refusal){MHD_HTTP_FORBIDDEN, "the token is not that of the cookie"};
    return (struct refusal){0, NULL};
}

/* Where its route is known already: what else it may be for, and whether it posts there. */
static void find_target(struct request *request, const char *path, const char *method)
{
    if (request->route == NULL && request->web->authorizer == NULL) {
        request->file = page_files_find(&request->web->files, path);
        request->once = strncmp(path, ONCE_PATH, sizeof ONCE_PATH - 1) == 0;
        request->token_read = once_token_read(path, &request->token);
    }
    request->posts = strcmp(method, "POST") == 0 &&
                     (request->once || (request->route != NULL && request->route->posts));
}

static struct refusal check_target(const struct request *request, const char *method)
{
    const bool gets = request->route == NULL || !request->route->posts;

    if (request->route == NULL && request->file == NULL && !request->once)
        return (struct refusal){MHD_HTTP_NOT_FOUND, "there is nothing here"};
    if (request->posts || (gets && strcmp(method, "GET") == 0) ||
        (request->route == NULL && strcmp(method, "HEAD") == 0))
        return (struct refusal){0, NULL};
    return (struct refusal){MHD_HTTP_METHOD_NOT_ALLOWED, "this is not done so"};
}

static struct refusal check_form(const struct request *request, const struct heads *heads,
                                 const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->handle, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0 && strcmp(version, MHD_HTTP_VERSION_1_0) != 0)
        return (struct refusal){MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, "this is HTTP/1.1"};
    if (info == NULL || info->header_size > HEAD_MAX)
        return (struct refusal){MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too long"};
    /* A proxy hands on what it was asked, an upgrade too, which nobody makes here. */
    if (heads->odd || (heads->values[HEAD_UPGRADE] != NULL && request->web->authorizer == NULL))
        return (struct refusal){MHD_HTTP_BAD_REQUEST, "the head is not well-formed"};
    if (request->web->host != NULL &&
        (heads->values[HEAD_HOST] == NULL ||
         strcasecmp(heads->values[HEAD_HOST], request->web->host) != 0))
        return (struct refusal){MHD_HTTP_MISDIRECTED_REQUEST,
                                "there is no such host here: web.origin says which one there is"};
    return (struct refusal){0, NULL};
}

struct refusal request_check(struct request *request, const char *path, const char *method,
                             const char *version)
{
    struct heads heads = {.address_name = request->web->conf->web_address_header};
    struct refusal length;
    struct refusal refusal;

    (void)MHD_get_connection_values_n(request->handle, MHD_HEADER_KIND, take_header, &heads);
    find_address(request, &heads);
    find_target(request, path, method);
    length = check_length(request, &heads);
    request->body_fits = length.status == 0 && !heads.two_ends;
    refusal = check_form(request, &heads, version);
    if (refusal.status == 0 &&
        connections_are_full(&request->web->connections, request->connection))
        refusal = (struct refusal){request->web->authorizer == NULL ? MHD_HTTP_TOO_MANY_REQUESTS
                                                                    : MHD_HTTP_SERVICE_UNAVAILABLE,
                                   "too many at once: try again"};
    if (refusal.status == 0 && request->web->authorizer == NULL)
        refusal = check_target(request, method);
    if (refusal.status == 0)
        refusal = length;
    if (refusal.status == 0 && (request->posts || request->route != NULL))
        refusal = check_sender(request, &heads);
    if (refusal.status != 0 || request->route == NULL)
        return refusal;
    if (!cookie_read(heads.values[HEAD_COOKIE], &request->cookie))
        request->cookie.length = 0;
    return request->posts || request->route->in_session ? check_page(request, &heads) : refusal;
}

bool request_take_body(struct request *request, const char *bytes, size_t length)
{
    const bool kept = request->refusal.status == 0;
    bool fits = length <= request->body_room - request->body_length;

    if (kept && request->body == NULL)
        request->body = malloc(request->body_room + 1);
    fits = fits && (!kept || request->body != NULL);
    if (fits && kept)
        memcpy(request->body + request->body_length, bytes, length);
    if (fits)
        request->body_length += length;
    /* The library lends its own room, and reads into it again. */
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): const, but nobody else's */
    sodium_memzero((void *)(uintptr_t)bytes, length);
    return fits;
}

void request_wipe_body(struct request *request)
{
    if (request->body != NULL)
        sodium_memzero(request->body, request->body_room + 1);
    free(request->body);
    request->body = NULL;
}

void request_wait(struct request *request, struct session *session, int64_t ms)
{
    if (session->waiting != request)
        session_wake(session);
    session->waiting = request;
    request->session = session;
    request->session_number = session->number;
    request->begun = true;
    request->wait_until = asp_clock_ms() + ms;
    request_suspend(request);
}

/* Its place may be another's by now. */
struct session *request_session(const struct request *request)
{
    return request->session->number == request->session_number ? request->session : NULL;
}

void request_suspend(struct request *request)
{
    request->suspended = true;
    MHD_suspend_connection(request->handle);
}

void request_resume(struct request *request)
{
    if (!request->suspended)
        return;
    request->suspended = false;
    request->web->has_more = true;
    MHD_resume_connection(request->handle);
}

void session_wake(struct session *session)
{
    struct request *request = session->waiting;

    session->waiting = NULL;
    if (request != NULL)
        request_resume(request);
}

void session_close(struct session *session)
{
    session_wake(session);
    session_end(session);
}
