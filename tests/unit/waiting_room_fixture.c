/* What is played around the waiting room. */
#include "waiting_room_fixture.h"

#include "asp-broker/waiting_room.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

enum { POLLS = 2000 };

struct lane_sets sets;
struct worker worker = {.lanes = &sets};
size_t files;
char told[1024];
int64_t looked[128];
size_t looks;

/* What happens beside, in its order. */
static struct event {
    int64_t at;
    void (*happens)(int which);
    int which;
} events[8];
static size_t event_count;
static size_t event_next;

int64_t now;
int poll_fails;
void (*at_crowded)(void);
static int polls;

static int64_t clock_now(void)
{
    return now;
}

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
    const size_t length = strlen(told);
    va_list args;

    va_start(args, format);
    unit_need(vsnprintf(told + length, sizeof told - length, format, args) <
                  (int)(sizeof told - length),
              "more is told than there is room for");
    va_end(args);
}

/* Played: what the waiting room calls */

void worker_give_up(const struct worker *giving_up)
{
    unit_need(giving_up == &worker, "it is another's worker");
    tell("gives up root; ");
}

bool answer_has_spoken(const struct lane_client *client, bool *has_ended)
{
    char byte;
    const ssize_t length = recv(client->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

    if (looks < UNIT_COUNT(looked))
        looked[looks++] = client->since_ms - NOW;
    *has_ended = length == 0 || (length < 0 && errno != EAGAIN);
    return length > 0;
}

int __real_poll(struct pollfd *ready, nfds_t count, int most_ms);
int __wrap_poll(struct pollfd *ready, nfds_t count, int most_ms);

bool answer_has_no_taker(void *client)
{
    struct pollfd end = {.fd = ((struct lane_client *)client)->fd, .events = POLLRDHUP};

    return __real_poll(&end, 1, 0) > 0;
}

void answer_crowded(struct log_throttle *log_throttle, const struct lane_client *client,
                    bool has_spoken)
{
    (void)log_throttle;
    tell("%s %lld of %lu makes room; ", has_spoken ? "spoken" : "silent",
         (long long)(client->since_ms - NOW), (unsigned long)client->uid);
    if (at_crowded != NULL)
        at_crowded();
}

void log_throttled(struct log_throttle *log_throttle, enum log_throttle_kind kind, uid_t uid,
                   int level, const char *format, ...)
{
    (void)log_throttle;
    (void)format;
    unit_need(kind == THROTTLED_SILENT && level == LOG_NOTICE, "another line is logged");
    tell("%lu is dropped at %lld; ", (unsigned long)uid, (long long)(now - NOW));
}

/* No time passes but here. What happens at the very end of the time is not waited for any more. */
int __wrap_poll(struct pollfd *ready, nfds_t count, int most_ms)
{
    const int64_t until = now + most_ms;

    unit_need(++polls <= POLLS, "it is looked again and again");
    errno = poll_fails;
    poll_fails = 0;
    if (errno != 0)
        return -1;
    for (;;) {
        const struct event *event = &events[event_next];
        const int found = __real_poll(ready, count, 0);

        if (found != 0)
            return found;
        unit_need(most_ms >= 0 || event_next < event_count, "nobody is waited for");
        if (event_next < event_count && (most_ms < 0 || event->at <= until)) {
            now = event->at;
            event_next++;
            event->happens(event->which);
            if (now != until)
                continue;
        }
        now = until;
        return 0;
    }
}

/* What happens */

void at(int64_t ms, void (*happens)(int which), int which)
{
    unit_need(event_count < UNIT_COUNT(events), "no room for another event");
    events[event_count++] = (struct event){NOW + ms, happens, which};
}

void speaks(int peer)
{
    unit_need(write(peer, "x", 1) == 1, "it says nothing");
}

void hangs_up(int peer)
{
    (void)close(peer);
}

void is_taken(int uid)
{
    struct lane_client client = {.fd = -1, .since_ms = NOW - 1};

    unit_need(lanes_take_of(sets.logins, (uid_t)uid, &client), "nobody of %d waits", uid);
    (void)close(client.fd);
    if (client.since_ms >= NOW)
        tell("%lld of %d is taken at %lld; ", (long long)(client.since_ms - NOW), uid,
             (long long)(now - NOW));
}

void all_are_taken(int uid)
{
    struct lane_client client;

    while (lanes_take_of(sets.logins, (uid_t)uid, &client)) {
        (void)close(client.fd);
        if (client.since_ms >= NOW)
            tell("%lld of %d is taken; ", (long long)(client.since_ms - NOW), uid);
    }
}

/* Who is there */

void pair_of(int pair[2])
{
    unit_need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "no socket");
}

void begin(void)
{
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    unit_need(null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO, "no /dev/null");
    (void)close(null);
    files = unit_names("/proc/self/fd");
    unit_clock_ms = clock_now;
    now = NOW;
    ck_assert(lane_sets_make(&sets));
}

void run(void)
{
    unit_need(waiting_room_run(&worker) == 0, "it has failed");
    unit_need(event_next == event_count, "it has not waited");
    all_are_taken(WWW);
    all_are_taken(MAIL);
    sets.slow = sets.questions = NULL;
    lane_sets_close(&sets);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), files);
}

int comes(uid_t uid, int64_t ms)
{
    int pair[2];

    pair_of(pair);
    files++;
    unit_need(lanes_put(sets.arrivals,
                        &(struct lane_client){.fd = pair[0], .uid = uid, .since_ms = NOW + ms}),
              "no room for an arrival");
    return pair[1];
}

int comes_and_speaks(uid_t uid, int64_t ms)
{
    const int peer = comes(uid, ms);

    speaks(peer);
    return peer;
}

void fill_lane(uid_t uid)
{
    struct lane_client client = {.uid = uid};
    int pair[2];

    pair_of(pair);
    while ((client.fd = dup(pair[0])) >= 0 && lanes_put(sets.logins, &client))
        continue;
    (void)close(client.fd);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

void crowd(uid_t uid, int connection, int64_t first, int count)
{
    for (int i = count; i-- > 0;) {
        const struct lane_client client = {
            .fd = dup(connection), .uid = uid, .since_ms = NOW + first + i};

        unit_need(client.fd >= 0 && lanes_put(sets.arrivals, &client), "no room for an arrival");
    }
}

int quiet_until(int64_t ms)
{
    int pair[2];

    pair_of(pair);
    at(ms, hangs_up, pair[1]);
    return pair[0];
}

void fill_places(int connection, int count)
{
    for (uid_t uid = OTHERS; count > 0; uid++, count -= 19)
        crowd(uid, connection, 50, count < 19 ? count : 19);
}

bool is_left_alone(int peer)
{
    char byte;
    const bool is = recv(peer, &byte, 1, MSG_DONTWAIT) == 0;

    (void)close(peer);
    files--;
    return is;
}
