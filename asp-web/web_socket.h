/*
 * Where asp-web listens: at a socket that it is handed, at a path, or at a port of this machine.
 */
#ifndef ASP_WEB_WEB_SOCKET_H
#define ASP_WEB_WEB_SOCKET_H

#include "asp/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Of each that follows: ASP_OK with a descriptor that the caller closes, close-on-exec and without
 * blocking. */

/* The one socket that was handed over, sd_listen_fds(3); -1 in `*fd`: none was. */
enum asp_status web_socket_take(int *fd, bool *is_tcp, struct asp_error *error);

/* A socket at `path`, in /run/asp, with mode 0660 and this group; (gid_t)-1: that of the process.
 * One that nobody listens at any more is taken away. */
enum asp_status web_socket_make(const char *path, gid_t group, int *fd, struct asp_error *error);

/* A port of the loopback address: `where` is 127.0.0.1:PORT or [::1]:PORT. */
enum asp_status web_socket_listen(const char *where, int *fd, struct asp_error *error);

#endif
