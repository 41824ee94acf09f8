/* The sessions of the account page: which one a cookie is of, which one has to go, what is left. */
#include "unit.h"

#include "asp-web/sessions.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOW = 1000000 };

static const struct origin unknown = {.kind = FROM_UNKNOWN};
static const struct origin stranger = {.kind = FROM_STRANGER};

static struct sessions sessions;

static struct origin from(const char *address)
{
    struct origin origin = {.kind = FROM_ADDRESS};

    (void)snprintf(origin.address, sizeof origin.address, "%s", address);
    return origin;
}

static void open_sessions(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert(sessions_open(&sessions));
}

static struct session *add(const struct origin *origin, enum conversation_state state)
{
    struct session *session = sessions_add(&sessions, origin);

    ck_assert_ptr_nonnull(session);
    session->conversation.fd = -1;
    session->conversation.state = state;
    return session;
}

static void fill_up(enum conversation_state state)
{
    while (sessions.list[SESSIONS_MAX - 1].conversation.state == CONVERSATION_CLOSED)
        (void)add(&unknown, state);
}

/* A list with one more place behind it, which is none of these sessions. */
static struct session *open_beside(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    sessions.list = calloc(SESSIONS_MAX + 1, sizeof *sessions.list);
    ck_assert_ptr_nonnull(sessions.list);
    return &sessions.list[SESSIONS_MAX];
}

/* Cookies */

START_TEST(a_session_is_known_by_its_cookie_alone)
{
    static struct cookie cookies[SESSIONS_MAX];
    struct cookie other;

    open_sessions();
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        session_name(add(&unknown, CONVERSATION_READY), &cookies[i]);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        ck_assert_ptr_eq(sessions_find(&sessions, &cookies[i]), &sessions.list[i]);
    cookie_make(&other);
    ck_assert_ptr_null(sessions_find(&sessions, &other));
    session_end(&sessions.list[5]);
    ck_assert_ptr_null(sessions_find(&sessions, &cookies[5]));
    sessions_close(&sessions);
}
END_TEST

START_TEST(with_a_new_cookie_the_old_one_is_of_nobody)
{
    struct cookie old;
    struct cookie new;
    struct session *session;

    open_sessions();
    session = add(&unknown, CONVERSATION_READY);
    session_name(session, &old);
    session_name(session, &new);
    ck_assert_ptr_null(sessions_find(&sessions, &old));
    ck_assert_ptr_eq(sessions_find(&sessions, &new), session);
    sessions_close(&sessions);
}
END_TEST

START_TEST(the_cookie_of_who_has_no_session_is_of_none)
{
    struct cookie_jar jar;
    struct cookie cookie;
    struct session *session;

    open_sessions();
    session = add(&unknown, CONVERSATION_READY);
    cookie_jar_open(&jar);
    cookie_make_fresh(&jar, NOW, &cookie);
    cookie_digest(&cookie, session->digest);
    ck_assert_ptr_null(sessions_find(&sessions, &cookie));
    sessions_close(&sessions);
}
END_TEST

START_TEST(what_has_ended_is_found_by_nothing)
{
    struct cookie cookie;
    struct session *session;

    open_sessions();
    session = add(&unknown, CONVERSATION_READY);
    session_name(session, &cookie);
    session->taken = false;
    ck_assert_ptr_null(sessions_find(&sessions, &cookie));
    sessions_close(&sessions);
}
END_TEST

/* Places */

START_TEST(each_session_is_one_of_its_own)
{
    const struct origin here = from("192.0.2.1");
    struct session *first;
    struct session *second;

    open_sessions();
    first = sessions_add(&sessions, &here);
    second = sessions_add(&sessions, &unknown);
    ck_assert(first != NULL && second != NULL && first != second);
    ck_assert_str_eq(first->from.address, "192.0.2.1");
    ck_assert_uint_ne(first->number, second->number);
    ck_assert_uint_ne(first->number, 0);
    /* Also one in the place of another. */
    session_end(first);
    first = sessions_add(&sessions, &unknown);
    ck_assert_uint_gt(first->number, second->number);
    sessions_close(&sessions);
}
END_TEST

START_TEST(there_is_no_session_more_than_there_are_places)
{
    open_sessions();
    fill_up(CONVERSATION_READY);
    ck_assert_ptr_null(sessions_add(&sessions, &unknown));
    session_end(&sessions.list[17]);
    ck_assert_ptr_eq(sessions_add(&sessions, &unknown), &sessions.list[17]);
    ck_assert_ptr_null(sessions_add(&sessions, &unknown));
    sessions_close(&sessions);
}
END_TEST

START_TEST(without_memory_there_are_none)
{
    bool opened;

    unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = 1});
    opened = sessions_open(&sessions);
    (void)unit_calls_end();
    ck_assert(!opened);
    sessions_close(&sessions);
    open_sessions();
    sessions_close(&sessions);
    ck_assert_ptr_null(sessions.list);
    sessions_close(&sessions);
}
END_TEST

