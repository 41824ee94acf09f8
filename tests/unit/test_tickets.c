/* What the broker remembers of users: how long an answer holds and where, how often one may be
 * wrong, how many sessions one has; and that all of it is bounded. */
#include "unit.h"

#include "asp-broker/tickets.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ALICE = 1000, BOB = 1001, CROWD = 100000, NOW = 5000000 };

static const struct ticket_place here = {.session = 100, .begun = 7, .terminal = 34816, .login = 3};

/* How long an answer holds, and where */

START_TEST(an_answer_holds_for_five_minutes)
{
    struct tickets tickets = {0};

    ck_assert(!ticket_holds(&tickets, ALICE, &here, NOW));
    ticket_give(&tickets, ALICE, &here, NOW);
    ck_assert(ticket_holds(&tickets, ALICE, &here, NOW));
    ck_assert(ticket_holds(&tickets, ALICE, &here, NOW + 5 * 60 * 1000 - 1));
    ck_assert(!ticket_holds(&tickets, ALICE, &here, NOW + 5 * 60 * 1000));
}
END_TEST

START_TEST(an_answer_holds_for_one_user_at_one_place)
{
    struct tickets tickets = {0};
    struct ticket_place other[] = {here, here, here, here};

    other[0].session++;
    other[1].begun++;
    other[2].terminal++;
    other[3].login++;
    ticket_give(&tickets, ALICE, &here, NOW);
    for (size_t i = 0; i < UNIT_COUNT(other); i++)
        ck_assert(!ticket_holds(&tickets, ALICE, &other[i], NOW));
    ck_assert(!ticket_holds(&tickets, BOB, &here, NOW));
    ck_assert(!ticket_holds(&tickets, 0, &here, NOW));
}
END_TEST

START_TEST(without_a_place_nothing_is_remembered)
{
    struct tickets tickets = {0};
    static const struct ticket_place nowhere;

    ticket_give(&tickets, ALICE, &nowhere, NOW);
    ck_assert(!ticket_holds(&tickets, ALICE, &nowhere, NOW));
    ck_assert_int_eq(tickets.list[0].until_ms, 0);
}
END_TEST

START_TEST(the_oldest_of_too_many_answers_is_forgotten)
{
    struct tickets tickets = {0};
    struct ticket_place place = here;

    for (int i = 0; i < TICKETS; i++) {
        place.session = 100 + i;
        ticket_give(&tickets, ALICE, &place, NOW + i);
    }
    ck_assert(ticket_holds(&tickets, ALICE, &here, NOW + TICKETS));
    ticket_give(&tickets, BOB, &here, NOW + TICKETS);
    ck_assert(!ticket_holds(&tickets, ALICE, &here, NOW + TICKETS));
    ck_assert(ticket_holds(&tickets, BOB, &here, NOW + TICKETS));
    ck_assert(ticket_holds(&tickets, ALICE, &place, NOW + TICKETS));
    place.session = 101;
    ck_assert(ticket_holds(&tickets, ALICE, &place, NOW + TICKETS));
}
END_TEST

/* Wrong answers */

START_TEST(the_third_wrong_answer_and_each_after_it_makes_her_wait_thirty_seconds)
{
    struct tickets tickets = {0};

    for (int i = 1; i <= 2; i++) {
        ticket_wrong(&tickets, ALICE, NOW);
        ck_assert_int_eq(ticket_wait(&tickets, ALICE, NOW), 0);
    }
    for (long at = NOW; at < NOW + 4L * TRIES_WAIT_MS; at += TRIES_WAIT_MS) {
        ticket_wrong(&tickets, ALICE, at);
        ck_assert_int_eq(ticket_wait(&tickets, ALICE, at), 30000);
        ck_assert_int_eq(ticket_wait(&tickets, ALICE, at + 29999), 1);
        ck_assert_int_eq(ticket_wait(&tickets, ALICE, at + 30000), 0);
        ck_assert_int_eq(ticket_wait(&tickets, BOB, at), 0);
    }
}
END_TEST

START_TEST(a_right_answer_forgets_the_wrong_ones)
{
    struct tickets tickets = {0};

    for (int round = 0; round < 3; round++) {
        ticket_wrong(&tickets, ALICE, NOW);
        ticket_wrong(&tickets, ALICE, NOW);
        ck_assert_int_eq(ticket_wait(&tickets, ALICE, NOW), 0);
        ticket_give(&tickets, ALICE, &here, NOW);
    }
}
END_TEST

