/* A login that the broker is asked to decide. */
#include "broker_question.h"

#include "asp/broker_login.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"

#include <string.h>

#define PEER "asp-broker"

enum { THERE_MS = 100 }; /* for what is there already */

enum asp_status broker_question_ask(const char *path, const struct asp_request *request, int *fd,
                                    struct asp_error *error)
{
    struct asp_message message;
    enum asp_status status = asp_broker_connect_at_once(path, fd, error);

    if (status == ASP_OK) {
        asp_broker_login_write(request, ASP_MESSAGE_NEWEST, &message);
        /* A broker before which many crowd drops who has said nothing yet. */
        if (!asp_broker_send_now(*fd, &message))
            status = asp_fail(error, ASP_BUSY, "%s: " PEER " broke off", path);
        asp_message_wipe(&message);
    }
    if (status != ASP_OK) {
        asp_close(*fd);
        *fd = -1;
    }
    return status;
}

enum asp_status broker_question_hear(int fd, struct asp_outcome *outcome, struct asp_error *error)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message;
    enum asp_status status =
        asp_broker_receive(fd, PEER, asp_clock_ms() + THERE_MS, bytes, &message, error);

    memset(outcome, 0, sizeof *outcome);
    if (status == ASP_OK && !asp_broker_outcome_read(&message, outcome))
        status = asp_fail(error, ASP_CORRUPT, "what " PEER " says is no answer");
    /* Before version 4 it does not say whose account it is. */
    if (status == ASP_OK && outcome->verdict == ASP_ACCEPTED && outcome->account[0] == '\0')
        status = asp_fail(error, ASP_NEWER, PEER " is an older one: restart asp-broker.service");
    if (status != ASP_OK)
        memset(outcome, 0, sizeof *outcome);
    return status;
}
