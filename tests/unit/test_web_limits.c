/* Those who sign in by the web server: who has to go, who has to wait, how long a session lasts;
 * and that all of it is bounded. */
#include "unit.h"

#include "asp-broker/web_limits.h"

#include <stdio.h>

enum { NOW = 5000000 };

static struct web_limits limits;

static struct asp_network address(const char *text)
{
    struct asp_network network;

    ck_assert(asp_network_read(text, &network));
    return network;
}

static int sign_in(const char *user, const char *from, int64_t now)
{
    const struct asp_network network = address(from != NULL ? from : "::");
    const int place = web_limits_enter(&limits, now);

    ck_assert_int_ge(place, 0);
    web_limits_name(&limits, place, user, from != NULL ? &network : NULL);
    return place;
}

static void be_wrong(const char *user, const char *from, int64_t now)
{
    const int place = sign_in(user, from, now);

    web_limits_answered(&limits, place);
    web_limits_leave(&limits, place, now);
}

/* How long she has to wait, and how long she is held back, were she to try. */
static int64_t wait_of(const char *user, const char *from, int64_t now)
{
    const int place = sign_in(user, from, now);
    const int64_t wait = web_limits_wait(&limits, place, now);

    web_limits_leave(&limits, place, now);
    return wait;
}

static int64_t delay_of(const char *user, const char *from, int64_t now)
{
    const int place = sign_in(user, from, now);
    const int64_t delay = web_limits_delay(&limits, place, now);

    web_limits_leave(&limits, place, now);
    return delay;
}

static int signed_in(const char *user, int64_t now)
{
    const int place = sign_in(user, NULL, now);

    ck_assert_ptr_null(web_limits_admit(&limits, place, user, now));
    return place;
}

/* Wrong tries */

START_TEST(the_third_wrong_try_of_a_user_from_an_address_and_each_after_it_makes_her_wait)
{
    be_wrong("alice", "192.0.2.1", NOW);
    be_wrong("alice", "192.0.2.1", NOW);
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW), 0);
    for (int64_t at = NOW; at < NOW + 4 * WEB_WAIT_MS; at += WEB_WAIT_MS) {
        be_wrong("alice", "192.0.2.1", at);
        ck_assert_int_eq(wait_of("alice", "192.0.2.1", at), 30000);
        ck_assert_int_eq(wait_of("alice", "192.0.2.1", at + 29999), 1);
        ck_assert_int_eq(wait_of("alice", "192.0.2.1", at + 30000), 0);
        ck_assert_int_eq(wait_of("alice", "192.0.2.1", at + 30001), 0);
        ck_assert_int_eq(wait_of("bob", "192.0.2.1", at), 0);
    }
    ck_assert_int_gt(wait_of("alice", "::ffff:192.0.2.1", NOW + 3 * WEB_WAIT_MS), 0);
}
END_TEST

START_TEST(whoever_is_wrong_elsewhere_slows_her_down_by_two_seconds_and_locks_nobody_out)
{
    for (int i = 0; i < 200; i++) {
        char from[32];

        ck_assert_int_eq(delay_of("alice", "192.0.2.1", NOW), i < 3 ? 0 : 2000);
        (void)snprintf(from, sizeof from, "198.51.100.%d", i);
        be_wrong("alice", from, NOW);
    }
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW), 0);
    ck_assert_int_eq(wait_of("alice", NULL, NOW), 0);
    ck_assert_int_eq(delay_of("alice", NULL, NOW), 2000);
    ck_assert_int_eq(delay_of("carol", NULL, NOW), 0);
    ck_assert_int_eq(delay_of("alice", NULL, NOW + WEB_TRIES_MS), 2000);
    ck_assert_int_eq(delay_of("alice", NULL, NOW + WEB_TRIES_MS + 1), 0);
}
END_TEST