START_TEST(what_is_known_of_them_is_never_swapped_out)
{
    const unsigned long before = unit_locked_kib();

    if (!unit_is_root() || unit_is_watched())
        return;
    open_sessions();
    ck_assert_uint_ge(unit_locked_kib() - before, SESSIONS_MAX * sizeof *sessions.list / 1024);
    sessions_close(&sessions);
    ck_assert_uint_eq(unit_locked_kib(), before);
}
END_TEST

/* Who has to go */

START_TEST(of_eight_sign_ins_from_one_address_the_oldest_has_to_go)
{
    const struct origin here = from("192.0.2.1");
    const struct origin elsewhere = from("192.0.2.2");
    struct session *near[SESSIONS_NEAR];

    open_sessions();
    for (size_t i = 0; i < SESSIONS_NEAR; i++) {
        ck_assert_ptr_null(sessions_first_to_go(&sessions, &here));
        (void)add(&elsewhere, CONVERSATION_READY);
        near[i] = add(&here, CONVERSATION_ASKING);
    }
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &here), near[0]);
    ck_assert_ptr_null(sessions_first_to_go(&sessions, &elsewhere));
    ck_assert_ptr_null(sessions_first_to_go(&sessions, &unknown));
    /* One of hers that is in its place is younger than all. */
    session_end(near[0]);
    ck_assert_ptr_null(sessions_first_to_go(&sessions, &here));
    ck_assert_ptr_eq(add(&here, CONVERSATION_ASKING), near[0]);
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &here), near[1]);
    /* Who is signed in does not count. */
    near[1]->conversation.state = CONVERSATION_READY;
    ck_assert_ptr_null(sessions_first_to_go(&sessions, &here));
    sessions_close(&sessions);
}
END_TEST

START_TEST(strangers_are_one_and_who_is_not_known_is_not_counted)
{
    open_sessions();
    for (size_t i = 0; i < SESSIONS_NEAR; i++) {
        (void)add(&stranger, CONVERSATION_ASKING);
        (void)add(&unknown, CONVERSATION_ASKING);
    }
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &stranger), &sessions.list[0]);
    ck_assert_ptr_null(sessions_first_to_go(&sessions, &unknown));
    sessions_close(&sessions);
}
END_TEST

START_TEST(where_there_is_no_room_what_is_over_has_to_go_and_then_a_sign_in)
{
    open_sessions();
    fill_up(CONVERSATION_READY);
    ck_assert_ptr_null(sessions_first_to_go(&sessions, &unknown));
    sessions.list[9].conversation.state = CONVERSATION_ASKING;
    sessions.list[3].conversation.state = CONVERSATION_ASKING;
    sessions.list[3].number = sessions.list[9].number + 1000;
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &unknown), &sessions.list[9]);
    sessions.list[20].conversation.state = CONVERSATION_OVER;
    sessions.list[30].conversation.state = CONVERSATION_OVER;
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &unknown), &sessions.list[20]);
    sessions.list[20].number = sessions.list[30].number + 1000;
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &unknown), &sessions.list[30]);
    session_end(&sessions.list[40]);
    ck_assert_ptr_null(sessions_first_to_go(&sessions, &unknown));
    sessions_close(&sessions);
}
END_TEST

START_TEST(of_those_from_near_there_one_has_to_go_also_where_there_is_no_room)
{
    const struct origin here = from("192.0.2.1");

    open_sessions();
    (void)add(&unknown, CONVERSATION_ASKING);
    (void)add(&unknown, CONVERSATION_OVER);
    for (size_t i = 0; i < SESSIONS_NEAR; i++)
        (void)add(&here, CONVERSATION_ASKING);
    fill_up(CONVERSATION_READY);
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &here), &sessions.list[2]);
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &unknown), &sessions.list[1]);
    sessions_close(&sessions);
}
END_TEST

START_TEST(nothing_is_looked_at_behind_the_last_one)
{
    struct session *behind = open_beside();
    const struct origin here = from("192.0.2.1");
    struct once_token token;
    struct cookie cookie;

    fill_up(CONVERSATION_READY);
    for (size_t i = 0; i < SESSIONS_NEAR - 1; i++) {
        sessions.list[i].from = here;
        sessions.list[i].conversation.state = CONVERSATION_ASKING;
    }
    behind->taken = true;
    behind->from = here;
    behind->conversation.fd = -1;
    behind->conversation.state = CONVERSATION_ASKING;
    session_name(behind, &cookie);
    once_open(&behind->once, NOW, &token);
    behind->once.profile = sodium_malloc(1);
    ck_assert_ptr_null(sessions_find(&sessions, &cookie));
    ck_assert_ptr_null(sessions_find_once(&sessions, NOW, &token));
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &here), &sessions.list[0]);
    behind->conversation.state = CONVERSATION_OVER;
    ck_assert_ptr_eq(sessions_first_to_go(&sessions, &unknown), &sessions.list[0]);
    ck_assert_ptr_null(sessions_add(&sessions, &unknown));
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        session_end(&sessions.list[i]);
    sodium_free(behind->once.profile);
    free(sessions.list);
}
END_TEST