START_TEST(a_quarter_of_an_hour_forgets_them_too)
{
    struct tickets tickets = {0};

    ticket_wrong(&tickets, ALICE, NOW);
    ticket_wrong(&tickets, ALICE, NOW);
    ticket_wrong(&tickets, ALICE, NOW + TRIES_KEPT_MS);
    ck_assert_int_gt(ticket_wait(&tickets, ALICE, NOW + TRIES_KEPT_MS), 0);
    ticket_wrong(&tickets, ALICE, NOW + 2L * TRIES_KEPT_MS + 1);
    ck_assert_int_eq(ticket_wait(&tickets, ALICE, NOW + 2L * TRIES_KEPT_MS + 1), 0);
}
END_TEST

START_TEST(whoever_else_comes_does_not_have_the_wrong_ones_forgotten)
{
    struct tickets tickets = {0};

    for (int i = 0; i < TRIES; i++)
        ticket_wrong(&tickets, ALICE, NOW);
    for (uid_t i = 0; i < 10 * USERS; i++) {
        ck_assert_ptr_null(ticket_enter(&tickets, CROWD + i, NOW + 1));
        ticket_leave(&tickets, CROWD + i);
    }
    ck_assert_int_gt(ticket_wait(&tickets, ALICE, NOW + 1), 0);
}
END_TEST

static void make_wait(struct tickets *table, uid_t uid, long at)
{
    for (int i = 0; i < TRIES; i++)
        ticket_wrong(table, uid, at);
}

START_TEST(where_there_is_room_nobody_is_forgotten)
{
    struct tickets tickets = {0};

    for (uid_t uid = 0; uid < USERS; uid++)
        make_wait(&tickets, uid, NOW);
    for (uid_t uid = 0; uid < USERS; uid++)
        ck_assert_int_gt(ticket_wait(&tickets, uid, NOW), 0);
}
END_TEST

START_TEST(of_those_with_wrong_answers_the_one_who_was_longest_away_is_forgotten)
{
    struct tickets tickets = {0};

    for (uid_t uid = 1; uid <= USERS; uid++)
        make_wait(&tickets, uid, NOW + (long)uid);
    /* 1 is seen again, and 2 is at it. */
    ck_assert_ptr_null(ticket_enter(&tickets, 1, NOW + 1000));
    ticket_leave(&tickets, 1);
    ck_assert_ptr_null(ticket_enter(&tickets, 2, NOW + 2));
    make_wait(&tickets, 0, NOW + 1001);
    ck_assert_int_gt(ticket_wait(&tickets, 0, NOW + 1001), 0);
    for (uid_t uid = 1; uid <= USERS; uid++)
        ck_assert_int_eq(ticket_wait(&tickets, uid, NOW + 1001) > 0, uid != 3);
}
END_TEST

START_TEST(who_was_never_wrong_is_forgotten_first_whenever_that_was)
{
    struct tickets tickets = {0};

    for (uid_t uid = 1; uid < USERS; uid++)
        make_wait(&tickets, uid, NOW);
    for (int i = 0; i < 10; i++) {
        ck_assert_ptr_null(ticket_enter(&tickets, CROWD, NOW + 500));
        ticket_leave(&tickets, CROWD);
    }
    make_wait(&tickets, BOB, NOW + 501);
    for (uid_t uid = 1; uid < USERS; uid++)
        ck_assert_int_gt(ticket_wait(&tickets, uid, NOW + 501), 0);
    ck_assert_int_gt(ticket_wait(&tickets, BOB, NOW + 501), 0);
}
END_TEST

/* An empty place looks like one of root's. */
START_TEST(root_is_a_user_like_others)
{
    struct tickets tickets = {0};

    ck_assert_int_eq(ticket_wait(&tickets, 0, NOW), 0);
    ticket_leave(&tickets, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(ticket_enter(&tickets, 0, NOW));
    ck_assert_ptr_nonnull(ticket_enter(&tickets, 0, NOW));
    for (uid_t i = 0; i < 3 * USERS; i++) {
        ck_assert_ptr_null(ticket_enter(&tickets, CROWD + i, NOW + 1));
        ticket_leave(&tickets, CROWD + i);
    }
    ck_assert_ptr_nonnull(ticket_enter(&tickets, 0, NOW + 1));
}
END_TEST

/* Sessions */

START_TEST(three_sessions_of_one_user_are_the_most)
{
    struct tickets tickets = {0};

    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW));
    ck_assert_str_eq(ticket_enter(&tickets, ALICE, NOW),
                     "you have three commands running: end one first");
    ck_assert_ptr_null(ticket_enter(&tickets, BOB, NOW));
    ticket_leave(&tickets, ALICE);
    ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW));
    ck_assert_ptr_nonnull(ticket_enter(&tickets, ALICE, NOW));
}
END_TEST

