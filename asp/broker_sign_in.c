/* The message that begins a session in a browser. */
#include "broker_sign_in.h"

#include "name.h"

#include <string.h>

enum { USER, ADDRESS, FIELDS };

static bool is_user(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return length > 0 && length <= ASP_USER_MAX;
}

void asp_broker_sign_in_write(const struct asp_broker_sign_in *sign_in, struct asp_message *message)
{
    asp_message_begin(message, ASP_MESSAGE_SIGN_IN);
    asp_message_text(message, sign_in->user, ASP_MESSAGE_MAX);
    asp_message_text(message, sign_in->address, ASP_MESSAGE_MAX);
}

bool asp_broker_sign_in_read(const struct asp_message_read *message,
                             struct asp_broker_sign_in *sign_in, struct asp_network *network)
{
    *sign_in = (struct asp_broker_sign_in){
        .user = asp_message_field(message, USER),
        .address = asp_message_field(message, ADDRESS),
    };
    if (message->type != ASP_MESSAGE_SIGN_IN || message->count != FIELDS || sign_in->user == NULL ||
        !is_user(sign_in->user))
        return false;
    if (sign_in->address == NULL)
        return message->fields[ADDRESS].length == 0;
    return strchr(sign_in->address, '/') == NULL && asp_network_read(sign_in->address, network);
}
