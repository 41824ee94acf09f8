/*
 * What the password stack tells the broker: a primary password was set.
 */
#ifndef ASP_BROKER_PASSWORD_H
#define ASP_BROKER_PASSWORD_H

#include "broker_message.h"
#include "safeio.h"

/* What was set, and under which configuration. */
struct asp_broker_password {
    const char *user;    /* as PAM has it */
    const char *service; /* that it was set by */
    const char *conf_path;
    const char *conf_state; /* an asp_broker_conf_state */
};

enum { ASP_BROKER_CONF_STATE = 160 };

/* Which state of a file was read, as a text that is the same for the same state alone. */
void asp_broker_conf_state(const struct asp_identity *identity, char state[ASP_BROKER_CONF_STATE]);

/* Writes it, whole: what is too long for a message makes it one that has failed. */
void asp_broker_password_write(const struct asp_broker_password *set, struct asp_message *message);

/* Reads it; what `set` points at lies in the message. False when it is not one. */
bool asp_broker_password_read(const struct asp_message_read *message,
                              struct asp_broker_password *set);

#endif
