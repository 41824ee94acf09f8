/* The waiting room, by a clock that is played: who gets into his lane and when, who is dropped, and
 * who makes room. */
#include "unit.h"

#include "asp-broker/waiting_room.h"
#include "asp-broker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

enum { WWW = 33, MAIL = 8, OTHERS = 1000, NOW = 5000000, PLACES = 512, POLLS = 2000 };

static struct lane_sets sets;
static struct worker worker = {.lanes = &sets};
static size_t files;

/* What is said to others, and what the test has seen. */
static char told[1024];
/* Whoever was looked at, in that order. */
static int64_t looked[128];
static size_t looks;

/* What happens beside, in its order. */
static struct event {
    int64_t at;
    void (*happens)(int which);
    int which;
} events[8];
static size_t event_count;
static size_t event_next;

static int64_t now;
static int polls;
static int poll_fails; /* errno of the next one */
/* What happens when somebody is refused. */
static void (*at_crowded)(void);

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

static void at(int64_t ms, void (*happens)(int which), int which)
{
    unit_need(event_count < UNIT_COUNT(events), "no room for another event");
    events[event_count++] = (struct event){NOW + ms, happens, which};
}

static void speaks(int peer)
{
    unit_need(write(peer, "x", 1) == 1, "it says nothing");
}

static void hangs_up(int peer)
{
    (void)close(peer);
}

/* A worker takes one of a uid. */
static void is_taken(int uid)
{
    struct lane_client client = {.fd = -1, .since_ms = NOW - 1};

    unit_need(lanes_take_of(sets.logins, (uid_t)uid, &client), "nobody of %d waits", uid);
    (void)close(client.fd);
    if (client.since_ms >= NOW)
        tell("%lld of %d is taken at %lld; ", (long long)(client.since_ms - NOW), uid,
             (long long)(now - NOW));
}

static void all_are_taken(int uid)
{
    struct lane_client client;

    while (lanes_take_of(sets.logins, (uid_t)uid, &client)) {
        (void)close(client.fd);
        if (client.since_ms >= NOW)
            tell("%lld of %d is taken; ", (long long)(client.since_ms - NOW), uid);
    }
}

/* Who is there */

static void pair_of(int pair[2])
{
    unit_need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "no socket");
}

/* Descriptor 0 can always be read. */
static void begin(void)
{
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    unit_need(null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO, "no /dev/null");
    (void)close(null);
    files = unit_names("/proc/self/fd");
    unit_clock_ms = clock_now;
    now = NOW;
    ck_assert(lane_sets_make(&sets));
}

/* No descriptor is left of anybody. */
static void run(void)
{
    unit_need(waiting_room_run(&worker) == 0, "it has failed");
    unit_need(event_next == event_count, "it has not waited");
    all_are_taken(WWW);
    all_are_taken(MAIL);
    sets.slow = sets.questions = NULL;
    lane_sets_close(&sets);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), files);
}

/* A client that has come so many ms after the others. Returns its own end. */
static int comes(uid_t uid, int64_t ms)
{
    int pair[2];

    pair_of(pair);
    files++;
    unit_need(lanes_put(sets.arrivals,
                        &(struct lane_client){.fd = pair[0], .uid = uid, .since_ms = NOW + ms}),
              "no room for an arrival");
    return pair[1];
}

static int comes_and_speaks(uid_t uid, int64_t ms)
{
    const int peer = comes(uid, ms);

    speaks(peer);
    return peer;
}

static void fill_lane(uid_t uid)
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

/* So many of a uid that share a connection, which have come one ms after another from `first` on;
 * the later ones come in first. */
static void crowd(uid_t uid, int connection, int64_t first, int count)
{
    for (int i = count; i-- > 0;) {
        const struct lane_client client = {
            .fd = dup(connection), .uid = uid, .since_ms = NOW + first + i};

        unit_need(client.fd >= 0 && lanes_put(sets.arrivals, &client), "no room for an arrival");
    }
}

/* A connection on which nothing is said, until its other end hangs up. */
static int quiet_until(int64_t ms)
{
    int pair[2];

    pair_of(pair);
    at(ms, hangs_up, pair[1]);
    return pair[0];
}

