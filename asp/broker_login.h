/*
 * A login as a message to the broker, and its outcome as the answer.
 */
#ifndef ASP_BROKER_LOGIN_H
#define ASP_BROKER_LOGIN_H

#include "broker_message.h"
#include "login.h"

#include <stdint.h>

/* As whom `asp-web --authorize` asks: for what broker.clients lists for it, and nothing else. */
#define ASP_BROKER_AUTHORIZER "asp-authorize"

/* How many ms a host waits for the outcome of a login, in all: longer where a hash is slow on
 * purpose. */
int64_t asp_broker_patience(const struct asp_conf *conf);

/* Writes the request, to be answered in `version`. What is too long to be well-formed is cut where
 * it is still too long; where it may hold an app password it is empty instead, since half of one
 * would not be known for it. The caller wipes `message`, which holds the secret. */
void asp_broker_login_write(const struct asp_request *request, unsigned version,
                            struct asp_message *message);

/* Reads it; what `request` points at lies in the message. False when it is not one. */
bool asp_broker_login_read(const struct asp_message_read *message, struct asp_request *request);

/* Writes what the host is told, in the version that it asked in: the verdict, of an entry whose
 * secret was proven the id, the label and the app, and of one that lets in whose account it is.
 * Version 1 does not know wrong-case: to it the secret is wrong. Versions before 4 are not told of
 * the account. */
void asp_broker_outcome_write(const struct asp_outcome *outcome, unsigned version,
                              struct asp_message *message);

/* Reads it into an outcome that owns nothing. False when it is not one. */
bool asp_broker_outcome_read(const struct asp_message_read *message, struct asp_outcome *outcome);

#endif
