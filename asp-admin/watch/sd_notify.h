/*
 * What a service manager is told, when it asks for it: sd_notify(3) without its library.
 */
#ifndef ASP_ADMIN_WATCH_SD_NOTIFY_H
#define ASP_ADMIN_WATCH_SD_NOTIFY_H

/* Sends NAME=VALUE, or several, a line each, to the socket that $NOTIFY_SOCKET names. Without one,
 * nothing; a failure is nobody's concern. */
void notify_service_manager(const char *state);

#endif