/* So many of several uids that have less than twenty each. */
static void fill_places(int connection, int count)
{
    for (uid_t uid = OTHERS; count > 0; uid++, count -= 19)
        crowd(uid, connection, 50, count < 19 ? count : 19);
}

static bool is_left_alone(int peer)
{
    char byte;
    const bool is = recv(peer, &byte, 1, MSG_DONTWAIT) == 0;

    (void)close(peer);
    files--;
    return is;
}

START_TEST(who_speaks_gets_into_his_lane_at_once)
{
    begin();
    (void)comes_and_speaks(WWW, 0);
    (void)comes_and_speaks(MAIL, 1);
    at(100, speaks, comes(WWW, 2));
    at(400, is_taken, MAIL);
    at(499, speaks, comes(WWW, 0));
    (void)comes_and_speaks(WWW, 3);
    run();
    ck_assert_str_eq(told, "gives up root; 1 of 8 is taken at 400; 0 of 33 is taken; "
                           "3 of 33 is taken; 2 of 33 is taken; 0 of 33 is taken; ");
    ck_assert_int_eq(now, NOW + 499);
}
END_TEST

START_TEST(who_says_nothing_for_half_a_second_is_dropped)
{
    int silent;
    int later;

    begin();
    later = comes(MAIL, 300);
    silent = comes(WWW, 7);
    (void)comes(OTHERS, 8);
    run();
    ck_assert_str_eq(told, "gives up root; 33 is dropped at 507; 1000 is dropped at 508; "
                           "8 is dropped at 800; ");
    ck_assert(is_left_alone(silent) && is_left_alone(later));
}
END_TEST

/* He is not waited for, and others are. */
START_TEST(whose_time_is_over_when_he_comes_in_is_dropped_at_once)
{
    begin();
    (void)comes(MAIL, 0);
    (void)comes(WWW, -600);
    run();
    ck_assert_str_eq(told, "gives up root; 33 is dropped at 0; 8 is dropped at 500; ");
}
END_TEST

START_TEST(who_hangs_up_without_a_word_is_not_told_of)
{
    begin();
    at(200, hangs_up, comes(WWW, 0));
    at(500, hangs_up, comes(WWW, 0));
    files -= 2;
    run();
    ck_assert_str_eq(told, "gives up root; ");
    ck_assert_int_eq(now, NOW + 500);
}
END_TEST

START_TEST(who_speaks_in_the_moment_in_which_his_time_is_over_is_not_dropped)
{
    begin();
    at(500, speaks, comes(WWW, 0));
    run();
    ck_assert_str_eq(told, "gives up root; 0 of 33 is taken; ");
}
END_TEST

START_TEST(who_finds_no_room_in_his_lane_waits_until_there_is_and_others_pass_him)
{
    begin();
    fill_lane(WWW);
    (void)comes_and_speaks(WWW, 0);
    (void)comes_and_speaks(MAIL, 1);
    at(5, is_taken, MAIL);
    at(995, is_taken, WWW);
    run();
    ck_assert_str_eq(told, "gives up root; 1 of 8 is taken at 5; 0 of 33 is taken; ");
    ck_assert_int_eq(now, NOW + 1000);
    /* It is known by then that they have spoken. */
    ck_assert_uint_eq(looks, 2);
}
END_TEST

START_TEST(nobody_passes_one_of_his_own_who_has_spoken_and_waited_longer)
{
    begin();
    fill_lane(WWW);
    (void)comes_and_speaks(WWW, 2);
    (void)comes_and_speaks(WWW, 0);
    (void)comes_and_speaks(WWW, 3);
    (void)comes_and_speaks(WWW, 1);
    for (int i = 0; i < 4; i++)
        at(5 + 10 * i, is_taken, WWW);
    run();
    ck_assert_str_eq(told, "gives up root; 0 of 33 is taken; 1 of 33 is taken; 2 of 33 is taken; "
                           "3 of 33 is taken; ");
    ck_assert_int_eq(now, NOW + 40);
}
END_TEST

