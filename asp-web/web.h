/*
 * What the server works with, and a request on its way through it.
 */
#ifndef ASP_WEB_WEB_H
#define ASP_WEB_WEB_H

#include "address.h"
#include "body.h"
#include "connections.h"
#include "cookie.h"
#include "page_files.h"
#include "sessions.h"

#include "asp/conf.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEB_SECRET_MAX = 512 };

struct authorization;
struct authorizer;

struct web {
    const struct asp_conf *conf;
    const char *host; /* that a request must name: web.origin, behind its scheme; NULL: any */
    char proxy_secret[WEB_SECRET_MAX + 1]; /* empty: there is none */
    bool is_tcp;
    struct page_files files;
    struct cookie_jar jar;
    struct sessions sessions;
    struct authorizer *authorizer; /* that serves here, and no page is; or NULL */
    struct connections connections;
    struct MHD_Daemon *daemon;
    bool has_more; /* the library has something to do that it would sleep over */
    int epoll;
    bool broker_is_missing; /* and that was logged */
    bool profile_is_long;   /* the same */
};

struct request;

/* Something that the page can ask for. */
struct route {
    const char *path;
    bool posts;      /* what changes something is asked for by POST, and nothing else is */
    bool in_session; /* it is for who has one */
    bool counted;    /* among the changes of a session */
    enum MHD_Result (*serve)(struct request *request, struct session *session,
                             const json_t *document);
};

struct refusal {
    unsigned status; /* 0: it is none */
    const char *why;
};

struct request {
    struct web *web;
    struct MHD_Connection *handle;
    struct connection *connection;
    const struct route *route;    /* NULL: it is not for the API */
    const struct page_file *file; /* NULL: it is for none */
    bool once;                    /* it is for a one-time address */
    bool token_read;              /* which may be one, by its form */
    struct once_token token;
    bool posts;           /* its method is POST, and is allowed */
    struct cookie cookie; /* of length 0: there is none */
    struct refusal refusal;
    bool body_comes; /* something does behind the head */
    bool body_fits;  /* and is no more than may come, and where it ends is sure */
    char *body;      /* NULL: there is none, or it was read */
    size_t body_length;
    size_t body_room;
    bool begun; /* what it asks for was begun, and it has waited */
    bool suspended;
    struct session *session; /* for which it waits, or has waited; NULL: it has not */
    uint64_t session_number;
    int64_t wait_until;
    struct authorization *authorization; /* that it asks for, or NULL */
};

#endif
