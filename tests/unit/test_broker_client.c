/* What the module asks asp-broker: how often, in which version and for how long; and what it makes
 * of the answers. The socket is played here, and so is the clock: nothing waits. */
#include "unit.h"

#include "asp/broker_login.h"
#include "asp/broker_socket.h"
#include "pam_asp/broker_client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 8, BEGUN = 50000, PATIENCE = 1000, FOREVER = BEGUN + 10000 };

/* What comes of a call: the last one of those that are listed comes again and again. */
struct step {
    enum asp_status status;
    int64_t takes;              /* ms */
    enum asp_message_type type; /* of what is received */
    unsigned version;           /* the same */
    bool hung_up;               /* the end of the connection was shut down before */
};

static struct step connects[STEPS];
static struct step sends[STEPS];
static struct step receives[STEPS];

/* What was done. */
static struct {
    size_t connects;
    size_t sends;
    size_t receives;
    size_t pauses;
    size_t shutdowns;
    int fds[STEPS];
    unsigned versions[STEPS];
    int64_t deadlines[STEPS];
    const struct asp_message *unwiped;
} did;

static int64_t clock_now;
static bool shutdown_fails;
static struct asp_error error;
static struct asp_outcome outcome;
static bool done;

static const struct asp_conf conf = {.broker_socket = "/run/of-this-test"};
static const struct asp_request request = {
    .user = "alice", .service = "imap", .secret = "7k012345", .secret_length = 8};
static const struct asp_broker_password set = {"alice", "passwd", "/etc/asp/asp.conf", "1 2 3"};

static int64_t played_clock(void)
{
    return clock_now;
}

static const struct step *next(const struct step *steps, size_t at)
{
    while (at > 0 && (at >= STEPS || steps[at].takes < 0))
        at--;
    clock_now += steps[at].takes;
    return &steps[at];
}

static enum asp_status come_of(const struct step *step, struct asp_error *to)
{
    return step->status == ASP_OK ? ASP_OK : asp_fail(to, step->status, "as it is played");
}

enum asp_status __wrap_asp_broker_connect(const char *path, int *fd, struct asp_error *to);
enum asp_status __wrap_asp_broker_connect(const char *path, int *fd, struct asp_error *to)
{
    ck_assert_str_eq(path, conf.broker_socket);
    ck_assert_uint_lt(did.connects, STEPS);
    *fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(*fd, 0);
    did.fds[did.connects] = *fd;
    return come_of(next(connects, did.connects++), to);
}

enum asp_status __wrap_asp_broker_send(int fd, const char *peer, const struct asp_message *message,
                                       struct asp_error *to);
enum asp_status __wrap_asp_broker_send(int fd, const char *peer, const struct asp_message *message,
                                       struct asp_error *to)
{
    struct asp_message_read read;
    struct asp_request asked;
    struct asp_broker_password handed;

    ck_assert_str_eq(peer, "asp-broker");
    ck_assert_int_eq(fd, did.fds[did.connects - 1]);
    ck_assert(!message->failed);
    ck_assert_int_eq(asp_message_read(message->bytes, message->length, "x", &read, NULL), ASP_OK);
    if (read.type == ASP_MESSAGE_LOGIN) {
        ck_assert(asp_broker_login_read(&read, &asked));
        ck_assert_str_eq(asked.user, "alice");
        did.unwiped = message;
    } else {
        ck_assert(asp_broker_password_read(&read, &handed));
        ck_assert_str_eq(handed.conf_state, set.conf_state);
    }
    ck_assert_uint_lt(did.sends, STEPS);
    did.versions[did.sends] = read.version;
    return come_of(next(sends, did.sends++), to);
}

void __real_asp_message_wipe(struct asp_message *message);
void __wrap_asp_message_wipe(struct asp_message *message);
void __wrap_asp_message_wipe(struct asp_message *message)
{
    if (message == did.unwiped)
        did.unwiped = NULL;
    __real_asp_message_wipe(message);
}

enum asp_status __wrap_asp_broker_receive(int fd, const char *peer, int64_t deadline,
                                          uint8_t bytes[ASP_MESSAGE_MAX],
                                          struct asp_message_read *message, struct asp_error *to);
