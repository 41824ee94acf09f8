/* Clients in lanes: in their order, each uid's apart, nobody lost. */
#include "unit.h"

#include "asp-broker/lanes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WWW = 33, MAIL = 8, MANY = 10000 };

static struct lanes *lanes;

static void open_lanes(void)
{
    lanes = lanes_make();
    ck_assert_ptr_nonnull(lanes);
}

/* A client that is known by `since`; what it has said is that too. */
static bool put(uid_t uid, int64_t since)
{
    struct lane_client client = {.uid = uid, .since_ms = since};
    bool done;
    int pair[2];

    unit_need(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "no socket");
    unit_need(write(pair[1], &since, sizeof since) == sizeof since, "it says nothing");
    (void)close(pair[1]);
    client.fd = pair[0];
    done = lanes_put(lanes, &client);
    unit_need((fcntl(client.fd, F_GETFD) < 0) == done, "its descriptor is not as promised");
    if (!done)
        (void)close(client.fd);
    return done;
}

static bool waits_in(size_t lane)
{
    struct pollfd ready = {.fd = lanes_fd(lanes, lane), .events = POLLIN};

    return poll(&ready, 1, 0) > 0;
}

/* The lane of the first, from 0, in which somebody waits; LANES: nobody does. */
static size_t lane_in_use(size_t from)
{
    while (from < LANES && !waits_in(from))
        from++;
    return from;
}

static void takes(size_t lane, uid_t uid, int64_t since)
{
    struct lane_client client;
    int64_t said = -1;

    unit_need(lanes_take(lanes, lane, &client), "nobody is in lane %zu", lane);
    unit_need(client.uid == uid && client.since_ms == since, "uid %lu since %lld",
              (unsigned long)client.uid, (long long)client.since_ms);
    unit_need(read(client.fd, &said, sizeof said) == sizeof said && said == since,
              "it is another's connection");
    unit_need((fcntl(client.fd, F_GETFD) & FD_CLOEXEC) != 0, "it outlives an exec");
    (void)close(client.fd);
}

START_TEST(who_comes_first_is_taken_first)
{
    size_t lane;

    open_lanes();
    ck_assert(lanes_are_empty(lanes));
    for (int64_t i = 0; i < 20; i++)
        ck_assert(put(WWW, i));
    ck_assert(!lanes_are_empty(lanes));
    lane = lane_in_use(0);
    ck_assert_uint_eq(lane_in_use(lane + 1), LANES);
    for (int64_t i = 0; i < 20; i++)
        takes(lane, WWW, i);
    ck_assert(lanes_are_empty(lanes));
    ck_assert(!lanes_take(lanes, lane, &(struct lane_client){.fd = -1}));
    lanes_close(lanes);
}
END_TEST

START_TEST(each_uid_has_a_lane_of_its_own)
{
    bool seen[LANES] = {false};

    open_lanes();
    for (uid_t i = 0; i < LANES; i++) {
        const uid_t uid = i < 2 ? i : i * LANES + 5;
        size_t lane;

        ck_assert(put(uid, i));
        lane = lane_in_use(0);
        ck_assert_uint_lt(lane, LANES);
        ck_assert(!seen[lane]);
        seen[lane] = true;
        takes(lane, uid, i);
        ck_assert(put(uid, i));
        ck_assert_uint_eq(lane_in_use(0), lane);
        takes(lane, uid, i);
    }
    /* Whoever comes after them shares one, whoever was taken last. */
    ck_assert(put(0, MANY));
    takes(0, 0, MANY);
    ck_assert(put((uid_t)-2, MANY));
    takes(lane_in_use(0), (uid_t)-2, MANY);
    lanes_close(lanes);
}
END_TEST