START_TEST(thirty_wrong_tries_of_an_address_in_ten_minutes_slow_it_down_and_no_other)
{
    char user[16];

    for (int i = 0; i < WEB_TRIES_ADDRESS; i++) {
        (void)snprintf(user, sizeof user, "user%d", i);
        ck_assert_int_eq(delay_of("alice", "2001:db8:0:1::5", NOW + i), 0);
        be_wrong(user, "2001:db8:0:1::4", NOW + i);
    }
    ck_assert_int_eq(delay_of("alice", "2001:db8:0:1:ffff::", NOW + 30), 2000);
    ck_assert_int_eq(delay_of("alice", "2001:db8:0:2::4", NOW + 30), 0);
    ck_assert_int_eq(delay_of("alice", "2001:db8:0:1::4", NOW + WEB_TRIES_ADDRESS_MS), 2000);
    ck_assert_int_eq(delay_of("alice", "2001:db8:0:1::4", NOW + WEB_TRIES_ADDRESS_MS + 1), 0);
}
END_TEST

/* Lesson: pam_tally2, pam_faillock. */
START_TEST(what_was_not_answered_is_no_wrong_try_and_a_right_one_forgets_those_from_there)
{
    int place;

    for (int i = 0; i < 5; i++) {
        place = sign_in("alice", "192.0.2.1", NOW);
        web_limits_leave(&limits, place, NOW);
    }
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW), 0);
    be_wrong("alice", "192.0.2.1", NOW);
    be_wrong("alice", "192.0.2.1", NOW);
    place = sign_in("alice", "192.0.2.1", NOW);
    web_limits_answered(&limits, place);
    ck_assert_ptr_null(web_limits_admit(&limits, place, "alice", NOW));
    /* Nor is what is answered in a session. */
    web_limits_answered(&limits, place);
    web_limits_leave(&limits, place, NOW);
    be_wrong("alice", "192.0.2.1", NOW);
    be_wrong("alice", "192.0.2.1", NOW);
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW), 0);
    be_wrong("alice", "192.0.2.1", NOW);
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW), 30000);
}
END_TEST

START_TEST(of_whom_it_is_not_known_who_he_is_nothing_is_remembered)
{
    int place;

    for (int i = 0; i < WEB_TRIES; i++) {
        place = web_limits_enter(&limits, NOW);
        web_limits_answered(&limits, place);
        web_limits_leave(&limits, place, NOW);
    }
    place = web_limits_enter(&limits, NOW);
    ck_assert_int_eq(web_limits_delay(&limits, place, NOW), 0);
}
END_TEST

START_TEST(a_name_is_the_same_wherever_it_stands_in_memory)
{
    static const char names[2][8] = {"alice\0x", "alice\0y"};

    for (int i = 0; i < WEB_TRIES; i++)
        be_wrong(names[i % 2], "192.0.2.1", NOW);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(wait_of(names[i], "192.0.2.1", NOW), 30000);
        ck_assert_int_eq(delay_of(names[i], NULL, NOW), 2000);
    }
    for (int i = 0; i < WEB_SIGNED_IN_USER; i++)
        (void)signed_in(names[i % 2], NOW);
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_nonnull(
            web_limits_admit(&limits, sign_in(names[i], NULL, NOW), names[i], NOW));
}
END_TEST

START_TEST(addresses_of_ipv6_that_begin_with_zeros_are_of_one_network_too)
{
    for (int i = 0; i < WEB_TRIES; i++)
        be_wrong("alice", "::5", NOW);
    ck_assert_int_eq(wait_of("alice", "::6", NOW), 30000);
    ck_assert_int_eq(wait_of("alice", "0:0:0:1::5", NOW), 0);
}
END_TEST

START_TEST(whoever_gets_in_while_others_were_wrong_there_does_not_wait)
{
    const int place = sign_in("alice", "192.0.2.1", NOW);

    for (int i = 0; i < WEB_TRIES; i++)
        be_wrong("alice", "192.0.2.1", NOW);
    ck_assert_int_gt(wait_of("alice", "192.0.2.1", NOW), 0);
    ck_assert_ptr_null(web_limits_admit(&limits, place, "alice", NOW));
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW), 0);
}
END_TEST

