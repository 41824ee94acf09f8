/* The socket to the broker: connected, written and read within bounds. */
#include "broker_socket.h"

#include "clock.h"
#include "safeio.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LET_IN_MS = ASP_BROKER_CONNECT_MS };

/* What a failed connection asks for. */
static enum asp_status explain(const char *path, struct asp_error *error)
{
    switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
        return asp_fail(
            error, ASP_NOT_FOUND,
            "%s: no asp-broker is there: start asp-broker.socket, or asp-broker(8) itself", path);
    case EACCES:
    case EPERM:
        return asp_fail(error, ASP_DENIED,
                        "%s: uid %lu may not ask asp-broker: put its user into the group asp and "
                        "restart the service",
                        path, (unsigned long)geteuid());
    case EAGAIN:
        return asp_fail(error, ASP_BUSY, "%s: asp-broker takes no more: restart asp-broker.service",
                        path);
    default:
        return asp_fail_errno(error, "%s: asp-broker", path);
    }
}

static enum asp_status check_peer(int fd, const char *path, struct asp_error *error)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return asp_fail_errno(error, "%s: who listens", path);
    if (peer.uid == 0 || peer.uid == geteuid())
        return ASP_OK;
    (void)asp_fail(error, ASP_UNSAFE,
                   "%s: uid %lu listens there, which is not root: nothing was sent to it", path,
                   (unsigned long)peer.uid);
    return asp_advise(error, ASP_UNSAFE, "start asp-broker as root");
}

enum asp_status asp_broker_connect(const char *path, int *fd, struct asp_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int64_t deadline = asp_clock_ms() + LET_IN_MS;
    int64_t left = LET_IN_MS;
    int code;

    memcpy(address.sun_path, path, strlen(path) + 1);
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return asp_fail_errno(error, "%s: no socket", path);
    /* Where others wait to be taken, connect waits; and so long at most, however often a signal of
     * the process's breaks in. */
    do {
        const struct timeval most = {.tv_usec = left * 1000};

        code = setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
        if (code == 0)
            code = connect(*fd, (const struct sockaddr *)&address, sizeof address);
        left = deadline - asp_clock_ms();
    } while (code != 0 && errno == EINTR && left > 0);
    if (code != 0 && errno == EINTR)
        errno = EAGAIN;
    return code == 0 ? check_peer(*fd, path, error) : explain(path, error);
}

enum asp_status asp_broker_connect_at_once(const char *path, int *fd, struct asp_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path) + 1);
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return asp_fail_errno(error, "%s: no socket", path);
    if (connect(*fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return explain(path, error);
    return check_peer(*fd, path, error);
}

enum asp_status asp_broker_send(int fd, const char *peer, const struct asp_message *message,
                                struct asp_error *error)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    ssize_t sent;

    if (message->failed)
        return asp_fail(error, ASP_INVALID, "%s: it is too long for a message", peer);
    sent = send(fd, message->bytes, message->length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN && poll(&ready, 1, LET_IN_MS) > 0)
        sent = send(fd, message->bytes, message->length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == (ssize_t)message->length)
        return ASP_OK;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
        return asp_fail(error, ASP_NOT_FOUND, "%s broke off", peer);
    return asp_fail_errno(error, "%s does not listen", peer);
}

bool asp_broker_send_now(int fd, const struct asp_message *message)
{
    return send(fd, message->bytes, message->length, MSG_DONTWAIT | MSG_NOSIGNAL) ==
           (ssize_t)message->length;
}

void asp_broker_refuse(int fd, const char *why)
{
    struct asp_message message;

    asp_message_refuse(&message, why);
    if (!asp_broker_send_now(fd, &message))
        (void)shutdown(fd, SHUT_RDWR);
}

enum asp_status asp_broker_receive(int fd, const char *peer, int64_t deadline,
                                   uint8_t bytes[ASP_MESSAGE_MAX], struct asp_message_read *message,
                                   struct asp_error *error)
{
    enum asp_status status;
    const char *text;
    ssize_t got;

    asp_message_read_nothing(message);
    if (!asp_clock_wait(fd, deadline))
        return asp_fail(error, ASP_BUSY, "%s did not answer in time", peer);
    /* With MSG_TRUNC the whole length, also of what does not fit: then it is no message. */
    got = recv(fd, bytes, ASP_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
    /* Closed without having read what we said; what it said before comes after this. */
    if (got < 0 && errno == ECONNRESET)
        got = recv(fd, bytes, ASP_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
    if (got <= 0)
        return asp_fail(error, ASP_NOT_FOUND, "%s broke off", peer);
    status =
        asp_message_read(bytes, got <= ASP_MESSAGE_MAX ? (size_t)got : 0, peer, message, error);
    if (status != ASP_OK || message->type != ASP_MESSAGE_REFUSED)
        return status;
    text = asp_message_field(message, 0);
    return asp_fail(error, ASP_INVALID, "%s refuses: %.400s", peer,
                    text != NULL ? text : "no reason");
}
