/*
 * Sockets that a service manager has opened, as sd_listen_fds(3) says.
 */
#ifndef ASP_ADMIN_SYSTEM_HANDED_SOCKETS_H
#define ASP_ADMIN_SYSTEM_HANDED_SOCKETS_H

enum { HANDED_FIRST = 3 }; /* the first's descriptor; the others follow it */

/* How many were handed to this process; 0: none. The variables that say so are taken away. */
long handed_sockets_take(void);

#endif