START_TEST(who_is_not_let_in_for_want_of_room_was_not_wrong)
{
    for (int i = 0; i < WEB_SIGNED_IN_USER; i++)
        (void)signed_in("alice", NOW);
    for (int i = 0; i < WEB_TRIES; i++) {
        const int place = sign_in("alice", "192.0.2.1", NOW);

        web_limits_answered(&limits, place);
        ck_assert_ptr_nonnull(web_limits_admit(&limits, place, "alice", NOW));
        web_limits_leave(&limits, place, NOW);
    }
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW), 0);
}
END_TEST

START_TEST(a_quarter_of_an_hour_from_the_last_wrong_try_all_are_forgotten)
{
    be_wrong("alice", "192.0.2.1", NOW);
    be_wrong("alice", "192.0.2.1", NOW + WEB_TRIES_MS);
    be_wrong("alice", "192.0.2.1", NOW + 2 * WEB_TRIES_MS);
    ck_assert_int_eq(wait_of("alice", "192.0.2.1", NOW + 2 * WEB_TRIES_MS), 30000);
    ck_assert_int_eq(delay_of("alice", NULL, NOW + 2 * WEB_TRIES_MS), 2000);
    be_wrong("bob", "192.0.2.1", NOW);
    be_wrong("bob", "192.0.2.1", NOW);
    be_wrong("bob", "192.0.2.1", NOW + WEB_TRIES_MS + 1);
    ck_assert_int_eq(wait_of("bob", "192.0.2.1", NOW + WEB_TRIES_MS + 1), 0);
    ck_assert_int_eq(delay_of("bob", NULL, NOW + WEB_TRIES_MS + 1), 0);
}
END_TEST

static void many_are_wrong_from(const char *from, int count, int64_t now)
{
    char user[16];

    for (int i = 0; i < count; i++) {
        (void)snprintf(user, sizeof user, "user%d", i);
        be_wrong(user, from, now);
    }
}

START_TEST(those_of_an_address_are_counted_for_ten_minutes_from_the_first)
{
    many_are_wrong_from("192.0.2.1", WEB_TRIES_ADDRESS - 1, NOW);
    be_wrong("bob", "192.0.2.1", NOW + WEB_TRIES_ADDRESS_MS);
    ck_assert_int_eq(delay_of("alice", "192.0.2.1", NOW + WEB_TRIES_ADDRESS_MS), 2000);
    many_are_wrong_from("192.0.2.2", WEB_TRIES_ADDRESS - 2, NOW);
    be_wrong("bob", "192.0.2.2", NOW + WEB_TRIES_ADDRESS_MS);
    be_wrong("bob", "192.0.2.2", NOW + WEB_TRIES_ADDRESS_MS + 1);
    ck_assert_int_eq(delay_of("alice", "192.0.2.2", NOW + WEB_TRIES_ADDRESS_MS + 1), 0);
    /* And the next ten from the one after them. */
    many_are_wrong_from("192.0.2.2", WEB_TRIES_ADDRESS - 1, NOW + WEB_TRIES_ADDRESS_MS + 1);
    ck_assert_int_eq(delay_of("alice", "192.0.2.2", NOW + WEB_TRIES_ADDRESS_MS + 1), 2000);
}
END_TEST