enum asp_status __wrap_asp_broker_receive(int fd, const char *peer, int64_t deadline,
                                          uint8_t bytes[ASP_MESSAGE_MAX],
                                          struct asp_message_read *message, struct asp_error *to)
{
    const struct asp_outcome accepted = {
        .verdict = ASP_ACCEPTED, .account = "alice", .app = "mail", .id = "7k", .label = "Phone"};
    struct asp_message written;
    const struct step *step;

    ck_assert_str_eq(peer, "asp-broker");
    ck_assert_int_eq(fd, did.fds[did.connects - 1]);
    ck_assert_uint_lt(did.receives, STEPS);
    did.deadlines[did.receives] = deadline;
    step = next(receives, did.receives++);
    ck_assert_uint_eq(did.shutdowns, step->hung_up);
    asp_message_begin(&written, step->type);
    if (step->type == ASP_MESSAGE_OUTCOME)
        asp_broker_outcome_write(&accepted, step->version, &written);
    memcpy(bytes, written.bytes, written.length);
    asp_message_read_nothing(message);
    if (step->status == ASP_OK)
        ck_assert_int_eq(asp_message_read(bytes, written.length, "x", message, NULL), ASP_OK);
    message->version = step->version;
    message->type = step->type; /* that is told also of one that cannot be read */
    return come_of(step, to);
}

int __wrap_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how)
{
    ck_assert_int_eq(fd, did.fds[did.connects - 1]);
    ck_assert_int_eq(how, SHUT_RDWR);
    did.shutdowns++;
    return shutdown_fails ? -1 : 0;
}

int __wrap_nanosleep(const struct timespec *length, struct timespec *left);
int __wrap_nanosleep(const struct timespec *length, struct timespec *left)
{
    (void)left;
    ck_assert_int_eq(length->tv_sec, 0);
    ck_assert_int_ge(length->tv_nsec, 1000000);
    clock_now += length->tv_nsec / 1000000;
    did.pauses++;
    return 0;
}

/* All goes well, and takes no time: a login is answered. */
static void begin(void)
{
    memset(&did, 0, sizeof did);
    unit_clock_ms = played_clock;
    clock_now = BEGUN;
    for (size_t i = 0; i < STEPS; i++)
        connects[i] = sends[i] = receives[i] = (struct step){.takes = -1};
    connects[0] = sends[0] = (struct step){.status = ASP_OK};
    receives[0] = (struct step){.type = ASP_MESSAGE_OUTCOME, .version = ASP_MESSAGE_NEWEST};
    error = (struct asp_error){.status = ASP_OK};
}

/* The same of a password that was set: it is accepted, and then done. */
static void begin_to_hand_over(void)
{
    begin();
    receives[0] = (struct step){.type = ASP_MESSAGE_ACCEPTED, .version = 3};
    receives[1] = (struct step){.type = ASP_MESSAGE_DONE, .version = 3};
}

/* Each connection is closed, once, and no message with a secret is left. */
static void nothing_is_left(void)
{
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("close"), did.connects);
    for (size_t i = 0; i < did.connects; i++) {
        ck_assert_int_eq(fcntl(did.fds[i], F_GETFD), -1);
        ck_assert_int_eq(errno, EBADF);
    }
    ck_assert_ptr_null(did.unwiped);
}

static enum asp_status ask(void)
{
    enum asp_status status;

    unit_calls_begin(NULL);
    status = broker_client_ask(&conf, &request, &outcome, &error);
    nothing_is_left();
    return status;
}

static bool hand_over(void)
{
    bool taken;

    done = true;
    unit_calls_begin(NULL);
    taken = broker_client_hand_over(&conf, &set, FOREVER, &done);
    nothing_is_left();
    return taken;
}

static void says(const char *text)
{
    ck_assert_str_eq(error.text, text);
}

START_TEST(a_login_is_asked_once_in_the_newest_version_and_answered)
{
    begin();
    ck_assert_int_eq(ask(), ASP_OK);
    ck_assert_int_eq(outcome.verdict, ASP_ACCEPTED);
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_uint_eq(did.connects, 1);
    ck_assert_uint_eq(did.sends, 1);
    ck_assert_uint_eq(did.receives, 1);
    ck_assert_uint_eq(did.versions[0], ASP_MESSAGE_NEWEST);
    ck_assert_int_eq(did.deadlines[0], BEGUN + PATIENCE);
}
END_TEST

