/* What asp-broker does for the module: a login that it decides, and the work of the password stack.
 */
#include "broker_client.h"

#include "asp/broker_login.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"

#include <sys/socket.h>
#include <time.h>

#define SEE_ITS_LOG "restart asp-broker.service, its log says more"

enum {
    TRIES = 3,
    ACCEPT_MS = 1000, /* in which work has to be accepted */
    LEFT_MS = 100,    /* for what has come already, which is there at once */
    STOPPED_MS = 400, /* no program needs so long to say something */
    BUSY_PAUSE_MS = 100,
};

static enum asp_status send_question(int fd, const struct asp_request *request, unsigned version,
                                     struct asp_error *error)
{
    struct asp_message message;
    enum asp_status status;

    asp_broker_login_write(request, version, &message);
    status = asp_broker_send(fd, "asp-broker", &message, error);
    asp_message_wipe(&message);
    return status;
}

/* A broker in front of which many crowd may drop one who has not spoken yet: then nothing was sent,
 * and it is asked again. */
static enum asp_status ask(const char *path, const struct asp_request *request, unsigned version,
                           int64_t deadline, int *fd, struct asp_error *error)
{
    enum asp_status status;

    for (int tries = 1;; tries++) {
        status = asp_broker_connect(path, fd, error);
        if (status != ASP_OK)
            return status;
        status = send_question(*fd, request, version, error);
        if (status != ASP_NOT_FOUND)
            return status;
        if (tries == TRIES || asp_clock_ms() + ASP_BROKER_CONNECT_MS > deadline)
            return asp_fail(error, ASP_NOT_FOUND, "asp-broker broke off: " SEE_ITS_LOG);
        asp_close(*fd);
    }
}

/* `*version` is that of the answer, 0 when there is none. */
static enum asp_status receive_answer(int fd, int64_t deadline, struct asp_outcome *outcome,
                                      unsigned *version, struct asp_error *error)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message;
    enum asp_status status = asp_broker_receive(fd, "asp-broker", deadline, bytes, &message, error);

    *version = message.version;
    if (status == ASP_BUSY || status == ASP_NOT_FOUND) {
        struct asp_error what = *error;
        char line[ASP_ERROR_LINE];

        return asp_fail(error, status, "%.400s: " SEE_ITS_LOG, asp_error_line(&what, line));
    }
    if (status == ASP_OK && !asp_broker_outcome_read(&message, outcome))
        return asp_fail(error, ASP_CORRUPT, "what asp-broker says is no answer");
    return status;
}

/* A broker that was not restarted since an upgrade refuses in the version that it speaks: it is
 * asked again in that, in the time that is left. */
enum asp_status broker_client_ask(const struct asp_conf *conf, const struct asp_request *request,
                                  struct asp_outcome *outcome, struct asp_error *error)
{
    int64_t deadline = asp_clock_ms() + asp_broker_patience(conf);
    unsigned version;
    unsigned answered = ASP_MESSAGE_NEWEST;
    enum asp_status status;

    do {
        int fd;

        version = answered;
        status = ask(conf->broker_socket, request, version, deadline, &fd, error);
        if (status == ASP_OK)
            status = receive_answer(fd, deadline, outcome, &answered, error);
        asp_close(fd);
    } while (status == ASP_INVALID && answered > 0 && answered < version &&
             asp_clock_ms() + ASP_BROKER_CONNECT_MS <= deadline);
    return status;
}

static enum asp_status receive(int fd, int64_t deadline, enum asp_message_type expected)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message;
    enum asp_status status = asp_broker_receive(fd, "asp-broker", deadline, bytes, &message, NULL);

    if (status == ASP_OK && message.type == ASP_MESSAGE_BUSY)
        return ASP_FULL;
    return status == ASP_OK && message.type != expected ? ASP_CORRUPT : status;
}

/* The broker drops who says nothing for half a second. A program may have been stopped for so long
 * by the user whose it is: then it is tried again. */
static enum asp_status send_over(const struct asp_conf *conf, const struct asp_broker_password *set,
                                 int64_t deadline, int *fd)
{
    struct asp_message message;
    enum asp_status status;
    bool stopped = false;

    asp_broker_password_write(set, &message);
    do {
        const int64_t begun = asp_clock_ms();

        if (stopped)
            asp_close(*fd);
        status = asp_broker_connect(conf->broker_socket, fd, NULL);
        if (status == ASP_OK)
            status = asp_broker_send(*fd, "asp-broker", &message, NULL);
        stopped = status == ASP_NOT_FOUND && asp_clock_ms() - begun >= STOPPED_MS;
    } while (stopped && asp_clock_ms() < deadline);
    return status;
}

/* Others' work does not last: who would have this done by the module's own process, within her
 * reach, does not get there by making much of it. */
static enum asp_status have_accepted(const struct asp_conf *conf,
                                     const struct asp_broker_password *set, int64_t deadline,
                                     int *fd)
{
    const struct timespec pause = {.tv_nsec = BUSY_PAUSE_MS * 1000000L};

    for (;;) {
        enum asp_status status = send_over(conf, set, deadline, fd);

        /* The time runs from here on: a user who stops her passwd before does not keep it from
         * being accepted. */
        if (status == ASP_OK)
            status = receive(*fd, asp_clock_ms() + ACCEPT_MS, ASP_MESSAGE_ACCEPTED);
        if (status != ASP_FULL || asp_clock_ms() >= deadline)
            return status;
        asp_close(*fd);
        (void)nanosleep(&pause, NULL);
    }
}

bool broker_client_hand_over(const struct asp_conf *conf, const struct asp_broker_password *set,
                             int64_t deadline, bool *done)
{
    int fd;
    enum asp_status status = have_accepted(conf, set, deadline, &fd);

    *done = false;
    if (status == ASP_OK) {
        status = receive(fd, deadline, ASP_MESSAGE_DONE);
        *done = status == ASP_OK;
        if (status == ASP_BUSY)
            status = ASP_OK; /* it goes on with it */
    } else if (status == ASP_BUSY && shutdown(fd, SHUT_RDWR) == 0) {
        /* From here on it cannot accept any more; it may have, just before. */
        status = receive(fd, asp_clock_ms() + LEFT_MS, ASP_MESSAGE_ACCEPTED);
    }
    asp_close(fd);
    return status == ASP_OK;
}
