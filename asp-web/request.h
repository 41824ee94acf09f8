/*
 * Requests: which are served at all, and the waiting of those that cannot be answered yet.
 */
#ifndef ASP_WEB_REQUEST_H
#define ASP_WEB_REQUEST_H

#include "web.h"

/* Looks at the head of a request, whose route is known, before anything of its body is taken. What
 * it is for is looked at where the page is served. */
struct refusal request_check(struct request *request, const char *path, const char *method,
                             const char *version);

/* Takes a piece of the body, and wipes it where it came from; that of a request which is refused is
 * not kept. False: it is longer than was said, or there is no memory. */
bool request_take_body(struct request *request, const char *bytes, size_t length);

/* Wipes the body. */
void request_wipe_body(struct request *request);

/* Has it wait until the broker has said something in this session, or for `ms`. Who has waited
 * there before is answered first. */
void request_wait(struct request *request, struct session *session, int64_t ms);

/* The session that it has waited for; NULL: that is over. */
struct session *request_session(const struct request *request);

/* Has it wait until it is resumed. Then it is served again. */
void request_suspend(struct request *request);

/* Resumes it where it waits. */
void request_resume(struct request *request);

/* Wakes who waits there, if somebody does. */
void session_wake(struct session *session);

/* Ends a session of which nothing is left to be told. */
void session_close(struct session *session);

#endif
