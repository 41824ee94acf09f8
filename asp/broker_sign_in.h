/*
 * The first message at self_service.web_socket: who wants to sign in.
 */
#ifndef ASP_BROKER_SIGN_IN_H
#define ASP_BROKER_SIGN_IN_H

#include "broker_message.h"
#include "network.h"

#include <stdbool.h>

struct asp_broker_sign_in {
    const char
        *user; /* as she has typed it: 1 to ASP_USER_MAX bytes, none of them a control byte */
    const char *address; /* of her browser, of IPv4 or IPv6; NULL: it is not known */
};

void asp_broker_sign_in_write(const struct asp_broker_sign_in *sign_in,
                              struct asp_message *message);

/* True when it is one. Its texts lie in the message; `network` is that of the address. */
bool asp_broker_sign_in_read(const struct asp_message_read *message,
                             struct asp_broker_sign_in *sign_in, struct asp_network *network);

#endif
