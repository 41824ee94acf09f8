#include "ask.h"

#include "question.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    HEARD_MS = 500,   /* to be let in */
    WAIT_MS = 1000,   /* for all of it */
    SLOW_MS = 5000,   /* the same where a hash is slow on purpose */
    CONNECT_TRIES = 3 /* a signal of the host's may break in */
};

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What a failed connection asks for. */
static enum asp_status explain(const char *path, struct asp_error *error)
{
    switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
        return asp_fail(
            error, ASP_IO,
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

static enum asp_status connect_to(const char *path, int *fd, struct asp_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* Where others wait to be taken, connect waits; and so long at most. */
    const struct timeval most = {.tv_usec = HEARD_MS * 1000};
    int code = -1;

    memcpy(address.sun_path, path, strlen(path) + 1);
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return asp_fail_errno(error, "%s: no socket", path);
    if (setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == 0) {
        errno = EINTR;
        for (int i = 0; code != 0 && errno == EINTR && i < CONNECT_TRIES; i++)
            code = connect(*fd, (const struct sockaddr *)&address, sizeof address);
    }
    return code == 0 ? ASP_OK : explain(path, error);
}

/* The secret goes to nobody whom this process does not have to trust anyway. */
static enum asp_status check_peer(int fd, const char *path, struct asp_error *error)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return asp_fail_errno(error, "%s: who listens", path);
    if (peer.uid == 0 || peer.uid == geteuid())
        return ASP_OK;
    return asp_fail(error, ASP_UNSAFE,
                    "%s: uid %lu listens there, which is not root: nothing was sent to it; start "
                    "asp-broker as root",
                    path, (unsigned long)peer.uid);
}

static enum asp_status send_question(int fd, const char *path, const struct asp_request *request,
                                     struct asp_error *error)
{
    struct asp_message message;
    enum asp_status status = ASP_OK;

    question_write(request, &message);
    if (message.failed)
        status = asp_fail(error, ASP_INVALID, "%s: the request does not fit a message", path);
    else if (send(fd, message.bytes, message.length, MSG_NOSIGNAL | MSG_DONTWAIT) !=
             (ssize_t)message.length)
        status = asp_fail_errno(error, "%s: asp-broker does not listen", path);
    asp_message_wipe(&message);
    return status;
}

/* Waits for the answer until `deadline`. */
static enum asp_status receive(int fd, const char *path, long deadline, uint8_t *bytes,
                               size_t *length, struct asp_error *error)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t got = -1;
    int code = -1;

    for (long left = deadline - now_ms(); left > 0; left = deadline - now_ms()) {
        code = poll(&ready, 1, (int)left);
        if (code >= 0 || errno != EINTR)
            break;
    }
    if (code > 0)
        got = recv(fd, bytes, ASP_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
    if (code > 0 && got > 0 && got <= ASP_MESSAGE_MAX) {
        *length = (size_t)got;
        return ASP_OK;
    }
    if (code > 0 && got > 0)
        return asp_fail(error, ASP_CORRUPT, "%s: what asp-broker says is no message", path);
    if (code > 0)
        return asp_fail(error, ASP_IO,
                        "%s: asp-broker broke off: its log says why; restart asp-broker.service",
                        path);
    return asp_fail(error, ASP_BUSY,
                    "%s: asp-broker did not answer in time: restart asp-broker.service", path);
}

static enum asp_status read_answer(const uint8_t *bytes, size_t length, const char *path,
                                   struct asp_outcome *outcome, struct asp_error *error)
{
    struct asp_message_read message;
    enum asp_status status = asp_message_read(bytes, length, "asp-broker", &message, error);
    const char *text;

    if (status != ASP_OK)
        return status;
    text = asp_message_field(&message, 0);
    if (message.type == ASP_MESSAGE_REFUSED && text != NULL)
        return asp_fail(error, ASP_INVALID, "asp-broker refuses: %.400s", text);
    if (answer_read(&message, outcome))
        return ASP_OK;
    return asp_fail(error, ASP_CORRUPT, "%s: what asp-broker says is no answer", path);
}

enum asp_status ask_broker(const struct asp_conf *conf, const struct asp_request *request,
                           struct asp_outcome *outcome, struct asp_error *error)
{
    const char *path = conf->broker_socket;
    long deadline = now_ms() + (conf->cost.scheme == ASP_ARGON2ID ? SLOW_MS : WAIT_MS);
    uint8_t answer[ASP_MESSAGE_MAX];
    size_t length = 0;
    int fd = -1;
    enum asp_status status = connect_to(path, &fd, error);

    if (status == ASP_OK)
        status = check_peer(fd, path, error);
    if (status == ASP_OK)
        status = send_question(fd, path, request, error);
    if (status == ASP_OK)
        status = receive(fd, path, deadline, answer, &length, error);
    if (status == ASP_OK)
        status = read_answer(answer, length, path, outcome, error);
    asp_close(fd);
    return status;
}
