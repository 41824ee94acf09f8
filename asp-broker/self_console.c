/* What is said to a user's client, and acknowledged by it. */
#include "self_console.h"

#include "asp/broker_socket.h"
#include "asp/clock.h"

#include <errno.h>

#define CLIENT "the client"

enum {
    WRITTEN_MS = 30000, /* until what it was told is written */
    CHUNK = 4096,
};

/* Whether it is written: 0, or an errno. */
static int wait_written(struct self_client *client, int64_t deadline)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read answer;
    int number;

    if (client->silent ||
        asp_broker_receive(client->fd, CLIENT, deadline, bytes, &answer, NULL) != ASP_OK) {
        client->silent = true;
        return EPIPE;
    }
    if (answer.type != ASP_MESSAGE_SAID || !asp_message_read_number(&answer, 0, &number))
        return EPROTO;
    return number;
}

static bool write_chunk(struct self_client *client, enum console_stream stream, const char *text,
                        size_t length, int64_t deadline)
{
    static const char *const streams[] = {
        [CONSOLE_OUT] = ASP_STREAM_OUT,
        [CONSOLE_ERR] = ASP_STREAM_ERR,
        [CONSOLE_PROFILE] = ASP_STREAM_PROFILE,
    };
    struct asp_message message;
    enum asp_status status;

    asp_message_begin(&message, ASP_MESSAGE_SAY);
    asp_message_text(&message, streams[stream], ASP_MESSAGE_MAX);
    asp_message_bytes(&message, text, length);
    status = asp_broker_send(client->fd, CLIENT, &message, NULL);
    asp_message_wipe(&message);
    errno = status == ASP_OK ? wait_written(client, deadline) : EPIPE;
    return errno == 0;
}

bool self_console_write(void *context, enum console_stream stream, const char *text, size_t length)
{
    struct self_client *client = context;
    const int64_t deadline = asp_clock_ms() + WRITTEN_MS;

    for (size_t at = 0; at < length; at += CHUNK) {
        if (!write_chunk(client, stream, text + at, length - at < CHUNK ? length - at : CHUNK,
                         deadline))
            return false;
    }
    return true;
}