START_TEST(who_is_silent_is_passed_by_those_who_have_come_after_him)
{
    begin();
    at(100, speaks, comes(WWW, 0));
    (void)comes_and_speaks(WWW, 1);
    run();
    ck_assert_str_eq(told, "gives up root; 1 of 33 is taken; 0 of 33 is taken; ");
    /* When they came, and when he spoke. */
    ck_assert_uint_eq(looks, 3);
}
END_TEST

static bool hold(void *context)
{
    (void)context;
    return true;
}

START_TEST(as_long_as_another_process_can_let_somebody_in_all_are_waited_for)
{
    pid_t holder;

    begin();
    holder = unit_holder(hold, NULL);
    (void)comes_and_speaks(WWW, 0);
    at(50, is_taken, WWW);
    at(100, unit_kill, holder);
    run();
    ck_assert_str_eq(told, "gives up root; 0 of 33 is taken at 50; ");
    ck_assert_int_eq(now, NOW + 100);
}
END_TEST

/* As any other does that the kernel gives out. */
START_TEST(a_client_can_have_descriptor_0)
{
    begin();
    (void)close(STDIN_FILENO);
    files--;
    fill_lane(WWW);
    (void)comes_and_speaks(WWW, 1);
    (void)comes_and_speaks(WWW, 0);
    at(5, is_taken, WWW);
    at(15, is_taken, WWW);
    run();
    ck_assert_str_eq(told, "gives up root; 0 of 33 is taken; 1 of 33 is taken; ");
}
END_TEST

/* Sixty-four, and those who have come in are looked at between. */
START_TEST(no_lane_is_emptied_before_another_is_looked_at)
{
    int pair[2];

    begin();
    pair_of(pair);
    speaks(pair[1]);
    crowd(WWW, pair[0], 0, 65);
    crowd(MAIL, pair[0], 100, 1);
    (void)close(pair[0]);
    (void)close(pair[1]);
    ck_assert_int_eq(waiting_room_run(&worker), 0);
    ck_assert_uint_eq(looks, 66);
    ck_assert_int_eq(looked[63], 1);
    ck_assert_int_eq(looked[64], 100);
    ck_assert_int_eq(looked[65], 0);
}
END_TEST

/* By one; that the others come in first does not matter. */
START_TEST(the_uid_that_has_most_places_makes_room)
{
    int quiet;

    begin();
    quiet = quiet_until(1);
    crowd(MAIL, quiet, 10, 20);
    crowd(WWW, quiet, 10, 21);
    fill_places(quiet, PLACES - 41);
    (void)close(quiet);
    (void)comes_and_speaks(MAIL + 1, 0);
    run();
    ck_assert_str_eq(told, "gives up root; silent 10 of 33 makes room; ");
    ck_assert_int_eq(now, NOW + 1);
}
END_TEST

/* The first one too: with it this uid has one more than the next, and its last one comes late. */
START_TEST(each_place_of_a_uid_counts)
{
    int quiet;

    begin();
    quiet = quiet_until(1);
    crowd(WWW, quiet, 10, 65);
    crowd(MAIL, quiet, 10, 64);
    crowd(MAIL + 1, quiet, 10, 65);
    fill_places(quiet, PLACES - 193);
    (void)close(quiet);
    run();
    ck_assert_str_eq(told, "gives up root; silent 10 of 33 makes room; ");
}
END_TEST

/* And who goes first has descriptor 0. */
START_TEST(the_oldest_of_the_silent_make_room_and_then_the_newest_of_the_others)
{
    int peers[3];
    int spoken[2];
    int quiet;

    begin();
    fill_lane(WWW);
    quiet = quiet_until(1);
    pair_of(spoken);
    speaks(spoken[1]);
    peers[0] = comes(WWW, 31);
    crowd(WWW, spoken[0], 10, 20);
    peers[1] = comes(WWW, 33);
    peers[2] = comes(WWW, 32);
    crowd(WWW, spoken[0], 40, 10);
    fill_places(quiet, PLACES - 33);
    crowd(MAIL, quiet, 0, 5);
    (void)close(quiet);
    (void)close(spoken[0]);
    (void)close(STDIN_FILENO);
    files--;
    at(1, all_are_taken, WWW);
    at(2, hangs_up, spoken[1]);
    run();
    ck_assert_ptr_eq(strstr(told, "gives up root; silent 31 of 33 makes room; "
                                  "silent 32 of 33 makes room; silent 33 of 33 makes room; "
                                  "spoken 49 of 33 makes room; spoken 48 of 33 makes room; "
                                  "10 of 33 is taken; 11 of 33 is taken; "),
                     told);
    ck_assert(is_left_alone(peers[0]) && is_left_alone(peers[1]) && is_left_alone(peers[2]));
}
END_TEST

