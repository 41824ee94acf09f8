/* The socket to the broker: who is spoken to, how long is waited, and what is heard. */
#include "unit.h"

#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STRANGER = 54321, LONG = 20 * 1000 /* ms, for what is to come at once */ };

/* The name of the socket, below the folder that the process is in: the whole may be too long. */
#define NAME "sock"

static struct asp_error error;
static struct asp_message message;
static struct asp_message_read heard;
static uint8_t bytes[ASP_MESSAGE_MAX];
static int pair[2];

/* `uid` listens, as it is then in the eyes of whoever connects. */
static int listener(uid_t uid, int backlog)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = NAME};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(chdir(unit_folder()), 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(seteuid(uid), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    ck_assert_int_eq(seteuid(getuid()), 0);
    return fd;
}

static enum asp_status connect_to(const char *path, int *fd)
{
    error = (struct asp_error){.status = ASP_OK};
    return asp_broker_connect(path, fd, &error);
}

static void says(const char *part)
{
    ck_assert_msg(strstr(error.text, part) != NULL, "\"%s\" is not in \"%s\"", part, error.text);
}

START_TEST(whoever_listens_as_root_or_as_this_user_is_connected_to)
{
    int listening = listener(geteuid(), 4);
    int fd;

    ck_assert_int_eq(connect_to(NAME, &fd), ASP_OK);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    asp_close(fd);
    asp_close(listening);
}
END_TEST

START_TEST(where_nobody_listens_it_says_what_to_start)
{
    int fd;

    ck_assert_int_eq(chdir(unit_folder()), 0);
    ck_assert_int_eq(connect_to(NAME, &fd), ASP_NOT_FOUND);
    says("start asp-broker.socket");
    asp_close(fd);
    asp_close(listener(geteuid(), 4)); /* its name is left */
    ck_assert_int_eq(connect_to(NAME, &fd), ASP_NOT_FOUND);
    says("start asp-broker.socket");
    asp_close(fd);
}
END_TEST

START_TEST(a_stranger_who_listens_is_told_nothing)
{
    int listening;
    int fd;

    if (!unit_is_root()) {
        puts("skipped: a stranger who listens: needs root");
        return;
    }
    listening = listener(STRANGER, 4);
    ck_assert_int_eq(connect_to(NAME, &fd), ASP_UNSAFE);
    says("uid 54321 listens there");
    ck_assert_str_eq(error.advice, "start asp-broker as root");
    asp_close(fd);
    /* Nor by who does not wait. */
    error = (struct asp_error){.status = ASP_OK};
    ck_assert_int_eq(asp_broker_connect_at_once(NAME, &fd, &error), ASP_UNSAFE);
    says("uid 54321 listens there");
    asp_close(fd);
    asp_close(listening);
}
END_TEST

START_TEST(who_may_not_ask_is_told_what_to_do)
{
    int listening;
    int fd;

    if (!unit_is_root()) {
        puts("skipped: a socket that is closed to us: needs root");
        return;
    }
    listening = listener(0, 4);
    ck_assert_int_eq(chmod(".", 0711), 0);
    ck_assert_int_eq(chmod(NAME, 0600), 0);
    ck_assert_int_eq(seteuid(STRANGER), 0);
    ck_assert_int_eq(connect_to(NAME, &fd), ASP_DENIED);
    says("uid 54321 may not ask asp-broker: put its user into the group asp");
    ck_assert_int_eq(seteuid(0), 0);
    asp_close(fd);
    asp_close(listening);
}
END_TEST

START_TEST(a_broker_that_takes_nobody_is_waited_for_half_a_second)
{
    int listening = listener(geteuid(), 0);
    enum asp_status status = ASP_OK;
    int64_t begin;
    int fds[4];
    size_t count = 0;

    do {
        begin = asp_clock_ms();
        status = connect_to(NAME, &fds[count++]);
    } while (status == ASP_OK && count < UNIT_COUNT(fds));
    ck_assert_int_eq(status, ASP_BUSY);
    says("asp-broker takes no more");
    ck_assert_int_ge(asp_clock_ms() - begin, ASP_BROKER_CONNECT_MS - 50);
    while (count > 0)
        asp_close(fds[--count]);
    asp_close(listening);
}
END_TEST

START_TEST(who_cannot_wait_is_told_at_once_that_nobody_is_taken)
{
    int listening = listener(geteuid(), 0);
    enum asp_status status = ASP_OK;
    int64_t begin;
    int fds[4];
    size_t count = 0;

    do {
        begin = asp_clock_ms();
        status = asp_broker_connect_at_once(NAME, &fds[count++], &error);
    } while (status == ASP_OK && count < UNIT_COUNT(fds));
    ck_assert_uint_gt(count, 1);
    ck_assert_int_eq(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(status, ASP_BUSY);
    says("asp-broker takes no more");
    ck_assert_int_lt(asp_clock_ms() - begin, ASP_BROKER_CONNECT_MS / 2);
    while (count > 0)
        asp_close(fds[--count]);
    asp_close(listening);
}
END_TEST

/* What is said */

static void begin(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    error = (struct asp_error){.status = ASP_OK};
    asp_message_begin(&message, ASP_MESSAGE_SAY);
    asp_message_text(&message, ASP_STREAM_OUT, ASP_MESSAGE_MAX);
    asp_message_bytes(&message, "words", 5);
}

static void end(void)
{
    asp_close(pair[0]);
    asp_close(pair[1]);
}

static enum asp_status hear(int64_t patience)
{
    return asp_broker_receive(pair[1], "the broker", asp_clock_ms() + patience, bytes, &heard,
                              &error);
}

static enum asp_status send_it(void)
{
    return asp_broker_send(pair[0], "the broker", &message, &error);
}

START_TEST(what_is_sent_is_heard_whole)
{
    begin();
    ck_assert_int_eq(send_it(), ASP_OK);
    ck_assert_int_eq(hear(LONG), ASP_OK);
    ck_assert_int_eq(heard.type, ASP_MESSAGE_SAY);
    ck_assert_uint_eq(heard.count, 2);
    ck_assert_str_eq(asp_message_field(&heard, 0), ASP_STREAM_OUT);
    ck_assert_uint_eq(heard.fields[1].length, 5);
    ck_assert_mem_eq(heard.fields[1].bytes, "words", 5);
    end();
}
END_TEST

START_TEST(who_says_nothing_is_waited_for_until_the_deadline)
{
    int64_t since = asp_clock_ms();

    begin();
    ck_assert_int_eq(hear(100), ASP_BUSY);
    ck_assert_int_ge(asp_clock_ms() - since, 100);
    ck_assert_str_eq(error.text, "the broker did not answer in time");
    ck_assert_uint_eq(heard.count, 0);
    end();
}
END_TEST

START_TEST(who_is_gone_has_broken_off)
{
    begin();
    asp_close(pair[0]);
    pair[0] = -1;
    ck_assert_int_eq(hear(LONG), ASP_NOT_FOUND);
    ck_assert_str_eq(error.text, "the broker broke off");
    end();
    begin();
    asp_close(pair[1]);
    pair[1] = -1;
    ck_assert_int_eq(send_it(), ASP_NOT_FOUND); /* and no SIGPIPE */
    ck_assert_str_eq(error.text, "the broker broke off");
    end();
}
END_TEST

/* Whoever closes without having read what we said has said what it said. */
START_TEST(the_last_words_of_who_closes_are_heard)
{
    begin();
    ck_assert_int_eq(send_it(), ASP_OK);
    ck_assert_int_eq(send(pair[1], "unread", 6, 0), 6);
    asp_close(pair[0]);
    pair[0] = -1;
    ck_assert_int_eq(hear(LONG), ASP_OK);
    ck_assert_int_eq(heard.type, ASP_MESSAGE_SAY);
    ck_assert_int_eq(hear(LONG), ASP_NOT_FOUND);
    end();
}
END_TEST

START_TEST(a_refusal_is_an_error_with_its_reason)
{
    begin();
    asp_broker_refuse(pair[0], "too many at once");
    ck_assert_int_eq(hear(LONG), ASP_INVALID);
    ck_assert_str_eq(error.text, "the broker refuses: too many at once");
    asp_message_begin(&message, ASP_MESSAGE_REFUSED);
    asp_message_bytes(&message, NULL, 0);
    ck_assert_int_eq(send_it(), ASP_OK);
    ck_assert_int_eq(hear(LONG), ASP_INVALID);
    ck_assert_str_eq(error.text, "the broker refuses: no reason");
    end();
}
END_TEST

START_TEST(what_is_no_message_is_none)
{
    static char too_long[ASP_MESSAGE_MAX + 1];

    begin();
    ck_assert_int_eq(send(pair[0], "asp", 3, 0), 3);
    ck_assert_int_lt(hear(LONG), ASP_OK);
    /* Of one that is too long the beginning is no message either. */
    memcpy(too_long, message.bytes, message.length);
    ck_assert_int_eq(send(pair[0], too_long, sizeof too_long, 0), sizeof too_long);
    ck_assert_int_lt(hear(LONG), ASP_OK);
    ck_assert_int_eq(send_it(), ASP_OK);
    ck_assert_int_eq(hear(LONG), ASP_OK);
    end();
}
END_TEST

START_TEST(a_message_that_had_no_room_is_not_sent)
{
    begin();
    message.failed = true;
    ck_assert_int_eq(send_it(), ASP_INVALID);
    says("too long for a message");
    ck_assert_int_eq(hear(0), ASP_BUSY);
    end();
}
END_TEST

/* Fills what the other end has not read yet. */
static void fill_up(void)
{
    while (send(pair[0], message.bytes, message.length, MSG_DONTWAIT) > 0)
        ;
    ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(who_does_not_listen_is_given_up_and_refused_at_once)
{
    int64_t since;

    begin();
    fill_up();
    since = asp_clock_ms();
    ck_assert_int_lt(send_it(), ASP_OK);
    ck_assert_int_ge(asp_clock_ms() - since, ASP_BROKER_CONNECT_MS - 50);
    says("the broker does not listen");
    since = asp_clock_ms();
    asp_broker_refuse(pair[0], "nobody waits for this"); /* or for ever */
    ck_assert_int_lt(asp_clock_ms() - since, ASP_BROKER_CONNECT_MS / 2);
    end();
}
END_TEST

/* Another process may hold the connection too, and go on with it. */
START_TEST(who_cannot_be_told_of_a_refusal_does_not_wait_for_it)
{
    int other;

    begin();
    other = fcntl(pair[0], F_DUPFD_CLOEXEC, 0);
    fill_up();
    asp_broker_refuse(pair[0], "there is no room for this");
    while (recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    ck_assert_int_eq(hear(LONG), ASP_NOT_FOUND);
    says("broke off");
    asp_close(other);
    end();
}
END_TEST

START_TEST(who_listens_in_time_is_waited_for)
{
    enum asp_status status = ASP_IO;
    pid_t child;

    begin();
    fill_up();
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)usleep(100 * 1000);
        while (recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
            ;
        (void)pause();
        _exit(0);
    }
    /* Where the other process is slow too, once more. Who does not wait has long been through. */
    for (int i = 0; status != ASP_OK && i < 20; i++)
        status = send_it();
    unit_kill(child);
    ck_assert_int_eq(status, ASP_OK);
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_cannot_wait_is_told_at_once_that_nobody_is_taken);
    unit_add(suite, whoever_listens_as_root_or_as_this_user_is_connected_to);
    unit_add(suite, where_nobody_listens_it_says_what_to_start);
    unit_add(suite, a_stranger_who_listens_is_told_nothing);
    unit_add(suite, who_may_not_ask_is_told_what_to_do);
    unit_add(suite, a_broker_that_takes_nobody_is_waited_for_half_a_second);
    unit_add(suite, what_is_sent_is_heard_whole);
    unit_add(suite, who_says_nothing_is_waited_for_until_the_deadline);
    unit_add(suite, who_is_gone_has_broken_off);
    unit_add(suite, the_last_words_of_who_closes_are_heard);
    unit_add(suite, a_refusal_is_an_error_with_its_reason);
    unit_add(suite, what_is_no_message_is_none);
    unit_add(suite, a_message_that_had_no_room_is_not_sent);
    unit_add(suite, who_does_not_listen_is_given_up_and_refused_at_once);
    unit_add(suite, who_cannot_be_told_of_a_refusal_does_not_wait_for_it);
    unit_add(suite, who_listens_in_time_is_waited_for);
}

int main(void)
{
    return unit_run("broker-socket", fill);
}