START_TEST(nothing_is_ended_behind_the_last_one)
{
    struct session *behind = open_beside();
    uint8_t *profile = sodium_malloc(1);

    ck_assert_ptr_nonnull(profile);
    *profile = 7;
    *behind = (struct session){.taken = true, .conversation = {.fd = -1}};
    behind->once.profile = profile;
    sessions_close(&sessions);
    ck_assert_int_eq(*profile, 7);
    sodium_free(profile);
}
END_TEST

/* What they may do, and their end */

START_TEST(sixty_changes_in_a_minute_are_the_most)
{
    struct session *session;

    open_sessions();
    session = add(&unknown, CONVERSATION_READY);
    for (int i = 0; i < SESSION_CHANGES; i++)
        ck_assert(session_may_change(session, NOW + i));
    ck_assert(!session_may_change(session, NOW + 59999));
    ck_assert(session_may_change(session, NOW + 60000));
    for (int i = 1; i < SESSION_CHANGES; i++)
        ck_assert(session_may_change(session, NOW + 119999));
    ck_assert(!session_may_change(session, NOW + 119999));
    sessions_close(&sessions);
}
END_TEST

/* However long after the machine began that is. */
START_TEST(the_minute_begins_with_the_first_change)
{
    struct session *session;

    open_sessions();
    session = add(&unknown, CONVERSATION_READY);
    ck_assert(session_may_change(session, 100));
    for (int i = 1; i < SESSION_CHANGES; i++)
        ck_assert(session_may_change(session, 60099));
    ck_assert(!session_may_change(session, 60099));
    ck_assert(session_may_change(session, 60100));
    sessions_close(&sessions);
}
END_TEST

START_TEST(of_one_that_ends_nothing_is_left)
{
    static const struct session nothing;
    struct session *session;
    size_t descriptors;
    unsigned long locked;
    int ends[2];

    open_sessions();
    descriptors = unit_names("/proc/self/fd");
    locked = unit_locked_kib();
    ck_assert_int_eq(pipe(ends), 0);
    session = add(&unknown, CONVERSATION_READY);
    session->conversation.fd = ends[0];
    session->once.profile = sodium_malloc(1);
    ck_assert_ptr_nonnull(session->once.profile);
    session_end(session);
    ck_assert_mem_eq(session, &nothing, sizeof nothing);
    ck_assert_uint_eq(unit_locked_kib(), locked);
    (void)close(ends[1]);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), descriptors);
    /* One that is none is let alone. */
    session->number = 7;
    session_end(session);
    ck_assert_uint_eq(session->number, 7);
    sessions_close(&sessions);
}
END_TEST

START_TEST(with_the_list_each_of_them_ends)
{
    const size_t descriptors = unit_names("/proc/self/fd");
    int ends[2];

    open_sessions();
    ck_assert_int_eq(pipe(ends), 0);
    fill_up(CONVERSATION_READY);
    sessions.list[0].conversation.fd = ends[0];
    sessions.list[SESSIONS_MAX - 1].conversation.fd = ends[1];
    sessions_close(&sessions);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), descriptors);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_session_is_known_by_its_cookie_alone);
    unit_add(suite, with_a_new_cookie_the_old_one_is_of_nobody);
    unit_add(suite, the_cookie_of_who_has_no_session_is_of_none);
    unit_add(suite, what_has_ended_is_found_by_nothing);
    unit_add(suite, each_session_is_one_of_its_own);
    unit_add(suite, there_is_no_session_more_than_there_are_places);
    unit_add(suite, without_memory_there_are_none);
    unit_add(suite, what_is_known_of_them_is_never_swapped_out);
    unit_add(suite, of_eight_sign_ins_from_one_address_the_oldest_has_to_go);
    unit_add(suite, strangers_are_one_and_who_is_not_known_is_not_counted);
    unit_add(suite, where_there_is_no_room_what_is_over_has_to_go_and_then_a_sign_in);
    unit_add(suite, of_those_from_near_there_one_has_to_go_also_where_there_is_no_room);
    unit_add(suite, nothing_is_looked_at_behind_the_last_one);
    unit_add(suite, nothing_is_ended_behind_the_last_one);
    unit_add(suite, sixty_changes_in_a_minute_are_the_most);
    unit_add(suite, the_minute_begins_with_the_first_change);
    unit_add(suite, of_one_that_ends_nothing_is_left);
    unit_add(suite, with_the_list_each_of_them_ends);
}

int main(void)
{
    return unit_run("web_sessions", fill);
}