START_TEST(a_lane_that_is_full_takes_nobody_and_others_do)
{
    int64_t count = 0;
    struct lane_client oldest;
    size_t lane;

    open_lanes();
    while (count < MANY && put(WWW, count))
        count++;
    ck_assert_int_gt(count, 64);
    ck_assert_int_lt(count, MANY);
    lane = lane_in_use(0);
    ck_assert(put(MAIL, MANY));
    takes(lane_in_use(lane + 1), MAIL, MANY);
    /* Whoever has waited longest there can make room. */
    ck_assert(lanes_take_of(lanes, WWW, &oldest) && oldest.since_ms == 0);
    (void)close(oldest.fd);
    ck_assert(!lanes_take_of(lanes, MAIL, &oldest));
    ck_assert(put(WWW, count));
    for (int64_t i = 1; i <= count; i++)
        takes(lane, WWW, i);
    ck_assert(lanes_are_empty(lanes));
    ck_assert(put(WWW, count));
    lanes_close(lanes);
}
END_TEST

static void put_one(void *context)
{
    (void)context;
    ck_assert(put(WWW, 7));
    ck_assert(put(MAIL, 8));
}

/* asp-broker has no privilege under systemd, and 1,024 descriptors. */
START_TEST(many_uids_that_wait_leave_room_to_another)
{
    struct rlimit files;

    if (!unit_is_root())
        return;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = 1024;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    open_lanes();
    ck_assert_int_eq(setuid(65534), 0);
    for (uid_t uid = 0; uid < LANES; uid++) {
        for (int i = 0; i < 100; i++)
            unit_need(put(uid, i), "no room for the client %d of %u", i, (unsigned)uid);
    }
    lanes_close(lanes);
}
END_TEST

START_TEST(who_is_put_in_by_a_process_that_ends_is_taken_by_another)
{
    size_t lane;

    open_lanes();
    unit_forked(put_one, NULL);
    ck_assert(!lanes_are_empty(lanes));
    lane = lane_in_use(0);
    takes(lane, WWW, 7);
    takes(lane_in_use(0), MAIL, 8);
    /* The lane stays the uid's. */
    ck_assert(put(WWW, 9));
    takes(lane, WWW, 9);
    lanes_close(lanes);
}
END_TEST

/* Also when each is taken by another process, which ends with it. */
START_TEST(the_turn_is_that_of_the_lane_after_the_last_one)
{
    static const int expected[] = {1, 3, 2, 4};
    int status;

    open_lanes();
    ck_assert(put(WWW, 1) && put(WWW, 2) && put(MAIL, 3) && put(MAIL, 4));
    /* What is taken by its lane is a turn as well. */
    takes(lane_in_use(0), WWW, expected[0]);
    for (size_t i = 1; i < sizeof expected / sizeof *expected; i++) {
        const pid_t process = fork();

        if (process == 0) {
            struct lane_client client = {.since_ms = -1};

            _exit(lanes_take_next(lanes, &client) ? (int)client.since_ms : 0);
        }
        ck_assert(waitpid(process, &status, 0) == process && WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), expected[i]);
    }
    ck_assert(!lanes_take_next(lanes, &(struct lane_client){.fd = -1}));
    lanes_close(lanes);
}
END_TEST

static void put_and_stop(void *context)
{
    (void)context;
    ck_assert(put(MAIL, 1));
    lanes_stop(lanes);
    ck_assert(!lanes_are_over(lanes));
}

START_TEST(lanes_are_over_when_nobody_can_be_put_in_and_nobody_waits)
{
    struct lane_client client;
    int other;

    open_lanes();
    ck_assert(!lanes_are_over(lanes));
    unit_forked(put_and_stop, NULL);
    takes(lane_in_use(0), MAIL, 1);
    /* This process still can. */
    ck_assert(!lanes_are_over(lanes));
    ck_assert(put(WWW, 2) && put(MAIL, 3));
    lanes_stop(lanes);
    other = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ck_assert(!put(WWW, 4));
    for (size_t left = 2; left > 0; left--) {
        ck_assert(!lanes_are_over(lanes));
        ck_assert(lanes_take_next(lanes, &client) && client.uid == (left == 2 ? WWW : MAIL));
        (void)close(client.fd);
    }
    ck_assert(lanes_are_over(lanes));
    ck_assert(!lanes_take_next(lanes, &client));
    ck_assert(lanes_are_empty(lanes));
    lanes_close(lanes);
    /* What was opened since is another's. */
    ck_assert_int_eq(close(other), 0);
}
END_TEST

