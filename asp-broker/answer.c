/* A login that a client asks for: judged by a configuration that is sound, and answered. */
#include "answer.h"

#include "client_policy.h"

#include "asp-admin/system/users.h"
#include "asp/broker_login.h"
#include "asp/buffer.h"
#include "asp/clock.h"
#include "pam_asp/conf_cache.h"
#include "pam_asp/login_log.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>

enum { NAME_MS = 60 * 1000 }; /* how long the name of a uid is remembered */

static void log_to_syslog(void *context, int level, const char *line)
{
    (void)context;
    syslog(level, "%s", line);
}

/* Who a uid is, looked up once a minute: the same hosts ask again and again. Where that would have
 * to be asked, and nobody may be here, it is its number. */
static const struct client_name *name_of_client(struct answering *answering, uid_t uid)
{
    struct client_name *known = &answering->names[uid % CLIENT_NAMES];
    const int64_t now = asp_clock_ms();

    if (known->until_ms > now && known->uid == uid)
        return known;
    known->is_number = false;
    if (!user_local_name_of(uid, known->name, sizeof known->name)) {
        known->is_number = answering->ask_uid == NULL;
        if (known->is_number)
            (void)snprintf(known->name, sizeof known->name, "uid %lu", (unsigned long)uid);
        else
            answering->ask_uid(answering->name_service->context, uid, known->name,
                               sizeof known->name);
    }
    known->uid = uid;
    known->until_ms = now + NAME_MS;
    return known;
}

/* A login that was accepted, and whose use could not be written here, where it has to be. */
static void tell_unwritable(const struct answering *answering, const struct asp_conf *conf,
                            const struct asp_outcome *outcome)
{
    if (outcome->verdict == ASP_ACCEPTED && outcome->denied)
        log_once(answering->log_throttle, LOGGED_UNWRITABLE, LOG_ERR,
                 "%s may not be written by this process: no last use is kept and no app password "
                 "bound. asp-admin doctor says what to change",
                 conf->store);
}

/* ASP_QUESTION, without an answer: the name service has to be asked first, and may not be here;
 * ASP_SLOW, without one: a slow hash is not to be made here. */
static enum asp_status decide(struct answering *answering, struct shared_conf *shared,
                              const struct asp_request *request, unsigned version,
                              struct asp_message *answer)
{
    const struct asp_conf *conf = conf_cache_read(shared);
    struct asp_store_kept room;
    const struct asp_store_kept *kept = worker_database_use(&answering->database, shared, &room);
    struct asp_outcome outcome;
    enum asp_status status = ASP_OK;

    asp_login(conf, kept, answering->name_service, request, time(NULL), &outcome);
    if (outcome.question)
        status = ASP_QUESTION;
    else if (outcome.slow)
        status = ASP_SLOW;
    if (status == ASP_OK) {
        login_log_decision(log_to_syslog, NULL, conf, request, &outcome);
        asp_broker_outcome_write(&outcome, version, answer);
        tell_unwritable(answering, conf, &outcome);
    }
    asp_outcome_free(&outcome);
    return status;
}

static void log_claim(const struct answering *answering, uid_t uid, const char *why)
{
    struct asp_buffer line = {0};

    asp_buffer_add_logged(&line, why);
    if (!line.failed)
        log_throttled(answering->log_throttle, THROTTLED_CLAIM, uid, LOG_NOTICE, "refused: %s",
                      line.text);
    asp_buffer_free(&line);
}

bool answer_has_no_taker(void *asker)
{
    const struct lane_client *client = asker;
    struct pollfd end = {.fd = client->fd, .events = POLLRDHUP};

    return poll(&end, 1, 0) > 0;
}

/* A question is answered by a configuration that is sound, and to a client that may ask it. What
 * hangs on the name of the client waits until that is known. */
static enum asp_status answer_question(struct answering *answering, struct lane_client *client,
                                       bool is_number, struct asp_request *request,
                                       unsigned version, struct asp_message *answer,
                                       struct asp_error *error)
{
    const uid_t uid = client->uid;
    struct shared_conf *conf = NULL;
    char line[ASP_ERROR_LINE];
    enum asp_status status =
        conf_cache_acquire(answering->conf_path, answering->conf_required, &conf, error);

    if (status != ASP_OK) {
        log_throttled(answering->log_throttle, THROTTLED_FAILED, uid, LOG_ERR, "configuration: %s",
                      asp_error_line(error, line));
        return status;
    }
    if (is_number && conf_cache_read(conf)->client_count > 0) {
        conf_cache_release(conf);
        return ASP_QUESTION;
    }
    status = client_policy_check(conf_cache_read(conf), uid, request->via, request, error);
    if (status == ASP_OK) {
        request->deadline = client->since_ms + asp_broker_patience(conf_cache_read(conf));
        request->gone = answer_has_no_taker;
        request->asker = client;
        request->quick = answering->quick;
        status = decide(answering, conf, request, version, answer);
    } else {
        log_claim(answering, uid, asp_error_line(error, line));
    }
    conf_cache_release(conf);
    return status;
}

static enum asp_status answer_login(struct answering *answering, struct lane_client *client,
                                    const struct client_name *name,
                                    const struct asp_message_read *message,
                                    struct asp_message *answer, struct asp_error *error)
{
    struct asp_request request;
    char line[ASP_ERROR_LINE];

