/*
 * Answers for proxies that have no PAM: `GET /authorize/SERVICE` with Basic credentials is asked of
 * asp-broker, and nothing of the answer is kept.
 *
 * MUST NOT: wait for the broker; say 401 where the broker has not said that the password is none,
 * for a device forgets its password then; ask for a service that broker.clients does not list for
 * this process's user, or that is guarded.
 */
#ifndef ASP_WEB_AUTHORIZE_H
#define ASP_WEB_AUTHORIZE_H

#include "web.h"

#include "asp/error.h"

struct authorization;

struct authorizer {
    char user[256];              /* this process's, as broker.clients names it */
    struct authorization *first; /* of those that wait, the oldest first */
    struct authorization *last;
    size_t waiting; /* all of them */
    size_t asked;   /* those of which the broker knows */
    int64_t logged; /* when it was last said that there is no answer; 0: never */
};

/* Begins to serve as the process's own user. ASP_DENIED: broker.clients lists no service for it
 * that is not guarded. */
enum asp_status authorize_begin(struct authorizer *authorizer, const struct asp_conf *conf,
                                struct asp_error *error);

/* Looks at a request, where its head is sound, and takes the credentials. Whatever becomes of it
 * they are wiped where they came from. */
void authorize_take(struct request *request, const char *path, const char *method);

/* Serves a request that was checked, or that has waited. */
enum MHD_Result authorize_serve(struct request *request);

/* The broker's answer is there to be read. */
void authorize_receive(struct web *web, struct authorization *authorization);

/* Gives up those that have waited for too long, and asks for those that could not be asked for. The
 * next time for it, or INT64_MAX. */
int64_t authorize_look_at_clock(struct web *web, int64_t now);

/* The request is over. */
void authorize_forget(struct request *request);

/* Nobody is waited for any more. */
void authorize_end(struct web *web);

#endif