START_TEST(tries_at_a_time_are_no_more_than_one_after_another)
{
    int places[4];

    for (int i = 0; i < 3; i++) {
        places[i] = sign_in("alice", "192.0.2.1", NOW + i);
        ck_assert_int_eq(web_limits_crowded(&limits, places[i], NOW + i), -1);
        web_limits_answered(&limits, places[i]);
    }
    places[3] = sign_in("alice", "192.0.2.1", NOW + 3);
    ck_assert_int_eq(web_limits_crowded(&limits, places[3], NOW + 3), places[0]);
    web_limits_leave(&limits, places[0], NOW + 3);
    ck_assert_int_eq(web_limits_crowded(&limits, places[3], NOW + 3), places[1]);
    web_limits_leave(&limits, places[1], NOW + 3);
    ck_assert_int_eq(web_limits_crowded(&limits, places[3], NOW + 3), places[2]);
    web_limits_leave(&limits, places[2], NOW + 3);
    ck_assert_int_eq(web_limits_crowded(&limits, places[3], NOW + 3), -1);
    ck_assert_int_eq(web_limits_wait(&limits, places[3], NOW + 3), 30000);
    ck_assert_int_eq(web_limits_crowded(&limits, sign_in("alice", NULL, NOW), NOW), -1);
}
END_TEST

START_TEST(after_three_wrong_ones_one_at_a_time_is_the_most)
{
    int first;

    for (int i = 0; i < WEB_TRIES; i++)
        be_wrong("alice", "192.0.2.1", NOW);
    (void)web_limits_enter(&limits, NOW);
    first = sign_in("alice", "192.0.2.1", NOW);
    ck_assert_int_eq(web_limits_crowded(&limits, first, NOW), -1);
    ck_assert_int_eq(web_limits_crowded(&limits, sign_in("alice", "192.0.2.1", NOW), NOW), first);
}
END_TEST

/* As many users as are remembered have been wrong; the last one is at it again. */
static int fill_tries(void)
{
    int place = -1;

    for (int i = 0; i < WEB_TRIED; i++) {
        char user[16];

        (void)snprintf(user, sizeof user, "user%d", i);
        place = sign_in(user, "192.0.2.1", NOW + i);
        for (int try = 0; try < WEB_TRIES; try++)
            be_wrong(user, "192.0.2.1", NOW + i);
        if (i + 1 < WEB_TRIED)
            web_limits_leave(&limits, place, NOW + i);
    }
    return place;
}

START_TEST(what_a_right_one_has_made_free_is_taken_first)
{
    const int place = fill_tries();

    /* Who comes from nowhere is not remembered as from somewhere. */
    be_wrong("dave", NULL, NOW + 2000);
    ck_assert_ptr_null(web_limits_admit(&limits, place, "user1023", NOW + 2000));
    be_wrong("bob", "192.0.2.1", NOW + 2000);
    ck_assert_int_gt(wait_of("user0", "192.0.2.1", NOW + 2000), 0);
    be_wrong("carol", "192.0.2.1", NOW + 2000);
    ck_assert_int_eq(wait_of("user0", "192.0.2.1", NOW + 2000), 0);
    ck_assert_int_gt(wait_of("user1", "192.0.2.1", NOW + 2000), 0);
}
END_TEST

START_TEST(who_was_right_and_is_wrong_again_is_counted_anew)
{
    ck_assert_ptr_null(web_limits_admit(&limits, fill_tries(), "user1023", NOW + 2000));
    for (int i = 0; i < WEB_TRIES; i++) {
        ck_assert_int_eq(wait_of("user1023", "192.0.2.1", NOW + 2000), 0);
        be_wrong("user1023", "192.0.2.1", NOW + 2000);
    }
    ck_assert_int_eq(wait_of("user1023", "192.0.2.1", NOW + 2000), 30000);
}
END_TEST

START_TEST(of_more_than_are_remembered_the_one_who_was_longest_away_is_forgotten)
{
    for (int i = 0; i < WEB_TRIED + 1; i++) {
        char user[16];

        (void)snprintf(user, sizeof user, "user%d", i);
        for (int try = 0; try < 3; try++)
            be_wrong(user, NULL, NOW + i);
    }
    ck_assert_int_eq(delay_of("user0", NULL, NOW + 2000), 0);
    ck_assert_int_eq(delay_of("user1", NULL, NOW + 2000), 2000);
    ck_assert_int_eq(delay_of("user1024", NULL, NOW + 2000), 2000);
}
END_TEST

/* Places */