/* He is of a uid that has few places, and one of his own has said nothing for longer. */
START_TEST(who_has_given_up_makes_room_first_and_nobody_is_told)
{
    int quiet;

    begin();
    fill_lane(MAIL);
    quiet = quiet_until(1);
    hangs_up(comes_and_speaks(MAIL, 3));
    files--;
    at(1, speaks, comes(MAIL, 2));
    fill_places(quiet, PLACES - 2);
    (void)close(quiet);
    (void)comes_and_speaks(WWW, 0);
    at(2, all_are_taken, MAIL);
    run();
    ck_assert_str_eq(told, "gives up root; 0 of 33 is taken; 2 of 8 is taken; ");
}
END_TEST

static int next_to_go;

static void next_one_speaks(void)
{
    speaks(next_to_go);
}

START_TEST(who_is_to_make_room_gets_into_his_lane_where_he_can)
{
    int quiet;

    begin();
    quiet = quiet_until(1);
    (void)comes(WWW, 10);
    next_to_go = comes(WWW, 11);
    at_crowded = next_one_speaks;
    crowd(WWW, quiet, 12, 19);
    fill_places(quiet, PLACES - 21);
    crowd(MAIL, quiet, 0, 1);
    (void)close(quiet);
    (void)comes_and_speaks(MAIL, 1);
    run();
    ck_assert_str_eq(told, "gives up root; silent 10 of 33 makes room; 11 of 33 is taken; "
                           "1 of 8 is taken; ");
}
END_TEST

START_TEST(a_wait_that_a_signal_breaks_off_goes_on_and_any_other_failure_ends_the_process)
{
    int ended;

    begin();
    poll_fails = EINTR;
    (void)comes_and_speaks(WWW, 0);
    run();
    ck_assert_str_eq(told, "gives up root; 0 of 33 is taken; ");
    ck_assert(lane_sets_make(&sets));
    (void)comes(WWW, 0);
    poll_fails = ENOMEM;
    unit_calls_begin(NULL);
    ended = waiting_room_run(&worker);
    (void)unit_calls_end();
    ck_assert_int_eq(ended, 1);
    ck_assert_uint_eq(unit_calls("syslog"), 1);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_speaks_gets_into_his_lane_at_once);
    unit_add(suite, who_says_nothing_for_half_a_second_is_dropped);
    unit_add(suite, whose_time_is_over_when_he_comes_in_is_dropped_at_once);
    unit_add(suite, who_hangs_up_without_a_word_is_not_told_of);
    unit_add(suite, who_speaks_in_the_moment_in_which_his_time_is_over_is_not_dropped);
    unit_add(suite, who_finds_no_room_in_his_lane_waits_until_there_is_and_others_pass_him);
    unit_add(suite, nobody_passes_one_of_his_own_who_has_spoken_and_waited_longer);
    unit_add(suite, who_is_silent_is_passed_by_those_who_have_come_after_him);
    unit_add(suite, as_long_as_another_process_can_let_somebody_in_all_are_waited_for);
    unit_add(suite, a_client_can_have_descriptor_0);
    unit_add(suite, no_lane_is_emptied_before_another_is_looked_at);
    unit_add(suite, the_uid_that_has_most_places_makes_room);
    unit_add(suite, each_place_of_a_uid_counts);
    unit_add(suite, the_oldest_of_the_silent_make_room_and_then_the_newest_of_the_others);
    unit_add(suite, who_has_given_up_makes_room_first_and_nobody_is_told);
    unit_add(suite, who_is_to_make_room_gets_into_his_lane_where_he_can);
    unit_add(suite, a_wait_that_a_signal_breaks_off_goes_on_and_any_other_failure_ends_the_process);
}

int main(void)
{
    return unit_run("waiting_room", fill);
}