START_TEST(lanes_are_closed_with_who_waits_in_them)
{
    size_t before = unit_names("/proc/self/fd");

    open_lanes();
    ck_assert(put(WWW, 1));
    lanes_close(lanes);
    lanes_close(NULL);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
}
END_TEST

static void limit_files(rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {soft, hard};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The limit of open files, where it is played; NULL: it is the system's. */
static struct rlimit *played;
static bool is_told;
static unsigned times_set;

static int tell_limit(int what, struct rlimit *limit)
{
    unit_need(what == RLIMIT_NOFILE, "another limit is looked at");
    *limit = *played;
    return is_told ? 0 : -1;
}

static int set_limit(int what, const struct rlimit *limit)
{
    unit_need(what == RLIMIT_NOFILE, "another limit is set");
    *played = *limit;
    times_set++;
    return 0;
}

/* Under either name that headers have for it. */
#define PLAY_LIMIT(get, set)                                                                       \
    int __real_##get(int what, struct rlimit *limit) __attribute__((weak));                        \
    int __wrap_##get(int what, struct rlimit *limit);                                              \
    int __wrap_##get(int what, struct rlimit *limit)                                               \
    {                                                                                              \
        return played != NULL ? tell_limit(what, limit) : __real_##get(what, limit);               \
    }                                                                                              \
    int __real_##set(int what, const struct rlimit *limit) __attribute__((weak));                  \
    int __wrap_##set(int what, const struct rlimit *limit);                                        \
    int __wrap_##set(int what, const struct rlimit *limit)                                         \
    {                                                                                              \
        return played != NULL ? set_limit(what, limit) : __real_##set(what, limit);                \
    }

PLAY_LIMIT(getrlimit, setrlimit)
PLAY_LIMIT(getrlimit64, setrlimit64)

START_TEST(the_limit_of_open_files_is_raised_as_far_as_all_lanes_need_it)
{
    static const struct {
        rlim_t soft;
        rlim_t hard;
        rlim_t then;
        bool told;
    } rows[] = {{65537, 65538, 65537, true}, {65536, 65538, 65536, true},
                {1024, 65538, 65536, true},  {65535, 65536, 65536, true},
                {1024, 65535, 65535, true},  {512, 4096, 4096, true},
                {1024, 65538, 1024, false}};

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        struct rlimit files = {rows[i].soft, rows[i].hard};

        played = &files;
        is_told = rows[i].told;
        times_set = 0;
        open_lanes();
        ck_assert_uint_eq(files.rlim_cur, rows[i].then);
        ck_assert_uint_eq(files.rlim_max, rows[i].hard);
        ck_assert_uint_eq(times_set, rows[i].then != rows[i].soft);
        lanes_close(lanes);
    }
}
END_TEST

START_TEST(without_memory_there_are_no_lanes)
{
    const struct rlimit none = {0, 0};
    const struct lanes *made;

    unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = 1});
    made = lanes_make();
    (void)unit_calls_end();
    ck_assert_ptr_null(made);
    if (unit_is_watched())
        return;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    ck_assert_ptr_null(lanes_make());
}
END_TEST

/* So many more descriptors can be opened. */
static void leave_room(int room)
{
    rlim_t most = 0;

    for (int left = room; left > 0; most++)
        left -= fcntl((int)most, F_GETFD) < 0;
    limit_files(most, most);
}

START_TEST(without_descriptors_for_all_there_are_no_lanes)
{
    const size_t before = unit_names("/proc/self/fd");

    if (unit_is_watched())
        return;
    for (int room = 2 * LANES - 1; room > 0; room--) {
        leave_room(room);
        ck_assert_ptr_null(lanes_make());
        ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    }
}
END_TEST

START_TEST(no_program_that_is_started_has_lanes_or_clients)
{
    struct lane_client client;

    open_lanes();
    ck_assert(put(WWW, 1));
    for (size_t i = 0; i < LANES; i++)
        ck_assert_int_eq(fcntl(lanes_fd(lanes, i), F_GETFD), FD_CLOEXEC);
    ck_assert(lanes_take_next(lanes, &client));
    ck_assert_int_eq(fcntl(client.fd, F_GETFD), FD_CLOEXEC);
    (void)close(client.fd);
    lanes_close(lanes);
}
END_TEST

