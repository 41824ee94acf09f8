/* What the broker remembers of users: how often one may be wrong, how many sessions one has; and
 * that all of it is bounded. */
#include "unit.h"

#include "asp-broker/throttle.h"

enum { ALICE = 1000, BOB = 1001, CROWD = 100000, NOW = 5000000 };

/* Wrong answers */

START_TEST(the_third_wrong_answer_and_each_after_it_makes_her_wait_thirty_seconds)
{
    struct throttle throttle = {0};

    for (int i = 1; i <= 2; i++) {
        throttle_wrong(&throttle, ALICE, NOW);
        ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 0);
    }
    for (long at = NOW; at < NOW + 4L * THROTTLE_WAIT_MS; at += THROTTLE_WAIT_MS) {
        throttle_wrong(&throttle, ALICE, at);
        ck_assert_int_eq(throttle_wait(&throttle, ALICE, at), 30000);
        ck_assert_int_eq(throttle_wait(&throttle, ALICE, at + 29999), 1);
        ck_assert_int_eq(throttle_wait(&throttle, ALICE, at + 30000), 0);
        ck_assert_int_eq(throttle_wait(&throttle, BOB, at), 0);
    }
}
END_TEST

START_TEST(a_right_answer_forgets_the_wrong_ones)
{
    struct throttle throttle = {0};

    for (int round = 0; round < 3; round++) {
        throttle_wrong(&throttle, ALICE, NOW);
        throttle_wrong(&throttle, ALICE, NOW);
        ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 0);
        throttle_right(&throttle, ALICE, NOW);
    }
}
END_TEST

START_TEST(a_quarter_of_an_hour_forgets_them_too)
{
    struct throttle throttle = {0};

    throttle_wrong(&throttle, ALICE, NOW);
    throttle_wrong(&throttle, ALICE, NOW);
    throttle_wrong(&throttle, ALICE, NOW + THROTTLE_KEPT_MS);
    ck_assert_int_gt(throttle_wait(&throttle, ALICE, NOW + THROTTLE_KEPT_MS), 0);
    throttle_wrong(&throttle, ALICE, NOW + 2L * THROTTLE_KEPT_MS + 1);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW + 2L * THROTTLE_KEPT_MS + 1), 0);
}
END_TEST

START_TEST(whoever_else_comes_does_not_have_the_wrong_ones_forgotten)
{
    struct throttle throttle = {0};

    for (int i = 0; i < THROTTLE_TRIES; i++)
        throttle_wrong(&throttle, ALICE, NOW);
    for (uid_t i = 0; i < 10 * THROTTLE_USERS; i++) {
        ck_assert_ptr_null(throttle_enter(&throttle, CROWD + i, NOW + 1));
        throttle_leave(&throttle, CROWD + i);
    }
    ck_assert_int_gt(throttle_wait(&throttle, ALICE, NOW + 1), 0);
}
END_TEST

static void make_wait(struct throttle *table, uid_t uid, long at)
{
    for (int i = 0; i < THROTTLE_TRIES; i++)
        throttle_wrong(table, uid, at);
}

START_TEST(where_there_is_room_nobody_is_forgotten)
{
    struct throttle throttle = {0};

    for (uid_t uid = 0; uid < THROTTLE_USERS; uid++)
        make_wait(&throttle, uid, NOW);
    for (uid_t uid = 0; uid < THROTTLE_USERS; uid++)
        ck_assert_int_gt(throttle_wait(&throttle, uid, NOW), 0);
}
END_TEST

