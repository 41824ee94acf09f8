/* The web server: who is let in by it, what is said on its connections, and when their time is
 * over. */
#include "web_listener.h"

#include "session_process.h"
#include "web_connections.h"

#include "asp-admin/system/web_user.h"
#include "asp/account_name.h"
#include "asp/broker_sign_in.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"
#include "pam_asp/conf_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#define CLIENT "the web server"

enum {
    AT_A_TIME = 16,  /* let in before the others are looked after again, however many wait */
    FIRST_MS = 5000, /* until it is said who signs in */
    THERE_MS = 100,  /* for what is there already */
    WHY_SIZE = 128,
};

struct serving {
    struct web_connections all;
    uid_t user;               /* the web server's, where `why` is empty: */
    char why[ASP_ERROR_LINE]; /* why nobody is served */
};

/* The configuration */

/* The configuration as it is now, if it lets anybody in; the caller releases it. What is wrong with
 * it is logged once. */
static struct shared_conf *look_at_conf(struct serving *serving)
{
    const struct web_listener *web = serving->all.web;
    struct shared_conf *conf = NULL;
    struct asp_error error = {0};
    char room[ASP_ERROR_LINE];
    const char *line = "";
    uid_t user = 0;
    enum asp_status status = conf_cache_acquire(web->conf_path, web->conf_required, &conf, &error);

    if (status == ASP_OK)
        status = web_user_find(conf_cache_read(conf), &user, &error);
    if (status != ASP_OK)
        line = asp_error_line(&error, room);
    if (status != ASP_OK && strcmp(line, serving->why) != 0)
        syslog(LOG_ERR, "%s; until then nobody signs in by a web server", line);
    (void)snprintf(serving->why, sizeof serving->why, "%s", line);
    if (status != ASP_OK || user != serving->user)
        web_connections_end(&serving->all, "you were signed out by the administrator");
    serving->user = user;
    if (status == ASP_OK)
        return conf;
    conf_cache_release(conf);
    return NULL;
}

static bool is_open(struct serving *serving)
{
    struct shared_conf *conf = look_at_conf(serving);

    conf_cache_release(conf);
    return conf != NULL;
}

/* What is said */

/* A name in lower case and without a domain of ours is counted as one, be it known or not. */
static void name_place(struct serving *serving, int place, const struct asp_conf *conf,
                       const char *user, const struct asp_network *address)
{
    char spelled[ASP_USER_MAX + 1];

    asp_account_spell(conf, user, spelled);
    for (char *c = spelled; *c != '\0'; c++)
        *c = asp_fold(*c);
    web_limits_name(&serving->all.limits, place, spelled, address);
    sodium_memzero(spelled, sizeof spelled);
}

static void sign_in(struct serving *serving, int place, const struct asp_conf *conf,
                    const struct asp_broker_sign_in *said, const struct asp_network *network)
{
    char address[ASP_NETWORK_SIZE] = "";
    char why[WHY_SIZE];
    int64_t wait;
    int other;

    name_place(serving, place, conf, said->user, said->address != NULL ? network : NULL);
    web_connections_take_reports(&serving->all);
    while ((other = web_limits_crowded(&serving->all.limits, place, asp_clock_ms())) >= 0)
        web_connection_refuse(&serving->all, other,
                              "too many sign in from your address: try again in a moment");
    wait = web_limits_wait(&serving->all.limits, place, asp_clock_ms());
    if (wait > 0) {
        (void)snprintf(why, sizeof why, "too many wrong answers: wait %" PRId64 " seconds",
                       (wait + 999) / 1000);
        web_connection_refuse(&serving->all, place, why);
        return;
    }
    if (said->address != NULL)
        asp_network_write(network, address);
    web_connection_sign_in(&serving->all, place, said->user, address);
}

/* For who has hung up meanwhile nobody has to go, and no process is begun. */
static bool has_hung_up(int fd)
{
    char byte;

    return recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void hear_first(struct serving *serving, int place)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message;
    struct asp_broker_sign_in said;
    struct asp_network network;
    struct asp_error error = {0};
    struct shared_conf *conf = look_at_conf(serving);
    enum asp_status status;

    /* It may be closed by that. */
    if (serving->all.list[place].stage != WEB_NEW) {
        conf_cache_release(conf);
        return;
    }
    status = asp_broker_receive(serving->all.list[place].fd, CLIENT, asp_clock_ms() + THERE_MS,
                                bytes, &message, &error);
    if (status == ASP_NOT_FOUND)
        web_connection_close(&serving->all, place);
    else if (status != ASP_OK)
        web_connection_refuse(&serving->all, place, error.text);
    else if (!asp_broker_sign_in_read(&message, &said, &network))
        web_connection_refuse(&serving->all, place, "this says of nobody that she signs in");
    else if (has_hung_up(serving->all.list[place].fd))
        web_connection_close(&serving->all, place);
    else
        sign_in(serving, place, conf_cache_read(conf), &said, &network);
    sodium_memzero(bytes, sizeof bytes); /* some type their password in the place of their name */
    conf_cache_release(conf);
}