START_TEST(where_there_is_no_broker_nothing_is_said)
{
    static const enum asp_status statuses[] = {ASP_NOT_FOUND, ASP_DENIED, ASP_BUSY,
                                               ASP_UNSAFE,    ASP_IO,     ASP_INVALID};

    for (size_t i = 0; i < UNIT_COUNT(statuses); i++) {
        begin();
        connects[0].status = statuses[i];
        ck_assert_int_eq(ask(), statuses[i]);
        says("as it is played");
        ck_assert_uint_eq(did.connects, 1);
        ck_assert_uint_eq(did.sends, 0);
        ck_assert_uint_eq(did.receives, 0);
    }
}
END_TEST

START_TEST(what_cannot_be_sent_is_not_sent_again)
{
    static const enum asp_status statuses[] = {ASP_IO, ASP_INVALID, ASP_BUSY};

    for (size_t i = 0; i < UNIT_COUNT(statuses); i++) {
        begin();
        sends[0].status = statuses[i];
        ck_assert_int_eq(ask(), statuses[i]);
        ck_assert_uint_eq(did.connects, 1);
        ck_assert_uint_eq(did.sends, 1);
        ck_assert_uint_eq(did.receives, 0);
    }
}
END_TEST

START_TEST(a_broker_that_breaks_off_is_asked_three_times)
{
    begin();
    sends[0].status = sends[1].status = ASP_NOT_FOUND;
    sends[1].takes = sends[2].takes = 0;
    ck_assert_int_eq(ask(), ASP_OK);
    ck_assert_uint_eq(did.connects, 3);
    ck_assert_uint_eq(did.receives, 1);
    begin();
    sends[0].status = ASP_NOT_FOUND;
    ck_assert_int_eq(ask(), ASP_NOT_FOUND);
    says("asp-broker broke off: restart asp-broker.service, its log says more");
    ck_assert_uint_eq(did.connects, 3);
    ck_assert_uint_eq(did.receives, 0);
}
END_TEST

/* As long as it may take to connect. */
START_TEST(it_is_asked_again_while_there_is_time_to_connect)
{
    const int64_t last = PATIENCE - ASP_BROKER_CONNECT_MS;

    for (int late = 0; late < 2; late++) {
        begin();
        sends[0] = (struct step){.status = ASP_NOT_FOUND, .takes = last + late};
        sends[1].takes = 0;
        ck_assert_int_eq(ask(), late ? ASP_NOT_FOUND : ASP_OK);
        ck_assert_uint_eq(did.connects, late ? 1 : 2);
        begin();
        receives[0] = (struct step){.status = ASP_INVALID, .takes = last + late, .version = 2};
        receives[1] = (struct step){.type = ASP_MESSAGE_OUTCOME, .version = 2};
        ck_assert_int_eq(ask(), late ? ASP_INVALID : ASP_OK);
        ck_assert_uint_eq(did.connects, late ? 1 : 2);
    }
}
END_TEST

START_TEST(a_broker_that_does_not_answer_has_a_log)
{
    static const enum asp_status statuses[] = {ASP_BUSY, ASP_NOT_FOUND, ASP_CORRUPT, ASP_NEWER};

    for (size_t i = 0; i < UNIT_COUNT(statuses); i++) {
        begin();
        receives[0] = (struct step){.status = statuses[i]};
        ck_assert_int_eq(ask(), statuses[i]);
        says(i < 2 ? "as it is played: restart asp-broker.service, its log says more"
                   : "as it is played");
        ck_assert_uint_eq(did.connects, 1);
    }
}
END_TEST

START_TEST(another_message_is_no_answer)
{
    begin();
    receives[0].type = ASP_MESSAGE_SAY;
    ck_assert_int_eq(ask(), ASP_CORRUPT);
    says("what asp-broker says is no answer");
    ck_assert_uint_eq(did.connects, 1);
}
END_TEST

