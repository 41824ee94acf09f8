/* Who a user is: what the system's name service says, with and without the room that it needs. */
#include "unit.h"

#include "pam_asp/name_service.h"

#include <errno.h>
#include <pwd.h>

enum { LEAST = 4096, MOST = 1024 * 1024 };

/* What it says: that, where it has the room. */
static struct {
    const char *known; /* NULL: nobody */
    int result;
    int number; /* errno after nobody was found */
    size_t room;
} says;

static unsigned questions;
static size_t room_given[8];
static char name[16 + 1]; /* with a byte that is none of its */

/* In the place of the system's. */
int getpwnam_r(const char *typed, struct passwd *entry, char *room, size_t size,
               struct passwd **result)
{
    ck_assert_str_eq(typed, "ALICE");
    ck_assert_uint_lt(questions, UNIT_COUNT(room_given));
    ck_assert_int_eq(errno, 0);
    room_given[questions++] = size;
    memset(room, 'x', size);
    *result = NULL;
    errno = says.number;
    if (size < says.room)
        return ERANGE;
    if (says.known != NULL) {
        strcpy(room, says.known);
        *entry = (struct passwd){.pw_name = room};
        *result = entry;
    }
    return says.result;
}

static enum asp_answer ask(void)
{
    enum asp_answer answer;

    questions = 0;
    errno = ENOMEM; /* as something has left it */
    strcpy(name, "nobody");
    name[sizeof name - 1] = '!';
    answer = name_service.ask(name_service.context, "ALICE", name, sizeof name - 1);
    ck_assert_int_eq(name[sizeof name - 1], '!');
    return answer;
}

START_TEST(who_is_known_is_named_and_who_is_not_is_nobody)
{
    says.known = "alice";
    ck_assert_int_eq(ask(), ASP_USER_KNOWN);
    ck_assert_str_eq(name, "alice");
    says.number = ENOENT;
    ck_assert_int_eq(ask(), ASP_USER_KNOWN);
    says.number = EMFILE;
    ck_assert_int_eq(ask(), ASP_USER_KNOWN);
    says.number = 0;
    says.known = NULL;
    ck_assert_int_eq(ask(), ASP_USER_NOT_KNOWN);
    ck_assert_str_eq(name, "");
    says.number = ENOENT;
    ck_assert_int_eq(ask(), ASP_USER_NOT_KNOWN);
    ck_assert_uint_eq(questions, 1);
    ck_assert_uint_eq(room_given[0], LEAST);
}
END_TEST

START_TEST(nobody_for_want_of_room_is_no_answer)
{
    static const int numbers[] = {EMFILE, ENFILE, ENOMEM};

    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        says.number = numbers[i];
        ck_assert_int_eq(ask(), ASP_USER_NOT_TOLD);
        ck_assert_uint_eq(questions, 1);
    }
}
END_TEST

START_TEST(what_fails_is_no_answer)
{
    static const int results[] = {EIO, ENOENT, EINTR, EMFILE};

    for (size_t i = 0; i < UNIT_COUNT(results); i++) {
        says.result = results[i];
        says.known = i % 2 == 0 ? NULL : "alice";
        ck_assert_int_eq(ask(), ASP_USER_NOT_TOLD);
        ck_assert_str_eq(name, "");
        ck_assert_uint_eq(questions, 1);
    }
}
END_TEST

START_TEST(it_gets_more_room_up_to_a_bound)
{
    says.known = "alice";
    says.room = MOST;
    says.number = _i == 0 ? 0 : ENOMEM; /* as something on the way has left it */
    ck_assert_int_eq(ask(), ASP_USER_KNOWN);
    ck_assert_str_eq(name, "alice");
    ck_assert_uint_eq(questions, 5);
    ck_assert_uint_eq(room_given[4], MOST);
    says.room = MOST + 1;
    ck_assert_int_eq(ask(), ASP_USER_NOT_TOLD);
    ck_assert_uint_eq(questions, 5);
}
END_TEST

START_TEST(without_memory_nothing_is_told)
{
    const struct unit_plan plan = {.call = "malloc", .first = 1, .number = ENOMEM, .returns = true};
    enum asp_answer answer;

    says.known = "alice";
    questions = 0;
    unit_calls_begin(&plan);
    answer = name_service.ask(name_service.context, "ALICE", name, sizeof name - 1);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(answer, ASP_USER_NOT_TOLD);
    ck_assert_str_eq(name, "");
    ck_assert_uint_eq(questions, 0);
}
END_TEST

/* What is no name that an account can have is nobody's in particular. */
START_TEST(a_name_that_has_no_room_is_known_and_is_none)
{
    static const int numbers[] = {0, EMFILE};
    char longest[sizeof name];

    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        says.number = numbers[i];
        memset(longest, 'a', sizeof longest);
        longest[sizeof name - 1] = '\0';
        says.known = longest;
        ck_assert_int_eq(ask(), ASP_USER_KNOWN);
        ck_assert_str_eq(name, "");
        longest[sizeof name - 2] = '\0';
        ck_assert_int_eq(ask(), ASP_USER_KNOWN);
        ck_assert_str_eq(name, longest);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_is_known_is_named_and_who_is_not_is_nobody);
    unit_add(suite, nobody_for_want_of_room_is_no_answer);
    unit_add(suite, what_fails_is_no_answer);
    unit_loop(suite, it_gets_more_room_up_to_a_bound, 2);
    unit_add(suite, without_memory_nothing_is_told);
    unit_add(suite, a_name_that_has_no_room_is_known_and_is_none);
}

int main(void)
{
    return unit_run("name_service", fill);
}
