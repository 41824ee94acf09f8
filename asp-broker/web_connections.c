/* The web server's connections, and the processes of what is done on them. */
#include "web_connections.h"

#include "process_tree.h"
#include "self_session.h"
#include "session_process.h"
#include "web_sign_in.h"

#include "asp-admin/ui/console.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

/* Ends of connections */

void web_connection_close(struct web_connections *all, int place)
{
    struct web_connection *connection = &all->list[place];

    asp_close(connection->fd);
    *connection = (struct web_connection){.stage = WEB_FREE, .fd = -1};
    web_limits_leave(&all->limits, place, asp_clock_ms());
}

/* A module may not be waited for, and may have processes of its own. */
static void kill_sign_in(const struct web_connection *connection)
{
    if (connection->stage != WEB_SIGNING_IN)
        return;
    process_tree_kill(connection->process);
}

void web_connection_refuse(struct web_connections *all, int place, const char *why)
{
    kill_sign_in(&all->list[place]);
    asp_broker_refuse(all->list[place].fd, why);
    web_connection_close(all, place);
}

static bool say_done(const struct web_connection *connection, enum exit_code code)
{
    struct asp_message message;

    asp_message_begin(&message, ASP_MESSAGE_DONE);
    asp_message_number(&message, (unsigned)code);
    if (code == EXIT_DONE)
        asp_message_text(&message, connection->account, ASP_MESSAGE_MAX);
    return asp_broker_send_now(connection->fd, &message);
}

/* She is not let in, and is not told why. */
void web_connection_say_no(struct web_connections *all, int place)
{
    kill_sign_in(&all->list[place]);
    (void)say_done(&all->list[place], EXIT_NO);
    web_connection_close(all, place);
}

/* All but commands at work: those end when they are done. */
void web_connections_end(struct web_connections *all, const char *why)
{
    for (int i = 0; i < WEB_PLACES; i++) {
        if (all->list[i].stage != WEB_FREE && all->list[i].stage != WEB_AT_WORK)
            web_connection_refuse(all, i, why);
    }
}

/* Processes */

/* 0 in the process, which has this connection alone; -1: there is none, and she was told so. */
static pid_t begin_process(struct web_connections *all, int place)
{
    struct web_connection *connection = &all->list[place];
    const pid_t listener = getpid();
    const pid_t process = fork();

    if (process == 0) {
        session_process_enter(listener);
        asp_close(all->web->listener);
        asp_close(all->reports[0]);
        for (int i = 0; i < WEB_PLACES; i++) {
            if (i != place)
                asp_close(all->list[i].fd);
        }
    } else if (process < 0) {
        syslog(LOG_ERR, "a session cannot be begun: %s", strerror(errno));
        web_connection_refuse(all, place,
                              "asp-broker has no process for you: try again in a moment");
    } else {
        connection->process = process;
    }
    return process;
}

void web_connection_sign_in(struct web_connections *all, int place, const char *user,
                            const char *address)
{
    struct web_connection *connection = &all->list[place];
    const struct web_listener *web = all->web;
    const int64_t now = asp_clock_ms();
    const struct web_sign_in sign_in = {
        .fd = connection->fd,
        .user = user,
        .address = address,
        .since_ms = now + web_limits_delay(&all->limits, place, now),
        .key = all->key,
        .report = all->reports[1],
        .conf_path = web->conf_path,
        .conf_required = web->conf_required,
    };
    const pid_t process = begin_process(all, place);

    if (process == 0)
        _exit(web_sign_in_run(&sign_in));
    if (process < 0)
        return;
    connection->stage = WEB_SIGNING_IN;
    connection->said_ms = sign_in.since_ms;
}