START_TEST(of_those_with_wrong_answers_the_one_who_was_longest_away_is_forgotten)
{
    struct throttle throttle = {0};

    for (uid_t uid = 1; uid <= THROTTLE_USERS; uid++)
        make_wait(&throttle, uid, NOW + (long)uid);
    /* 1 is seen again, and 2 is at it. */
    ck_assert_ptr_null(throttle_enter(&throttle, 1, NOW + 1000));
    throttle_leave(&throttle, 1);
    ck_assert_ptr_null(throttle_enter(&throttle, 2, NOW + 2));
    make_wait(&throttle, 0, NOW + 1001);
    ck_assert_int_gt(throttle_wait(&throttle, 0, NOW + 1001), 0);
    for (uid_t uid = 1; uid <= THROTTLE_USERS; uid++)
        ck_assert_int_eq(throttle_wait(&throttle, uid, NOW + 1001) > 0, uid != 3);
}
END_TEST

START_TEST(who_was_never_wrong_is_forgotten_first_whenever_that_was)
{
    struct throttle throttle = {0};

    for (uid_t uid = 1; uid < THROTTLE_USERS; uid++)
        make_wait(&throttle, uid, NOW);
    for (int i = 0; i < 10; i++) {
        ck_assert_ptr_null(throttle_enter(&throttle, CROWD, NOW + 500));
        throttle_leave(&throttle, CROWD);
    }
    make_wait(&throttle, BOB, NOW + 501);
    for (uid_t uid = 1; uid < THROTTLE_USERS; uid++)
        ck_assert_int_gt(throttle_wait(&throttle, uid, NOW + 501), 0);
    ck_assert_int_gt(throttle_wait(&throttle, BOB, NOW + 501), 0);
}
END_TEST

START_TEST(of_those_never_wrong_the_one_who_was_longest_away_is_forgotten)
{
    enum { OLDEST = 77 };
    struct throttle throttle = {0};

    for (uid_t uid = 1; uid <= THROTTLE_USERS; uid++) {
        for (int i = 0; i < THROTTLE_SESSIONS_A_SECOND; i++) {
            ck_assert_ptr_null(throttle_enter(&throttle, uid, NOW + (uid != OLDEST)));
            throttle_leave(&throttle, uid);
        }
    }
    make_wait(&throttle, CROWD, NOW + 2);
    for (uid_t uid = 1; uid <= THROTTLE_USERS; uid++) {
        if (uid != OLDEST)
            ck_assert_ptr_nonnull(throttle_enter(&throttle, uid, NOW + 2));
    }
    /* Of her nothing is known any more. */
    ck_assert_ptr_null(throttle_enter(&throttle, OLDEST, NOW + 2));
}
END_TEST

START_TEST(nothing_is_read_behind_the_last_user)
{
    struct throttle two[2] = {0};

    for (uid_t uid = 0; uid < THROTTLE_USERS; uid++)
        ck_assert_ptr_null(throttle_enter(&two[0], CROWD + uid, NOW));
    make_wait(&two[1], ALICE, NOW);
    ck_assert_int_eq(throttle_wait(&two[0], ALICE, NOW), 0);
    for (int i = 0; i < THROTTLE_SESSIONS_EACH; i++)
        ck_assert_ptr_null(throttle_enter(&two[1], ALICE, NOW));
    throttle_leave(&two[0], ALICE);
    ck_assert_ptr_nonnull(throttle_enter(&two[1], ALICE, NOW));
}
END_TEST

/* An empty place looks like one of root's. */
START_TEST(root_is_a_user_like_others)
{
    struct throttle throttle = {0};

    ck_assert_int_eq(throttle_wait(&throttle, 0, NOW), 0);
    throttle_leave(&throttle, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(throttle_enter(&throttle, 0, NOW));
    ck_assert_ptr_nonnull(throttle_enter(&throttle, 0, NOW));
    for (uid_t i = 0; i < 3 * THROTTLE_USERS; i++) {
        ck_assert_ptr_null(throttle_enter(&throttle, CROWD + i, NOW + 1));
        throttle_leave(&throttle, CROWD + i);
    }
    ck_assert_ptr_nonnull(throttle_enter(&throttle, 0, NOW + 1));
}
END_TEST

/* Sessions */

START_TEST(three_sessions_of_one_user_are_the_most)
{
    struct throttle throttle = {0};

    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW));
    ck_assert_str_eq(throttle_enter(&throttle, ALICE, NOW),
                     "you have three commands running: end one first");
    ck_assert_ptr_null(throttle_enter(&throttle, BOB, NOW));
    throttle_leave(&throttle, ALICE);
    ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW));
    ck_assert_ptr_nonnull(throttle_enter(&throttle, ALICE, NOW));
}
END_TEST