START_TEST(twenty_in_a_second_are_the_most)
{
    struct tickets tickets = {0};

    for (int i = 0; i < 20; i++) {
        ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW));
        ticket_leave(&tickets, ALICE);
    }
    ck_assert_str_eq(ticket_enter(&tickets, ALICE, NOW + 999),
                     "too many commands in a second: try again in a moment");
    ck_assert_ptr_null(ticket_enter(&tickets, BOB, NOW + 999));
    ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW + 1000));
}
END_TEST

START_TEST(whoever_has_a_session_is_not_forgotten)
{
    struct tickets tickets = {0};

    ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW));
    for (uid_t i = 0; i < 3 * USERS; i++) {
        ck_assert_ptr_null(ticket_enter(&tickets, CROWD + i, NOW + 1));
        ticket_leave(&tickets, CROWD + i);
    }
    ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW + 1));
    ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW + 1));
    ck_assert_ptr_nonnull(ticket_enter(&tickets, ALICE, NOW + 1));
}
END_TEST

START_TEST(when_all_have_sessions_nobody_else_gets_one)
{
    struct tickets tickets = {0};

    for (uid_t i = 0; i < USERS; i++)
        ck_assert_ptr_null(ticket_enter(&tickets, CROWD + i, NOW));
    ck_assert_str_eq(ticket_enter(&tickets, ALICE, NOW),
                     "too many users are at it: try again in a moment");
    ck_assert_ptr_null(ticket_enter(&tickets, CROWD, NOW));
    ticket_wrong(&tickets, ALICE, NOW);
    ck_assert_int_eq(ticket_wait(&tickets, ALICE, NOW), 0);
    ticket_give(&tickets, ALICE, &here, NOW);
    ck_assert(ticket_holds(&tickets, ALICE, &here, NOW));
    ticket_leave(&tickets, CROWD + 5);
    ck_assert_ptr_null(ticket_enter(&tickets, ALICE, NOW));
}
END_TEST

START_TEST(who_leaves_and_was_never_there_changes_nothing)
{
    struct tickets tickets = {0};

    ticket_leave(&tickets, ALICE);
    ck_assert_ptr_null(ticket_enter(&tickets, BOB, NOW));
    ticket_leave(&tickets, ALICE);
    ticket_leave(&tickets, BOB);
    ticket_leave(&tickets, BOB);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(ticket_enter(&tickets, BOB, NOW));
    ck_assert_ptr_nonnull(ticket_enter(&tickets, BOB, NOW));
}
END_TEST

/* Where a process is */

START_TEST(two_processes_of_one_session_are_at_one_place)
{
    struct ticket_place mine;
    struct ticket_place its;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    ticket_place_of(getpid(), geteuid(), &mine);
    ticket_place_of(child, geteuid(), &its);
    (void)kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(mine.session, its.session);
    ck_assert_uint_eq(mine.begun, its.begun);
    ck_assert_uint_eq(mine.terminal, its.terminal);
    ck_assert_uint_eq(mine.login, its.login);
    /* Where a test runs in a session of nobody in its process namespace there is none to be known.
     */
    ck_assert(mine.session == 0 || mine.session == getsid(0));
}
END_TEST

/* In a child that leads a session of its own, whose name is made to look like the end of it. */
static void look_in_a_session_of_ones_own(void *context)
{
    struct ticket_place mine;
    struct ticket_place again;
    pid_t child;

    (void)context;
    ck_assert_int_gt(setsid(), 0);
    ticket_place_of(getpid(), geteuid(), &mine);
    ck_assert_int_eq(mine.session, getpid());
    ck_assert_uint_gt(mine.begun, 0);
    ck_assert_uint_eq(mine.terminal, 0);
    (void)usleep(50000); /* the clock by which a process begins is slow */
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    ticket_place_of(child, geteuid(), &again);
    (void)kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(again.session, mine.session);
    ck_assert_uint_eq(again.begun, mine.begun);
    /* Another's is at no place, and neither is one that is gone. */
    ticket_place_of(getpid(), geteuid() + 1, &again);
    ck_assert_int_eq(again.session, 0);
    ticket_place_of(child, geteuid(), &again);
    ck_assert_int_eq(again.session, 0);
    ticket_place_of(0, geteuid(), &again);
    ck_assert_int_eq(again.session, 0);
}