static void hear_command(struct serving *serving, int place)
{
    char byte;
    const ssize_t got =
        recv(serving->all.list[place].fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        web_connection_close(&serving->all, place);
    else if (is_open(serving) && serving->all.list[place].stage == WEB_IDLE)
        web_connection_command(&serving->all, place);
}

static void accept_connection(struct serving *serving, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    int place;

    if (!is_open(serving) || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        asp_broker_refuse(fd, "nobody can sign in now: ask the administrator");
        asp_close(fd);
        return;
    }
    if (peer.uid != serving->user) {
        asp_broker_refuse(fd, "self_service.web_user alone is heard here");
        asp_close(fd);
        return;
    }
    place = web_limits_oldest(&serving->all.limits);
    if (place >= 0)
        web_connection_refuse(&serving->all, place, "too many sign in: try again in a moment");
    place = web_limits_enter(&serving->all.limits, asp_clock_ms());
    serving->all.list[place] =
        (struct web_connection){.stage = WEB_NEW, .fd = fd, .said_ms = asp_clock_ms()};
}

static void accept_some(struct serving *serving)
{
    for (int i = 0; i < AT_A_TIME; i++) {
        int fd = accept4(serving->all.web->listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0)
            accept_connection(serving, fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

/* Time */

/* When something is to be done with it, if nothing is said; INT64_MAX: it is waited for. */
static int64_t due_of(const struct serving *serving, int place)
{
    const struct web_connection *connection = &serving->all.list[place];

    switch (connection->stage) {
    case WEB_NEW:
        return connection->said_ms + FIRST_MS;
    case WEB_SIGNING_IN:
    case WEB_IDLE:
        return web_limits_end(&serving->all.limits, place);
    case WEB_TO_REFUSE:
        return connection->said_ms;
    default:
        return INT64_MAX;
    }
}

static void do_what_is_due(struct serving *serving, int place)
{
    const struct web_connection *connection = &serving->all.list[place];

    if (connection->stage == WEB_NEW) {
        web_connection_refuse(&serving->all, place, "nothing was said");
    } else if (connection->stage == WEB_IDLE) {
        web_connection_refuse(&serving->all, place, "your time is over: sign in again");
    } else {
        web_connection_say_no(&serving->all, place);
    }
}

/* How long nothing is due; -1: for ever. */
static int64_t look_at_time(struct serving *serving)
{
    const int64_t now = asp_clock_ms();
    int64_t next = INT64_MAX;

    for (int i = 0; i < WEB_PLACES; i++) {
        if (due_of(serving, i) <= now)
            do_what_is_due(serving, i);
        if (due_of(serving, i) < next)
            next = due_of(serving, i);
    }
    return next == INT64_MAX ? -1 : next - now;
}

static void wait_and_serve(struct serving *serving, const sigset_t *mask, bool open)
{
    const int64_t ms = look_at_time(serving);
    const struct timespec most = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    struct pollfd ready[WEB_PLACES + 2];

    for (int i = 0; i < WEB_PLACES; i++) {
        const struct web_connection *connection = &serving->all.list[i];
        const bool is_heard = connection->stage == WEB_NEW || connection->stage == WEB_IDLE;

        ready[i] = (struct pollfd){.fd = is_heard ? connection->fd : -1, .events = POLLIN};
    }
    ready[WEB_PLACES] = (struct pollfd){.fd = serving->all.reports[0], .events = POLLIN};
    ready[WEB_PLACES + 1] =
        (struct pollfd){.fd = open ? serving->all.web->listener : -1, .events = POLLIN};
    if (ppoll(ready, WEB_PLACES + 2, ms >= 0 ? &most : NULL, mask) <= 0)
        memset(ready, 0, sizeof ready);
    web_connections_take_reports(&serving->all);
    web_connections_reap(&serving->all);
    for (int i = 0; i < WEB_PLACES; i++) {
        if (ready[i].revents != 0 && serving->all.list[i].stage == WEB_NEW)
            hear_first(serving, i);
        else if (ready[i].revents != 0 && serving->all.list[i].stage == WEB_IDLE)
            hear_command(serving, i);
    }
    if (ready[WEB_PLACES + 1].revents != 0)
        accept_some(serving);
}

static bool some_are_at_work(const struct serving *serving)
{
    for (int i = 0; i < WEB_PLACES; i++) {
        if (serving->all.list[i].stage == WEB_AT_WORK)
            return true;
    }
    return false;
}

/* A command that only waits for its user ends; one that changes something has the signal blocked.
 */
static void finish(struct serving *serving, const sigset_t *mask)
{
    web_connections_end(&serving->all, "asp-broker ends: sign in again");
    for (int i = 0; i < WEB_PLACES; i++) {
        if (serving->all.list[i].stage == WEB_AT_WORK)
            (void)kill(serving->all.list[i].process, SELF_END);
    }
    while (some_are_at_work(serving)) {
        wait_and_serve(serving, mask, false);
        web_connections_end(&serving->all, "asp-broker ends: sign in again");
    }
}

int web_listener_run(void *context)
{
    static struct serving serving;
    const struct web_listener *web = context;
    sigset_t mask;

    for (size_t i = 0; i < LISTENER_OTHERS; i++)
        asp_close(web->others[i]);
    lane_sets_close(web->lanes);
    session_process_prepare(&mask);
    if (!web_connections_open(&serving.all, web)) {
        syslog(LOG_ERR, "the listener for the web server cannot be opened: %s", strerror(errno));
        return 1;
    }
    while (!session_process_is_to_stop())
        wait_and_serve(&serving, &mask, true);
    finish(&serving, &mask);
    web_connections_close(&serving.all);
    return 0;
}
