/* Who was let in: how long an answer holds, and where; and that what is remembered is bounded. */
#include "unit.h"

#include "asp-broker/tickets.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ALICE = 1000, BOB = 1001, NOW = 5000000 };

static const struct own_primary then = {.known = true, .line = {1, 2, 3}};

static bool ticket_holds(const struct tickets *tickets, uid_t uid, const struct ticket_place *place,
                         int64_t now_ms)
{
    const struct own_primary *own = ticket_find(tickets, uid, place, now_ms);

    return own != NULL && own_primary_same(own, &then);
}

static const struct ticket_place here = {.session = 100, .begun = 7, .terminal = 34816, .login = 3};

/* How long an answer holds, and where */

START_TEST(an_answer_holds_for_five_minutes)
{
    struct tickets tickets = {0};

    ck_assert(!ticket_holds(&tickets, ALICE, &here, NOW));
    ticket_give(&tickets, ALICE, &here, &then, NOW);
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
    ticket_give(&tickets, ALICE, &here, &then, NOW);
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

    ticket_give(&tickets, ALICE, &nowhere, &then, NOW);
    ck_assert(!ticket_holds(&tickets, ALICE, &nowhere, NOW));
    ck_assert_int_eq(tickets.list[0].until_ms, 0);
}
END_TEST

START_TEST(the_oldest_of_too_many_answers_is_forgotten)
{
    struct tickets tickets = {0};
    struct ticket_place place = here;

    for (int i = 0; i < TICKETS_MAX; i++) {
        place.session = 100 + i;
        ticket_give(&tickets, ALICE, &place, &then, NOW + i);
    }
    ck_assert(ticket_holds(&tickets, ALICE, &here, NOW + TICKETS_MAX));
    ticket_give(&tickets, BOB, &here, &then, NOW + TICKETS_MAX);
    ck_assert(!ticket_holds(&tickets, ALICE, &here, NOW + TICKETS_MAX));
    ck_assert(ticket_holds(&tickets, BOB, &here, NOW + TICKETS_MAX));
    ck_assert(ticket_holds(&tickets, ALICE, &place, NOW + TICKETS_MAX));
    place.session = 101;
    ck_assert(ticket_holds(&tickets, ALICE, &place, NOW + TICKETS_MAX));
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

/* Whoever starts the broker may have closed its standard input. */
static void look_without_standard_input(void *context)
{
    struct ticket_place place;

    (void)context;
    ck_assert_int_gt(setsid(), 0);
    ck_assert_int_eq(close(STDIN_FILENO), 0);
    ticket_place_of(getpid(), geteuid(), &place);
    ck_assert_int_eq(place.session, getpid());
    ck_assert_int_eq(close(STDIN_FILENO), -1);
}

START_TEST(a_place_is_read_whatever_the_number_of_its_file)
{
    unit_forked(look_without_standard_input, NULL);
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

START_TEST(a_new_answer_at_a_place_takes_the_place_of_the_old_one)
{
    static const struct own_primary later = {.known = true, .line = {4}};
    struct tickets tickets = {0};
    const struct own_primary *own;

    ticket_give(&tickets, ALICE, &here, &then, NOW);
    ticket_give(&tickets, ALICE, &here, &later, NOW + 1);
    own = ticket_find(&tickets, ALICE, &here, NOW + 2);
    ck_assert_ptr_nonnull(own);
    ck_assert(own_primary_same(own, &later));
    ck_assert_int_eq(tickets.list[1].until_ms, 0);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, an_answer_holds_for_five_minutes);
    unit_add(suite, an_answer_holds_for_one_user_at_one_place);
    unit_add(suite, without_a_place_nothing_is_remembered);
    unit_add(suite, a_new_answer_at_a_place_takes_the_place_of_the_old_one);
    unit_add(suite, the_oldest_of_too_many_answers_is_forgotten);
    unit_add(suite, two_processes_of_one_session_are_at_one_place);
    unit_add(suite, a_process_is_in_its_session_and_only_for_its_user);
    unit_add(suite, a_place_is_read_whatever_the_number_of_its_file);
    unit_add(suite, the_name_of_a_process_says_nothing_of_its_place);
    unit_add(suite, a_session_without_its_leader_is_no_place);
}

int main(void)
{
    return unit_run("tickets", fill);
}
