/*
 * What the page asks for: signing in, the conversation with PAM, asp-admin's commands.
 */
#ifndef ASP_WEB_API_H
#define ASP_WEB_API_H

#include "web.h"

/* The route of that path, or NULL. */
const struct route *api_find(const char *path);

/* Serves a request that is whole, or that has waited. */
enum MHD_Result api_serve(struct request *request);

/* What the broker has said in this session is there to be read. */
void api_receive(struct session *session);

#endif