/* The kernel closes the client's connection then. */
START_TEST(who_is_taken_where_there_is_no_room_for_a_descriptor_is_gone)
{
    struct lane_client client = {.fd = -1};
    struct rlimit files;

    if (unit_is_watched())
        return;
    open_lanes();
    ck_assert(put(WWW, 1));
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    limit_files(3, files.rlim_max);
    ck_assert(!lanes_take_next(lanes, &client));
    ck_assert_int_eq(client.fd, -1);
    limit_files(files.rlim_cur, files.rlim_max);
    ck_assert(lanes_are_empty(lanes));
    ck_assert(!lanes_take_next(lanes, &client));
    lanes_close(lanes);
}
END_TEST

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

START_TEST(whoever_waits_in_any_lane_is_waited_for)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    sigset_t none;
    sigset_t alarm;

    open_lanes();
    /* Where nobody does, for a signal that comes meanwhile. */
    (void)sigemptyset(&none);
    (void)sigemptyset(&alarm);
    (void)sigaddset(&alarm, SIGALRM);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &alarm, NULL), 0);
    ck_assert(signal(SIGALRM, count_signal) != SIG_ERR);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    lanes_wait(lanes, &none);
    ck_assert_int_eq(signals, 1);
    for (uid_t uid = 0; uid < LANES; uid++) {
        ck_assert(put(uid, uid));
        lanes_wait(lanes, NULL);
        takes(lane_in_use(0), uid, uid);
    }
    lanes_close(lanes);
}
END_TEST

START_TEST(the_lanes_of_all_are_made_stopped_and_closed)
{
    const size_t before = unit_names("/proc/self/fd");
    const struct lane_client nobody = {.fd = -1};
    struct lane_sets sets;

    ck_assert(lane_sets_make(&sets));
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before + (size_t)4 * 2 * LANES);
    lane_sets_stop(&sets);
    ck_assert(lanes_are_over(sets.logins) && lanes_are_over(sets.arrivals));
    ck_assert(!lanes_are_over(sets.slow) && !lanes_are_over(sets.questions));
    ck_assert(!lanes_put(sets.logins, &nobody));
    lane_sets_close(&sets);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
}
END_TEST

START_TEST(without_the_lanes_of_one_there_are_none_of_all)
{
    const size_t before = unit_names("/proc/self/fd");
    struct lane_sets sets;
    bool made_all;

    for (unsigned nth = 1; nth <= 4; nth++) {
        unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = nth, .times = 1});
        made_all = lane_sets_make(&sets);
        (void)unit_calls_end();
        ck_assert(!made_all);
        lane_sets_close(&sets);
        ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    }
    if (unit_is_watched())
        return;
    for (int made = 4; made-- > 0;) {
        leave_room(made * 2 * LANES + LANES);
        ck_assert(!lane_sets_make(&sets));
        lane_sets_close(&sets);
        ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_comes_first_is_taken_first);
    unit_add(suite, each_uid_has_a_lane_of_its_own);
    unit_add(suite, a_lane_that_is_full_takes_nobody_and_others_do);
    unit_add(suite, many_uids_that_wait_leave_room_to_another);
    unit_add(suite, who_is_put_in_by_a_process_that_ends_is_taken_by_another);
    unit_add(suite, the_turn_is_that_of_the_lane_after_the_last_one);
    unit_add(suite, lanes_are_over_when_nobody_can_be_put_in_and_nobody_waits);
    unit_add(suite, lanes_are_closed_with_who_waits_in_them);
    unit_add(suite, the_limit_of_open_files_is_raised_as_far_as_all_lanes_need_it);
    unit_add(suite, without_memory_there_are_no_lanes);
    unit_add(suite, without_descriptors_for_all_there_are_no_lanes);
    unit_add(suite, no_program_that_is_started_has_lanes_or_clients);
    unit_add(suite, who_is_taken_where_there_is_no_room_for_a_descriptor_is_gone);
    unit_add(suite, whoever_waits_in_any_lane_is_waited_for);
    unit_add(suite, the_lanes_of_all_are_made_stopped_and_closed);
    unit_add(suite, without_the_lanes_of_one_there_are_none_of_all);
}

int main(void)
{
    return unit_run("lanes", fill);
}