START_TEST(the_oldest_sign_in_goes_when_sixty_four_are_at_it_and_never_a_session)
{
    const int session = signed_in("alice", NOW - 1000);
    int first = -1;

    for (int i = 0; i < WEB_SIGN_INS; i++) {
        const int place = web_limits_enter(&limits, NOW + i);

        ck_assert_int_ne(place, session);
        first = i == 0 ? place : first;
        ck_assert_int_eq(web_limits_oldest(&limits), i + 1 < WEB_SIGN_INS ? -1 : first);
    }
    web_limits_leave(&limits, first, NOW + 100);
    ck_assert_int_eq(web_limits_oldest(&limits), -1);
    ck_assert_int_eq(web_limits_enter(&limits, NOW + 100), first);
    ck_assert_int_eq(web_limits_oldest(&limits), first + 1);
}
END_TEST

START_TEST(where_all_places_are_taken_nobody_else_gets_one)
{
    for (int i = 0; i < WEB_PLACES; i++)
        ck_assert_int_eq(web_limits_enter(&limits, NOW), i);
    ck_assert_int_eq(web_limits_oldest(&limits), 0);
    ck_assert_int_eq(web_limits_enter(&limits, NOW), -1);
    web_limits_leave(&limits, 100, NOW);
    ck_assert_int_eq(web_limits_enter(&limits, NOW), 100);
    ck_assert_int_eq(web_limits_enter(&limits, NOW), -1);
}
END_TEST

START_TEST(four_sign_ins_from_an_address_are_the_most)
{
    int first = -1;

    for (int i = 0; i < WEB_SIGN_INS_ADDRESS; i++) {
        char user[16];
        char from[32];
        int place;

        (void)snprintf(user, sizeof user, "user%d", i);
        (void)snprintf(from, sizeof from, "2001:db8::%d", i);
        place = sign_in(user, from, NOW + i);
        first = i == 0 ? place : first;
        ck_assert_int_eq(web_limits_crowded(&limits, place, NOW), -1);
    }
    ck_assert_int_eq(web_limits_crowded(&limits, sign_in("x", "2001:db8:0:1::", NOW + 9), NOW + 9),
                     -1);
    ck_assert_int_eq(web_limits_crowded(&limits, sign_in("x", "2001:db8::9", NOW + 9), NOW + 9),
                     first);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(web_limits_crowded(&limits, sign_in("x", NULL, NOW), NOW), -1);
}
END_TEST

START_TEST(a_user_is_signed_in_five_times_at_most_and_256_are_signed_in_in_all)
{
    const char *why;
    int places[5];
    char user[16];

    for (int i = 0; i < 5; i++)
        places[i] = signed_in("alice", NOW);
    why = web_limits_admit(&limits, sign_in("ALICE", NULL, NOW), "alice", NOW);
    ck_assert_ptr_nonnull(why);
    ck_assert_ptr_nonnull(strstr(why, "five times"));
    for (int i = 5; i < WEB_SIGNED_IN; i++) {
        (void)snprintf(user, sizeof user, "user%d", i);
        (void)signed_in(user, NOW);
    }
    why = web_limits_admit(&limits, sign_in("bob", NULL, NOW), "bob", NOW);
    ck_assert_ptr_nonnull(why);
    ck_assert_ptr_nonnull(strstr(why, "too many are signed in"));
    web_limits_leave(&limits, places[0], NOW);
    ck_assert_ptr_null(web_limits_admit(&limits, sign_in("bob", NULL, NOW), "bob", NOW));
}
END_TEST

/* Time */

START_TEST(a_sign_in_has_two_minutes_and_a_session_ten_from_its_last_command_and_an_hour_in_all)
{
    int place = sign_in("alice", NULL, NOW);

    ck_assert_int_eq(web_limits_end(&limits, place), NOW + 120000);
    place = signed_in("bob", NOW);
    ck_assert_int_eq(web_limits_end(&limits, place), NOW + 600000);
    web_limits_use(&limits, place, NOW + 500000);
    ck_assert_int_eq(web_limits_end(&limits, place), NOW + 1100000);
    web_limits_use(&limits, place, NOW + 3500000);
    ck_assert_int_eq(web_limits_end(&limits, place), NOW + 3600000);
}
END_TEST