START_TEST(a_process_is_in_its_session_and_only_for_its_user)
{
    unit_forked(look_in_a_session_of_ones_own, NULL);
}
END_TEST

static void look_with_a_name_that_lies(void *context)
{
    struct ticket_place plain;
    struct ticket_place lying;

    (void)context;
    ck_assert_int_gt(setsid(), 0);
    ticket_place_of(getpid(), geteuid(), &plain);
    ck_assert_int_eq(prctl(PR_SET_NAME, ") S 1 1 1 1 1"), 0);
    ticket_place_of(getpid(), geteuid(), &lying);
    ck_assert_int_gt(plain.session, 0);
    ck_assert_int_eq(lying.session, plain.session);
    ck_assert_uint_eq(lying.begun, plain.begun);
    ck_assert_uint_eq(lying.terminal, plain.terminal);
}

START_TEST(the_name_of_a_process_says_nothing_of_its_place)
{
    unit_forked(look_with_a_name_that_lies, NULL);
}
END_TEST

/* Once its leader is gone a session is no place: its number may be another's soon. */
static void look_without_a_leader(void *context)
{
    struct ticket_place place;
    int ready[2];
    pid_t leader;
    pid_t left;

    (void)context;
    ck_assert_int_eq(pipe(ready), 0);
    leader = fork();
    ck_assert_int_ge(leader, 0);
    if (leader == 0) {
        (void)setsid();
        left = fork();
        if (left == 0) {
            (void)close(ready[1]);
            (void)pause();
            _exit(0);
        }
        _exit(write(ready[1], &left, sizeof left) == (ssize_t)sizeof left ? 0 : 1);
    }
    ck_assert_int_eq(read(ready[0], &left, sizeof left), (int)sizeof left);
    ck_assert_int_eq(waitpid(leader, NULL, 0), leader);
    ticket_place_of(left, geteuid(), &place);
    (void)kill(left, SIGKILL);
    ck_assert_int_eq(place.session, 0);
}

START_TEST(a_session_without_its_leader_is_no_place)
{
    unit_forked(look_without_a_leader, NULL);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, an_answer_holds_for_five_minutes);
    unit_add(suite, an_answer_holds_for_one_user_at_one_place);
    unit_add(suite, without_a_place_nothing_is_remembered);
    unit_add(suite, the_oldest_of_too_many_answers_is_forgotten);
    unit_add(suite, the_third_wrong_answer_and_each_after_it_makes_her_wait_thirty_seconds);
    unit_add(suite, a_right_answer_forgets_the_wrong_ones);
    unit_add(suite, a_quarter_of_an_hour_forgets_them_too);
    unit_add(suite, whoever_else_comes_does_not_have_the_wrong_ones_forgotten);
    unit_add(suite, where_there_is_room_nobody_is_forgotten);
    unit_add(suite, of_those_with_wrong_answers_the_one_who_was_longest_away_is_forgotten);
    unit_add(suite, who_was_never_wrong_is_forgotten_first_whenever_that_was);
    unit_add(suite, root_is_a_user_like_others);
    unit_add(suite, three_sessions_of_one_user_are_the_most);
    unit_add(suite, twenty_in_a_second_are_the_most);
    unit_add(suite, whoever_has_a_session_is_not_forgotten);
    unit_add(suite, when_all_have_sessions_nobody_else_gets_one);
    unit_add(suite, who_leaves_and_was_never_there_changes_nothing);
    unit_add(suite, two_processes_of_one_session_are_at_one_place);
    unit_add(suite, a_process_is_in_its_session_and_only_for_its_user);
    unit_add(suite, the_name_of_a_process_says_nothing_of_its_place);
    unit_add(suite, a_session_without_its_leader_is_no_place);
}

int main(void)
{
    return unit_run("tickets", fill);
}