void web_connection_command(struct web_connections *all, int place)
{
    struct web_connection *connection = &all->list[place];
    const struct web_listener *web = all->web;
    const int64_t now = asp_clock_ms();
    const struct self_session session = {
        .fd = connection->fd,
        .account = connection->account,
        .is_user = connection->is_user,
        .may_change = web_limits_may_change(&all->limits, place, now),
        .ticket = &connection->own,
        .key = all->key,
        .report = all->reports[1],
        .conf_path = web->conf_path,
        .conf_required = web->conf_required,
    };
    const pid_t process = begin_process(all, place);

    if (process == 0)
        _exit(self_session_run(&session));
    if (process < 0)
        return;
    connection->stage = WEB_AT_WORK;
    web_limits_use(&all->limits, place, now);
}

static int place_of(const struct web_connections *all, pid_t process)
{
    for (int i = 0; i < WEB_PLACES; i++) {
        const struct web_connection *connection = &all->list[i];

        if ((connection->stage == WEB_SIGNING_IN || connection->stage == WEB_AT_WORK) &&
            connection->process == process)
            return i;
    }
    return -1;
}

static void take_report(struct web_connections *all, const struct self_report *report)
{
    const int place = place_of(all, report->process);
    struct web_connection *connection = &all->list[place < 0 ? 0 : place];

    if (place < 0)
        return;
    switch (report->kind) {
    case SELF_ANSWERED:
        connection->said_ms = asp_clock_ms();
        web_limits_answered(&all->limits, place);
        break;
    case SELF_ADMITTED:
        connection->admitted = true;
        memcpy(connection->account, report->account, sizeof connection->account);
        connection->is_user = report->is_user;
        connection->own = report->own;
        break;
    case SELF_CHANGES:
        web_limits_change(&all->limits, place, asp_clock_ms());
        break;
    case SELF_FOLLOWED:
        connection->own = report->own;
        break;
    default:
        break;
    }
}

/* Read before the end of a process is seen, so that its place is still its own. */
void web_connections_take_reports(struct web_connections *all)
{
    struct self_report report;

    while (read(all->reports[0], &report, sizeof report) == (ssize_t)sizeof report)
        take_report(all, &report);
}

static void end_sign_in(struct web_connections *all, int place, int status)
{
    struct web_connection *connection = &all->list[place];
    const char *why = NULL;

    if (WIFSIGNALED(status))
        syslog(LOG_ERR, "a sign-in was ended by signal %d: its user is refused", WTERMSIG(status));
    connection->stage = WEB_TO_REFUSE;
    connection->said_ms += WEB_REFUSAL_MS;
    if (WIFEXITED(status) && WEXITSTATUS(status) == WEB_BROKEN)
        why = "nobody can sign in now: ask the administrator";
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != WEB_ADMITTED || !connection->admitted)
        return;
    else
        why = web_limits_admit(&all->limits, place, connection->account, asp_clock_ms());
    if (why != NULL)
        web_connection_refuse(all, place, why);
    else if (say_done(connection, EXIT_DONE))
        connection->stage = WEB_IDLE;
    else
        web_connection_close(all, place);
}

void web_connections_reap(struct web_connections *all)
{
    pid_t process;
    int status;

    while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
        int place;

        web_connections_take_reports(all);
        place = place_of(all, process);
        if (place < 0)
            continue;
        if (all->list[place].stage == WEB_SIGNING_IN) {
            end_sign_in(all, place, status);
        } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            all->list[place].stage = WEB_IDLE;
            web_limits_use(&all->limits, place, asp_clock_ms());
        } else {
            web_connection_close(all, place);
        }
    }
}

bool web_connections_open(struct web_connections *all, const struct web_listener *web)
{
    all->web = web;
    randombytes_buf(all->key.bytes, sizeof all->key.bytes);
    randombytes_buf(all->limits.key, sizeof all->limits.key);
    for (int i = 0; i < WEB_PLACES; i++)
        all->list[i].fd = -1;
    return pipe2(all->reports, O_CLOEXEC | O_NONBLOCK) == 0;
}

void web_connections_close(struct web_connections *all)
{
    asp_close(all->reports[0]);
    asp_close(all->reports[1]);
}
