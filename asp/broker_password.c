/* A primary password that was set, as a message on the broker's socket. */
#include "broker_password.h"

#include <inttypes.h>
#include <stdio.h>

enum { USER, SERVICE, CONF_PATH, CONF_STATE, FIELDS };
enum { SINCE_VERSION = 3 };

void asp_broker_conf_state(const struct asp_identity *identity, char state[ASP_BROKER_CONF_STATE])
{
    if (!identity->present)
        (void)snprintf(state, ASP_BROKER_CONF_STATE, "none");
    else
        (void)snprintf(state, ASP_BROKER_CONF_STATE,
                       "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 ".%" PRId64 " %" PRId64
                       ".%" PRId64,
                       identity->device, identity->inode, identity->size, identity->mtime_s,
                       identity->mtime_ns, identity->ctime_s, identity->ctime_ns);
}

void asp_broker_password_write(const struct asp_broker_password *set, struct asp_message *message)
{
    asp_message_begin(message, ASP_MESSAGE_PASSWORD);
    asp_message_set_version(message, SINCE_VERSION);
    asp_message_text(message, set->user, ASP_MESSAGE_MAX);
    asp_message_text(message, set->service, ASP_MESSAGE_MAX);
    asp_message_text(message, set->conf_path, ASP_MESSAGE_MAX);
    asp_message_text(message, set->conf_state, ASP_MESSAGE_MAX);
}

bool asp_broker_password_read(const struct asp_message_read *message,
                              struct asp_broker_password *set)
{
    *set = (struct asp_broker_password){
        .user = asp_message_field(message, USER),
        .service = asp_message_field(message, SERVICE),
        .conf_path = asp_message_field(message, CONF_PATH),
        .conf_state = asp_message_field(message, CONF_STATE),
    };
    return message->type == ASP_MESSAGE_PASSWORD && message->count == FIELDS && set->user != NULL &&
           set->service != NULL && set->conf_path != NULL && set->conf_state != NULL;
}
