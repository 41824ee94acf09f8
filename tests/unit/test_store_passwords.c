/* Whose primary password was set, as the store tells it of users whom this machine has no line of.
 */
#include "store_fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t mark_of(const char *user)
{
    uint64_t mark = 99;

    store_error = (struct asp_error){0};
    unit_need(asp_store_password_mark(&store, user, &mark, &store_error) == ASP_OK, "%s",
              store_error.text);
    return mark;
}

static void note(const char *user)
{
    unit_need(asp_store_note_password(&store, user, &store_error) == ASP_OK, "%s",
              store_error.text);
}

START_TEST(each_time_it_is_another_number_and_nobody_elses)
{
    uint64_t first;

    unit_store(&store);
    ck_assert_uint_eq(mark_of("alice"), 0);
    note("alice");
    first = mark_of("alice");
    ck_assert_uint_ne(first, 0);
    ck_assert_uint_eq(mark_of("alice"), first);
    ck_assert_uint_eq(mark_of("bob"), 0);
    note("bob");
    ck_assert_uint_eq(mark_of("alice"), first);
    note("alice");
    ck_assert_uint_ne(mark_of("alice"), first);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_name_that_no_account_can_have_has_none)
{
    unit_store(&store);
    ck_assert_int_eq(asp_store_note_password(&store, "a/b", &store_error), ASP_INVALID);
    ck_assert_uint_eq(mark_of("a/b"), 0);
    asp_store_close(&store);
}
END_TEST

/* A process of the broker's and one of the password stack's. */
START_TEST(who_opens_the_store_elsewhere_sees_it)
{
    struct asp_store other = store;
    bool made;

    unit_store(&store);
    ck_assert_int_eq(asp_store_make(&other, UNIT_CONF_OF(store.path), NULL, &made, &store_error),
                     ASP_OK);
    ck_assert_int_eq(asp_store_note_password(&other, "alice", &store_error), ASP_OK);
    ck_assert_uint_ne(mark_of("alice"), 0);
    asp_store_close(&other);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_folder_of_locks_that_is_missing_is_made_again)
{
    unit_store(&store);
    note("alice");
    ck_assert_int_eq(unlink(unit_path(store.path, "locks/.passwords")), 0);
    ck_assert_int_eq(rmdir(unit_path(store.path, "locks")), 0);
    ck_assert_uint_eq(mark_of("alice"), 0);
    note("alice");
    ck_assert_uint_ne(mark_of("alice"), 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_no_file_of_ours_tells_nothing_and_is_not_written)
{
    char aside[UNIT_PATH];
    uint64_t mark;
    struct stat st;

    unit_store(&store);
    (void)snprintf(aside, sizeof aside, "%.400s/aside", store.path);
    ck_assert_int_eq(symlink(aside, unit_path(store.path, "locks/.passwords")), 0);
    ck_assert_int_ne(asp_store_note_password(&store, "alice", &store_error), ASP_OK);
    store_says("locks/.passwords");
    ck_assert_int_ne(lstat(aside, &st), 0);
    ck_assert_int_ne(asp_store_password_mark(&store, "alice", &mark, &store_error), ASP_OK);
    store_says("locks/.passwords");
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, each_time_it_is_another_number_and_nobody_elses);
    unit_add_on_engines(suite, a_name_that_no_account_can_have_has_none);
    unit_add(suite, who_opens_the_store_elsewhere_sees_it);
    unit_add(suite, a_folder_of_locks_that_is_missing_is_made_again);
    unit_add(suite, what_is_no_file_of_ours_tells_nothing_and_is_not_written);
}

int main(void)
{
    return unit_run("store-passwords", fill);
}