START_TEST(an_older_broker_is_asked_in_its_version)
{
    begin();
    receives[0] = (struct step){.status = ASP_INVALID, .version = 3};
    receives[1] = (struct step){.status = ASP_INVALID, .version = 1};
    receives[2] = (struct step){.type = ASP_MESSAGE_OUTCOME, .version = 1};
    ck_assert_int_eq(ask(), ASP_OK);
    ck_assert_uint_eq(did.sends, 3);
    ck_assert_uint_eq(did.versions[0], ASP_MESSAGE_NEWEST);
    ck_assert_uint_eq(did.versions[1], 3);
    ck_assert_uint_eq(did.versions[2], 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(did.deadlines[i], BEGUN + PATIENCE);
}
END_TEST

START_TEST(who_refuses_in_the_version_that_was_asked_in_is_asked_no_more)
{
    static const struct step answers[] = {
        {.status = ASP_INVALID, .version = 0},
        {.status = ASP_INVALID, .version = ASP_MESSAGE_NEWEST},
        {.status = ASP_INVALID, .version = ASP_MESSAGE_NEWEST + 1},
        {.status = ASP_NEWER, .version = 2},
        {.status = ASP_CORRUPT, .version = 2},
    };

    for (size_t i = 0; i < UNIT_COUNT(answers); i++) {
        begin();
        receives[0] = answers[i];
        ck_assert_int_eq(ask(), answers[i].status);
        ck_assert_uint_eq(did.sends, 1);
    }
}
END_TEST

/* A password that was set. */

START_TEST(what_is_accepted_is_waited_for)
{
    begin_to_hand_over();
    sends[0].takes = 30;
    ck_assert(hand_over());
    ck_assert(done);
    ck_assert_uint_eq(did.connects, 1);
    ck_assert_uint_eq(did.receives, 2);
    ck_assert_int_eq(did.deadlines[0], BEGUN + 30 + 1000);
    ck_assert_int_eq(did.deadlines[1], FOREVER);
}
END_TEST

START_TEST(what_takes_longer_is_the_brokers_all_the_same)
{
    begin_to_hand_over();
    receives[1] = (struct step){.status = ASP_BUSY};
    ck_assert(hand_over());
    ck_assert(!done);
    ck_assert_uint_eq(did.shutdowns, 0);
}
END_TEST

START_TEST(what_it_could_not_do_is_left_to_the_caller)
{
    static const struct step answers[] = {
        {.status = ASP_NOT_FOUND},  {.status = ASP_INVALID}, {.type = ASP_MESSAGE_ACCEPTED},
        {.type = ASP_MESSAGE_BUSY}, {.status = ASP_CORRUPT}, {.status = ASP_NEWER},
    };

    for (size_t i = 0; i < UNIT_COUNT(answers); i++) {
        begin_to_hand_over();
        receives[1] = answers[i];
        receives[1].version = 3;
        ck_assert(!hand_over());
        ck_assert(!done);
        ck_assert_uint_eq(did.receives, 2);
    }
}
END_TEST

START_TEST(what_is_not_accepted_is_left_to_the_caller)
{
    static const struct step answers[] = {
        {.status = ASP_NOT_FOUND},
        {.status = ASP_INVALID},
        {.type = ASP_MESSAGE_SAY},
        {.type = ASP_MESSAGE_DONE},
        {.status = ASP_CORRUPT},
        {.status = ASP_NEWER},
        {.status = ASP_NEWER, .type = ASP_MESSAGE_BUSY},
    };

    for (size_t i = 0; i < UNIT_COUNT(answers); i++) {
        begin_to_hand_over();
        receives[0] = answers[i];
        receives[0].version = 3;
        ck_assert(!hand_over());
        ck_assert(!done);
        ck_assert_uint_eq(did.connects, 1);
        ck_assert_uint_eq(did.receives, 1);
        ck_assert_uint_eq(did.shutdowns, 0);
    }
}
END_TEST

/* It may have been, just before the connection was ended: then it is there. */
START_TEST(what_is_not_accepted_in_time_cannot_be_any_more)
{
    static const struct step last[] = {
        {.type = ASP_MESSAGE_ACCEPTED, .hung_up = true},
        {.status = ASP_NOT_FOUND, .hung_up = true},
        {.status = ASP_BUSY, .hung_up = true},
        {.type = ASP_MESSAGE_DONE, .hung_up = true},
    };

    for (size_t i = 0; i < UNIT_COUNT(last); i++) {
        begin_to_hand_over();
        receives[0] = (struct step){.status = ASP_BUSY, .takes = 1000};
        receives[1] = last[i];
        ck_assert_int_eq(hand_over(), i == 0);
        ck_assert(!done);
        ck_assert_uint_eq(did.receives, 2);
        ck_assert_int_eq(did.deadlines[1], BEGUN + 1000 + 100);
        ck_assert_uint_eq(did.shutdowns, 1);
    }
}
END_TEST

START_TEST(where_it_could_still_be_accepted_nothing_is_heard_any_more)
{
    begin_to_hand_over();
    shutdown_fails = true;
    receives[0] = (struct step){.status = ASP_BUSY};
    ck_assert(!hand_over());
    ck_assert(!done);
    ck_assert_uint_eq(did.receives, 1);
}
END_TEST

START_TEST(a_busy_broker_is_asked_again_until_the_deadline)
{
    begin_to_hand_over();
    receives[0].type = receives[1].type = ASP_MESSAGE_BUSY;
    receives[2] = (struct step){.type = ASP_MESSAGE_ACCEPTED, .version = 3};
    receives[3] = (struct step){.type = ASP_MESSAGE_DONE, .version = 3};
    ck_assert(hand_over());
    ck_assert(done);
    ck_assert_uint_eq(did.connects, 3);
    ck_assert_uint_eq(did.pauses, 2);
    for (int early = 0; early < 2; early++) {
        begin_to_hand_over();
        receives[0] =
            (struct step){.type = ASP_MESSAGE_BUSY, .takes = FOREVER - BEGUN - early, .version = 3};
        receives[1] = (struct step){.type = ASP_MESSAGE_BUSY, .version = 3};
        ck_assert(!hand_over());
        ck_assert(!done);
        ck_assert_uint_eq(did.connects, early ? 2 : 1);
        ck_assert_uint_eq(did.shutdowns, 0);
    }
}
END_TEST

/* By the user whose passwd it is, meanwhile. */
START_TEST(who_was_stopped_for_as_long_as_a_broker_waits_tries_again)
{
    enum { STOPPED = 400 };

    for (int i = 0; i < 2; i++) {
        struct step *steps = i == 0 ? connects : sends;

        begin_to_hand_over();
        steps[0] = (struct step){.status = ASP_NOT_FOUND, .takes = STOPPED};
        steps[1] = (struct step){.status = ASP_OK};
        ck_assert(hand_over());
        ck_assert(done);
        ck_assert_uint_eq(did.connects, 2);
        begin_to_hand_over();
        steps[0] = (struct step){.status = ASP_NOT_FOUND, .takes = STOPPED - 1};
        ck_assert(!hand_over());
        ck_assert_uint_eq(did.connects, 1);
        ck_assert_uint_eq(did.receives, 0);
        /* What is said then is another thing. */
        begin_to_hand_over();
        steps[0] = (struct step){.status = ASP_IO, .takes = STOPPED};
        ck_assert(!hand_over());
        ck_assert_uint_eq(did.connects, 1);
        /* And no longer than until the deadline. */
        for (int early = 0; early < 2; early++) {
            begin_to_hand_over();
            steps[0] = (struct step){.status = ASP_NOT_FOUND, .takes = FOREVER - BEGUN - early};
            steps[1] = (struct step){.status = ASP_NOT_FOUND};
            ck_assert(!hand_over());
            ck_assert(!done);
            ck_assert_uint_eq(did.connects, early ? 2 : 1);
        }
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_login_is_asked_once_in_the_newest_version_and_answered);
    unit_add(suite, where_there_is_no_broker_nothing_is_said);
    unit_add(suite, what_cannot_be_sent_is_not_sent_again);
    unit_add(suite, a_broker_that_breaks_off_is_asked_three_times);
    unit_add(suite, it_is_asked_again_while_there_is_time_to_connect);
    unit_add(suite, a_broker_that_does_not_answer_has_a_log);
    unit_add(suite, another_message_is_no_answer);
    unit_add(suite, an_older_broker_is_asked_in_its_version);
    unit_add(suite, who_refuses_in_the_version_that_was_asked_in_is_asked_no_more);
    unit_add(suite, what_is_accepted_is_waited_for);
    unit_add(suite, what_takes_longer_is_the_brokers_all_the_same);
    unit_add(suite, what_it_could_not_do_is_left_to_the_caller);
    unit_add(suite, what_is_not_accepted_is_left_to_the_caller);
    unit_add(suite, what_is_not_accepted_in_time_cannot_be_any_more);
    unit_add(suite, where_it_could_still_be_accepted_nothing_is_heard_any_more);
    unit_add(suite, a_busy_broker_is_asked_again_until_the_deadline);
    unit_add(suite, who_was_stopped_for_as_long_as_a_broker_waits_tries_again);
}

int main(void)
{
    return unit_run("broker_client", fill);
}
