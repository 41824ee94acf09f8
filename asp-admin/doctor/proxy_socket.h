/*
 * doctor: the sockets by which a web server comes to asp-web.
 */
#ifndef ASP_ADMIN_DOCTOR_PROXY_SOCKET_H
#define ASP_ADMIN_DOCTOR_PROXY_SOCKET_H

#include "examination.h"

/* As asp-web and its units have them; where it listens at a port they are not there. */
#define PROXY_SOCKET_PAGE "/run/asp/web.sock"
#define PROXY_SOCKET_AUTHORIZE "/run/asp/authorize.sock"

/* Tells where the socket is there and no process that runs has its group, so that a web server that
 * is not root cannot connect. */
void proxy_socket_tell(struct examination *exam, const char *check, const char *path);

#endif