    if (asp_broker_login_read(message, &request)) {
        request.via = name->name;
        return answer_question(answering, client, name->is_number, &request, message->version,
                               answer, error);
    }
    (void)asp_fail(error, ASP_CORRUPT, "what %s says is no question", name->name);
    log_throttled(answering->log_throttle, THROTTLED_GARBAGE, client->uid, LOG_NOTICE, "%s",
                  asp_error_line(error, line));
    return ASP_CORRUPT;
}

/* Root alone may say that a password was set: for a user who has no line in shadow, that ends her
 * app passwords. The answer comes from another process. */
static enum asp_status begin_password(struct answering *answering, const struct lane_client *client,
                                      const char *name, const struct asp_broker_password *set,
                                      unsigned version, struct asp_message *answer,
                                      struct asp_error *error)
{
    if (client->uid != 0) {
        (void)asp_fail(error, ASP_DENIED,
                       "%s may not say that a primary password was set: only root", name);
        log_claim(answering, client->uid, error->text);
        return ASP_DENIED;
    }
    if (!password_work_begin(&answering->works, client->fd, set, version)) {
        asp_message_begin(answer, ASP_MESSAGE_BUSY);
        asp_message_set_version(answer, version);
    }
    return ASP_OK;
}

/* What a client has said, and what it is answered. ASP_QUESTION, ASP_SLOW: nothing here. */
static enum asp_status answer_to(struct answering *answering, struct lane_client *client,
                                 const uint8_t *bytes, size_t length, struct asp_message *answer)
{
    struct asp_message_read message;
    struct asp_broker_password set;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    const struct client_name *name = name_of_client(answering, client->uid);
    enum asp_status status = asp_message_read(bytes, length, name->name, &message, &error);

    if (status != ASP_OK)
        log_throttled(answering->log_throttle, THROTTLED_GARBAGE, client->uid, LOG_NOTICE, "%s",
                      asp_error_line(&error, line));
    else if (asp_broker_password_read(&message, &set))
        status =
            begin_password(answering, client, name->name, &set, message.version, answer, &error);
    else
        status = answer_login(answering, client, name, &message, answer, &error);
    if (status < 0) {
        asp_message_refuse(answer, asp_error_line(&error, line));
        asp_message_set_version(answer, message.version);
    }
    return status;
}

/* In another version the client would ask once more. */
static void refuse(const struct lane_client *client, const char *why)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message = {.count = 0};
    struct asp_message answer;
    const ssize_t length = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK);

    (void)asp_message_read(bytes, length > 0 ? (size_t)length : 0, "a client", &message, NULL);
    asp_message_refuse(&answer, why);
    asp_message_set_version(&answer, message.version);
    sodium_memzero(bytes, length > 0 ? (size_t)length : 0);
    (void)send(client->fd, answer.bytes, answer.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* That is the configuration's doing or the machine's, and not the client's. */
void answer_too_many(const struct answering *answering, const struct lane_client *client)
{
    log_throttled(answering->log_throttle, THROTTLED_FAILED, client->uid, LOG_ERR,
                  "too many logins wait for the name service: some are refused");
    refuse(client, "too many logins wait for the name service");
}

void answer_crowded(struct log_throttle *log_throttle, const struct lane_client *client,
                    bool has_spoken)
{
    log_throttled(log_throttle, THROTTLED_CROWDED, client->uid, LOG_NOTICE,
                  has_spoken
                      ? "uid %lu has more logins waiting than can be decided: some are refused"
                      : "uid %lu has many connections that say nothing: the oldest are dropped",
                  (unsigned long)client->uid);
    if (has_spoken)
        refuse(client, "too many logins wait: try again in a moment");
}

bool answer_has_spoken(const struct lane_client *client, bool *has_ended)
{
    char byte;
    const ssize_t length = recv(client->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    const bool nothing = length < 0 && (errno == EAGAIN || errno == EINTR);

    *has_ended = length <= 0 && !nothing;
    return length > 0;
}

enum answered answer_client(struct answering *answering, struct lane_client *client)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message answer;
    /* With MSG_TRUNC the whole length, also of what does not fit: then it is no message. What is
     * passed on is read again there. */
    ssize_t length = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC | MSG_PEEK);
    bool fits = length <= (ssize_t)sizeof bytes;
    enum asp_status status = ASP_OK;

    answer.failed = true; /* there is none yet; all of it need not be cleared */
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return ANSWER_NOTHING_SAID;
    if (length <= 0)
        return ANSWER_DONE;
    if (!answer_has_no_taker(client))
        status = answer_to(answering, client, bytes, fits ? (size_t)length : 0, &answer);
    sodium_memzero(bytes, fits ? (size_t)length : sizeof bytes);
    if (status == ASP_QUESTION)
        return ANSWER_BY_QUESTION;
    if (status == ASP_SLOW)
        return ANSWER_SLOWLY;
    /* What is closed unread looks broken off to its client. */
    (void)recv(client->fd, bytes, 1, MSG_DONTWAIT);
    if (!answer.failed)
        (void)send(client->fd, answer.bytes, answer.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return ANSWER_DONE;
}
