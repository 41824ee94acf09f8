/* The waiting room, by a clock that is played: who gets into his lane and when, who is dropped, and
 * who makes room. */
#include "waiting_room_fixture.h"

#include "asp-broker/waiting_room.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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
