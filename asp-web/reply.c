/* Answers, with the headers that they all have. */
#include "reply.h"

#include "asp-admin/ui/json.h"
#include "asp/buffer.h"
#include "asp/clock.h"

#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE "__Host-asp=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s"

enum { COOKIE_LINE = sizeof COOKIE + COOKIE_TEXT_SIZE + 32 };

static const struct reply_head always[] = {
    {"X-Frame-Options", "DENY"},
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {NULL, NULL},
};

/* Nothing but what this server itself has, and no line of script or style in the page. */
static const struct reply_head at_page[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {NULL, NULL},
};

/* There is a form, of which a browser has to say whence it comes: with no-referrer its Origin would
 * be null. The address itself is told to nobody, this server's log included. */
static const struct reply_head at_once[] = {
    {"Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; "
                                "form-action 'self'; frame-ancestors 'none'"},
    {"Referrer-Policy", "strict-origin"},
    {NULL, NULL},
};

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_cookie(struct MHD_Response *response, const struct reply *reply)
{
    char text[COOKIE_TEXT_SIZE] = "";
    char line[COOKIE_LINE];
    bool added;

    if (reply->cookie == NULL && !reply->signs_out)
        return true;
    if (reply->cookie != NULL)
        cookie_write(reply->cookie, text);
    (void)snprintf(line, sizeof line, COOKIE, text, reply->cookie == NULL ? "; Max-Age=0" : "");
    added = add(response, "Set-Cookie", line);
    sodium_memzero(text, sizeof text);
    sodium_memzero(line, sizeof line);
    return added && (!reply->signs_out ||
                     add(response, "Clear-Site-Data", "\"cache\", \"cookies\", \"storage\""));
}

static bool add_heads(struct MHD_Response *response, const struct reply_head *heads)
{
    for (; heads != NULL && heads->name != NULL; heads++) {
        if (!add(response, heads->name, heads->value))
            return false;
    }
    return true;
}

static const char *methods_of(const struct request *request)
{
    if (request->web->authorizer != NULL)
        return "GET";
    if (request->route == NULL)
        return request->once ? "GET, HEAD, POST" : "GET, HEAD";
    return request->route->posts ? "POST" : "GET";
}

/* What comes behind a request that is not well-formed, or whose body was not read, is not looked
 * at; nor is more than there may be of a connection. */
static bool is_last(const struct request *request, unsigned status)
{
    return request->connection->requests >= CONNECTION_REQUESTS || status == MHD_HTTP_BAD_REQUEST ||
           status == MHD_HTTP_LENGTH_REQUIRED ||
           (status >= MHD_HTTP_BAD_REQUEST && request->body_comes &&
            request->body_length < request->body_room);
}

/* Queues it; the library has its own reference then. */
static enum MHD_Result queue(struct request *request, unsigned status, const char *type,
                             const struct reply *reply, struct MHD_Response *response)
{
    struct connection *connection = request->connection;
    bool sound = response != NULL && add(response, "Content-Type", type) &&
                 add_cookie(response, reply) && add_heads(response, reply->heads) &&
                 add_heads(response, always) &&
                 add_heads(response, request->once ? at_once : at_page);
    enum MHD_Result result = MHD_NO;

    if (sound && status == MHD_HTTP_METHOD_NOT_ALLOWED)
        sound = add(response, "Allow", methods_of(request));
    if (sound && is_last(request, status))
        sound = add(response, "Connection", "close");
    if (sound) {
        result = MHD_queue_response(request->handle, status, response);
        connection->deadline = asp_clock_ms() + CONNECTION_WRITE_MS;
    }
    if (response != NULL)
        MHD_destroy_response(response);
    return result;
}

static void wipe_and_free(void *text)
{
    sodium_memzero(text, malloc_usable_size(text));
    free(text);
}

enum MHD_Result reply_send(struct request *request, struct reply reply)
{
    struct asp_buffer text = {0};
    struct MHD_Response *response = NULL;

    json_add_line(&text, reply.document);
    if (!text.failed)
        response = MHD_create_response_from_buffer_with_free_callback(text.length, text.text,
                                                                      wipe_and_free);
    if (response == NULL)
        asp_buffer_free(&text);
    return queue(request, reply.status, "application/json", &reply, response);
}

enum MHD_Result reply_refuse(struct request *request, unsigned status, const char *why)
{
    return reply_send(
        request, (struct reply){.status = status, .document = json_pack("{s:s}", "error", why)});
}

enum MHD_Result reply_file(struct request *request)
{
    const struct page_file *file = request->file;
    const struct reply nothing = {.status = MHD_HTTP_OK};

    return queue(
        request, MHD_HTTP_OK, file->type, &nothing,
        MHD_create_response_from_buffer(file->length, file->bytes, MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result reply_page(struct request *request, unsigned status, const char *text)
{
    const struct reply nothing = {.status = status};

    return queue(
        request, status, "text/html; charset=utf-8", &nothing,
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result reply_profile(struct request *request, uint8_t *profile, size_t length)
{
    static const struct reply_head file[] = {
        {"Content-Disposition", "attachment; filename=\"app-password.mobileconfig\""},
        {NULL, NULL},
    };
    const struct reply reply = {.status = MHD_HTTP_OK, .heads = file};
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(length, profile, sodium_free);

    if (response == NULL)
        sodium_free(profile);
    return queue(request, MHD_HTTP_OK, "application/x-apple-aspen-config", &reply, response);
}