START_TEST(twenty_in_a_second_are_the_most)
{
    struct throttle throttle = {0};

    for (int i = 0; i < 20; i++) {
        ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW));
        throttle_leave(&throttle, ALICE);
    }
    ck_assert_str_eq(throttle_enter(&throttle, ALICE, NOW + 999),
                     "too many commands in a second: try again in a moment");
    ck_assert_ptr_null(throttle_enter(&throttle, BOB, NOW + 999));
    ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW + 1000));
}
END_TEST

START_TEST(whoever_has_a_session_is_not_forgotten)
{
    struct throttle throttle = {0};

    ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW));
    for (uid_t i = 0; i < 3 * THROTTLE_USERS; i++) {
        ck_assert_ptr_null(throttle_enter(&throttle, CROWD + i, NOW + 1));
        throttle_leave(&throttle, CROWD + i);
    }
    ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW + 1));
    ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW + 1));
    ck_assert_ptr_nonnull(throttle_enter(&throttle, ALICE, NOW + 1));
}
END_TEST

START_TEST(when_all_have_sessions_nobody_else_gets_one)
{
    struct throttle throttle = {0};

    for (uid_t i = 0; i < THROTTLE_USERS; i++)
        ck_assert_ptr_null(throttle_enter(&throttle, CROWD + i, NOW));
    ck_assert_str_eq(throttle_enter(&throttle, ALICE, NOW),
                     "too many users are at it: try again in a moment");
    ck_assert_ptr_null(throttle_enter(&throttle, CROWD, NOW));
    throttle_wrong(&throttle, ALICE, NOW);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 0);
    throttle_right(&throttle, ALICE, NOW);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 0);
    throttle_leave(&throttle, CROWD + 5);
    ck_assert_ptr_null(throttle_enter(&throttle, ALICE, NOW));
}
END_TEST

START_TEST(who_leaves_and_was_never_there_changes_nothing)
{
    struct throttle throttle = {0};

    throttle_leave(&throttle, ALICE);
    ck_assert_ptr_null(throttle_enter(&throttle, BOB, NOW));
    throttle_leave(&throttle, ALICE);
    throttle_leave(&throttle, BOB);
    throttle_leave(&throttle, BOB);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(throttle_enter(&throttle, BOB, NOW));
    ck_assert_ptr_nonnull(throttle_enter(&throttle, BOB, NOW));
}
END_TEST

/* Sessions that ask at the same time */

static void enter(struct throttle *table, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_ptr_null(throttle_enter(table, ALICE, NOW));
}

START_TEST(sessions_at_once_wait_when_all_of_them_may_be_wrong_too_often)
{
    for (int wrong = 0; wrong <= THROTTLE_TRIES; wrong++) {
        for (int sessions = 1; sessions <= THROTTLE_SESSIONS_EACH; sessions++) {
            const bool waits = sessions > 1 && wrong + sessions > THROTTLE_TRIES;
            struct throttle throttle = {0};

            for (int i = 0; i < wrong; i++)
                throttle_wrong(&throttle, ALICE, NOW);
            enter(&throttle, sessions);
            for (long at = NOW + THROTTLE_WAIT_MS; at < NOW + THROTTLE_WAIT_MS + 2; at++)
                ck_assert_int_eq(throttle_wait(&throttle, ALICE, at), waits ? 1000 : 0);
        }
    }
}
END_TEST