START_TEST(sixty_changes_in_a_minute_are_the_most_of_a_session)
{
    const int place = signed_in("alice", NOW);
    const int other = signed_in("alice", NOW);

    for (int i = 0; i < WEB_CHANGES; i++) {
        ck_assert(web_limits_may_change(&limits, place, NOW + i));
        web_limits_change(&limits, place, NOW + i);
    }
    ck_assert(!web_limits_may_change(&limits, place, NOW + 59999));
    ck_assert(web_limits_may_change(&limits, other, NOW + 59999));
    ck_assert(web_limits_may_change(&limits, place, NOW + 60000));
    web_limits_change(&limits, place, NOW + 60000);
    ck_assert(web_limits_may_change(&limits, place, NOW + 60001));
}
END_TEST

START_TEST(there_are_sixty_in_each_minute_from_its_first_change_on)
{
    const int place = signed_in("alice", 10);

    for (int minute = 0; minute < 3; minute++) {
        const int64_t begin = 100 + minute * 60000;

        for (int i = 0; i < WEB_CHANGES; i++) {
            const int64_t at = i == 0 ? begin : begin + 59999;

            ck_assert(web_limits_may_change(&limits, place, at));
            web_limits_change(&limits, place, at);
        }
        ck_assert(!web_limits_may_change(&limits, place, begin + 59999));
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_third_wrong_try_of_a_user_from_an_address_and_each_after_it_makes_her_wait);
    unit_add(suite, whoever_is_wrong_elsewhere_slows_her_down_by_two_seconds_and_locks_nobody_out);
    unit_add(suite, thirty_wrong_tries_of_an_address_in_ten_minutes_slow_it_down_and_no_other);
    unit_add(suite, what_was_not_answered_is_no_wrong_try_and_a_right_one_forgets_those_from_there);
    unit_add(suite, of_whom_it_is_not_known_who_he_is_nothing_is_remembered);
    unit_add(suite, a_name_is_the_same_wherever_it_stands_in_memory);
    unit_add(suite, addresses_of_ipv6_that_begin_with_zeros_are_of_one_network_too);
    unit_add(suite, whoever_gets_in_while_others_were_wrong_there_does_not_wait);
    unit_add(suite, who_is_not_let_in_for_want_of_room_was_not_wrong);
    unit_add(suite, a_quarter_of_an_hour_from_the_last_wrong_try_all_are_forgotten);
    unit_add(suite, those_of_an_address_are_counted_for_ten_minutes_from_the_first);
    unit_add(suite, tries_at_a_time_are_no_more_than_one_after_another);
    unit_add(suite, after_three_wrong_ones_one_at_a_time_is_the_most);
    unit_add(suite, what_a_right_one_has_made_free_is_taken_first);
    unit_add(suite, who_was_right_and_is_wrong_again_is_counted_anew);
    unit_add(suite, of_more_than_are_remembered_the_one_who_was_longest_away_is_forgotten);
    unit_add(suite, the_oldest_sign_in_goes_when_sixty_four_are_at_it_and_never_a_session);
    unit_add(suite, where_all_places_are_taken_nobody_else_gets_one);
    unit_add(suite, four_sign_ins_from_an_address_are_the_most);
    unit_add(suite, a_user_is_signed_in_five_times_at_most_and_256_are_signed_in_in_all);
    unit_add(suite,
             a_sign_in_has_two_minutes_and_a_session_ten_from_its_last_command_and_an_hour_in_all);
    unit_add(suite, sixty_changes_in_a_minute_are_the_most_of_a_session);
    unit_add(suite, there_are_sixty_in_each_minute_from_its_first_change_on);
}

int main(void)
{
    return unit_run("web_limits", fill);
}
