/* What is due for a user, and who has the right to run it. */
#include "store_fixture.h"

#include "asp/store_due.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct asp_turn turn;
static struct asp_turn second;

static enum asp_status take(const char *user, struct asp_turn *one)
{
    store_error = (struct asp_error){0};
    return asp_turn_take(&store, user, one, &store_error);
}

static const char *in_store(const char *name)
{
    return unit_path(store.path, name);
}

/* The right to run */

START_TEST(one_has_the_turn_of_a_user_until_it_is_given)
{
    turn = ASP_TURN_FREE;
    unit_store(&store);
    ck_assert(!asp_turn_is_held(&turn));
    for (size_t i = 0; i < ODD_NAMES; i++) {
        ck_assert_int_eq(take(odd_names[i], &turn), ASP_OK);
        ck_assert(asp_turn_is_held(&turn));
        ck_assert_int_eq(take(odd_names[i], &second), ASP_BUSY);
        store_says("another");
        ck_assert(!asp_turn_is_held(&second));
        asp_turn_give(&second);
        ck_assert_int_eq(take(odd_names[i], &second), ASP_BUSY);
        /* Another user's is another. */
        ck_assert_int_eq(take("watch", &second), ASP_OK);
        asp_turn_give(&second);
        asp_turn_give(&turn);
        ck_assert(!asp_turn_is_held(&turn));
        asp_turn_give(&turn);
        ck_assert_int_eq(take(odd_names[i], &second), ASP_OK);
        asp_turn_give(&second);
    }
    ck_assert_int_eq(take("", &turn), ASP_INVALID);
    ck_assert(!asp_turn_is_held(&turn));
    asp_store_close(&store);
}
END_TEST

START_TEST(an_account_is_written_and_removed_whoever_has_the_turn)
{
    unit_store(&store);
    ck_assert_int_eq(take("alice", &turn), ASP_OK);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_uint_eq(entries_of("alice"), 1);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
    ck_assert_int_eq(take("alice", &second), ASP_BUSY);
    asp_turn_give(&turn);
    ck_assert_int_eq(take("alice", &turn), ASP_OK);
    asp_turn_give(&turn);
    asp_store_close(&store);
}
END_TEST

START_TEST(the_turn_of_a_process_that_was_killed_is_free_and_nothing_is_left_of_it)
{
    int status;
    pid_t child;

    unit_store(&store);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (asp_turn_take(&store, "alice", &turn, NULL) == ASP_OK)
            (void)raise(SIGKILL);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(take("alice", &turn), ASP_OK);
    asp_turn_give(&turn);
    ck_assert_uint_eq(unit_names(in_store("locks")), 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_turn_that_nobody_else_would_find_is_taken_anew)
{
    size_t descriptors;

    unit_store(&store);
    descriptors = unit_names("/proc/self/fd");
    ck_assert_int_eq(take("alice", &turn), ASP_OK);
    ck_assert_int_eq(unlink(in_store("locks/.alice.hook")), 0);
    ck_assert_int_eq(take("alice", &second), ASP_OK);
    asp_turn_give(&second);
    asp_turn_give(&turn);
    ck_assert_int_eq(mkdir(in_store("locks/.alice.hook"), 0700), 0);
    ck_assert_int_eq(take("alice", &turn), ASP_UNSAFE);
    asp_turn_give(&turn);
    ck_assert_int_eq(rmdir(in_store("locks/.alice.hook")), 0);
    ck_assert_int_eq(rmdir(in_store("locks")), 0);
    ck_assert_int_eq(take("alice", &turn), ASP_IO);
    asp_turn_give(&turn);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), descriptors);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, one_has_the_turn_of_a_user_until_it_is_given);
    unit_add_on_engines(suite, an_account_is_written_and_removed_whoever_has_the_turn);
    unit_add(suite, the_turn_of_a_process_that_was_killed_is_free_and_nothing_is_left_of_it);
    unit_add(suite, a_turn_that_nobody_else_would_find_is_taken_anew);
}

int main(void)
{
    return unit_run("store-due", fill);
}