START_TEST(a_session_that_was_answered_takes_no_try_any_more)
{
    struct throttle right = {0};
    struct throttle wrong = {0};

    enter(&right, 1);
    throttle_right(&right, ALICE, NOW);
    enter(&right, 2);
    throttle_wrong(&right, ALICE, NOW);
    throttle_leave(&right, ALICE);
    enter(&right, 1);
    ck_assert_int_eq(throttle_wait(&right, ALICE, NOW), 0);

    enter(&wrong, 1);
    throttle_wrong(&wrong, ALICE, NOW);
    enter(&wrong, 2);
    ck_assert_int_eq(throttle_wait(&wrong, ALICE, NOW), 0);
    throttle_wrong(&wrong, ALICE, NOW);
    ck_assert_int_eq(throttle_wait(&wrong, ALICE, NOW), 0);
}
END_TEST

START_TEST(an_answer_without_a_session_makes_no_room_for_one)
{
    struct throttle throttle = {0};

    throttle_right(&throttle, ALICE, NOW);
    throttle_wrong(&throttle, ALICE, NOW);
    enter(&throttle, 3);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 1000);
}
END_TEST

START_TEST(a_session_that_ends_without_an_answer_takes_no_try_any_more)
{
    struct throttle throttle = {0};

    throttle_wrong(&throttle, ALICE, NOW);
    throttle_wrong(&throttle, ALICE, NOW);
    enter(&throttle, 2);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 1000);
    throttle_leave(&throttle, ALICE);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 0);
}
END_TEST

START_TEST(a_session_that_ends_after_its_answer_leaves_the_others_as_they_are)
{
    struct throttle throttle = {0};

    enter(&throttle, 3);
    throttle_wrong(&throttle, ALICE, NOW);
    throttle_wrong(&throttle, ALICE, NOW);
    throttle_leave(&throttle, ALICE);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW), 0);
}
END_TEST

START_TEST(what_is_forgotten_makes_no_session_wait_for_another)
{
    struct throttle throttle = {0};

    throttle_wrong(&throttle, ALICE, NOW);
    throttle_wrong(&throttle, ALICE, NOW);
    enter(&throttle, 3);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW + THROTTLE_KEPT_MS), 1000);
    ck_assert_int_eq(throttle_wait(&throttle, ALICE, NOW + THROTTLE_KEPT_MS + 1), 0);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_third_wrong_answer_and_each_after_it_makes_her_wait_thirty_seconds);
    unit_add(suite, a_right_answer_forgets_the_wrong_ones);
    unit_add(suite, a_quarter_of_an_hour_forgets_them_too);
    unit_add(suite, whoever_else_comes_does_not_have_the_wrong_ones_forgotten);
    unit_add(suite, where_there_is_room_nobody_is_forgotten);
    unit_add(suite, of_those_with_wrong_answers_the_one_who_was_longest_away_is_forgotten);
    unit_add(suite, who_was_never_wrong_is_forgotten_first_whenever_that_was);
    unit_add(suite, of_those_never_wrong_the_one_who_was_longest_away_is_forgotten);
    unit_add(suite, nothing_is_read_behind_the_last_user);
    unit_add(suite, root_is_a_user_like_others);
    unit_add(suite, three_sessions_of_one_user_are_the_most);
    unit_add(suite, twenty_in_a_second_are_the_most);
    unit_add(suite, whoever_has_a_session_is_not_forgotten);
    unit_add(suite, when_all_have_sessions_nobody_else_gets_one);
    unit_add(suite, who_leaves_and_was_never_there_changes_nothing);
    unit_add(suite, sessions_at_once_wait_when_all_of_them_may_be_wrong_too_often);
    unit_add(suite, a_session_that_was_answered_takes_no_try_any_more);
    unit_add(suite, an_answer_without_a_session_makes_no_room_for_one);
    unit_add(suite, a_session_that_ends_without_an_answer_takes_no_try_any_more);
    unit_add(suite, a_session_that_ends_after_its_answer_leaves_the_others_as_they_are);
    unit_add(suite, what_is_forgotten_makes_no_session_wait_for_another);
}

int main(void)
{
    return unit_run("throttle", fill);
}
