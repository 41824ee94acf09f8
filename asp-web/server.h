/*
 * The server: one process, one thread, and nothing in it that waits for one client or for the
 * broker.
 */
#ifndef ASP_WEB_SERVER_H
#define ASP_WEB_SERVER_H

#include "web.h"

#include "asp/error.h"

/* Serves at a listening socket until SIGTERM or SIGINT, which must be blocked. */
enum asp_status server_run(struct web *web, int listener, struct asp_error *error);

#endif
