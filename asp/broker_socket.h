/*
 * The way to the broker: a Unix socket of type SOCK_SEQPACKET, and the messages on it. No wait is
 * without a bound; the process's signals and other descriptors are as they were.
 */
#ifndef ASP_BROKER_SOCKET_H
#define ASP_BROKER_SOCKET_H

#include "broker_message.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASP_BROKER_CONNECT_MS = 500 }; /* as long as asp_broker_connect takes at most */

/*
 * Connects to the broker at `path` (shorter than a socket's name may be). Secrets are for root or
 * for this process's own user, so anybody else who listens there is ASP_UNSAFE. Else the error line
 * says what to start. The caller closes `*fd` with asp_close in any case.
 */
enum asp_status asp_broker_connect(const char *path, int *fd, struct asp_error *error);

/* The same, and waits for nobody: ASP_BUSY where others wait to be taken. */
enum asp_status asp_broker_connect_at_once(const char *path, int *fd, struct asp_error *error);

/* Sends one message, at once or within half a second. `peer` is who gets it, for the error line.
 * ASP_NOT_FOUND: the other end is closed, and has got nothing. */
enum asp_status asp_broker_send(int fd, const char *peer, const struct asp_message *message,
                                struct asp_error *error);

/* Sends one message at once or, where there is no room for it, not at all, which is false. */
bool asp_broker_send_now(int fd, const struct asp_message *message);

/* Says why nothing is done, at once or not at all: who is refused is waited for by nobody. Who
 * cannot be told waits for nothing either: the connection is ended, for all who hold it. */
void asp_broker_refuse(int fd, const char *why);

/*
 * Receives one message until `deadline` (see asp_clock_ms); its fields lie in `bytes`, which the
 * caller wipes. ASP_BUSY: nothing came in time; ASP_NOT_FOUND: the other end is closed. A message
 * ASP_MESSAGE_REFUSED is ASP_INVALID, with its text.
 */
enum asp_status asp_broker_receive(int fd, const char *peer, int64_t deadline,
                                   uint8_t bytes[ASP_MESSAGE_MAX], struct asp_message_read *message,
                                   struct asp_error *error);

#endif
