/*
 * The sockets at which asp-broker is asked, and what sets them right.
 */
#ifndef ASP_ADMIN_DOCTOR_BROKER_SOCKETS_H
#define ASP_ADMIN_DOCTOR_BROKER_SOCKETS_H

#include "examination.h"

/* Something is there by that name, or it cannot be known. */
bool broker_socket_is_there(const char *path);

/* Whether somebody listens there to whom something may be said; why not, if not. A socket that
 * systemd keeps is answered by a broker that is started for it. */
enum asp_status broker_socket_probe(const char *path, struct asp_error *error);

/* Gives the commands that give the socket this owner and mode, as the fix of the fault that was
 * added last. They hold until a broker makes it anew. */
void broker_socket_fix(struct examination *exam, const char *path, const char *owner,
                       const char *mode);

/* The same for what has asp-broker installed, or listen by the socket of this name. */
void broker_fix_start(struct examination *exam, const char *unit);

/* A note that nobody listens, which is well, and why; and what to do where it is not: `start`, if
 * it is installed. */
void broker_note_nobody(struct examination *exam, const char *check, const char *unit,
                        const char *socket, const char *meaning, const char *start);

#endif
