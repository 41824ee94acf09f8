/* What is due for a user, and who has the right to run it. */
#include "store_fixture.h"

#include "asp/engine.h"
#include "asp/store_due.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

/* What is due */

/* An asp_change: adds two of each kind and revokes them, those of an odd index for another reason;
 * keeps as many as `context` says. */
static enum asp_status add_revoked(struct asp_account *account, void *context,
                                   struct asp_error *why)
{
    static const char *const ids[] = {"00", "01", "02", "03"};
    const size_t *keep = context;
    struct asp_entry entry;

    (void)why;
    for (size_t i = 0; i < UNIT_COUNT(ids); i++) {
        (void)unit_entry(&entry, account->user, ids[i], ids[i]);
        (void)asp_entry_revoke(&entry, (time_t)(2000 + i), "ann", i % 2 == 0 ? "lost" : "admin",
                               true);
        if (asp_account_add(account, &entry) != ASP_OK)
            return ASP_NO_MEMORY;
    }
    asp_account_prune(account, *keep);
    return ASP_OK;
}

static void leave_due(const char *user, size_t keep)
{
    unit_need(update(user, true, add_revoked, &keep) == ASP_OK, "%s", store_error.text);
}

static enum asp_status drop(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)account;
    (void)context;
    (void)why;
    return ASP_DROP;
}

/* The ids that are due, in their order; the caller frees `due`. */
static const char *read_due(const char *user, struct asp_due *due)
{
    static char ids[64];

    unit_need(asp_due_read(&store, user, due, &store_error) == ASP_OK, "%s", store_error.text);
    ids[0] = '\0';
    for (size_t i = 0; i < due->count; i++)
        (void)strcat(strcat(ids, i == 0 ? "" : " "), due->entries[i].id);
    return ids;
}

static int by_id(const void *one, const void *other)
{
    return strcmp(((const struct asp_entry *)one)->id, ((const struct asp_entry *)other)->id);
}

/* The ids that are due, in their own order: what lies beside an account comes in none. */
static void due_is(const char *user, const char *expected)
{
    struct asp_due due;
    char ids[64] = "";

    (void)read_due(user, &due);
    qsort(due.entries, due.count, sizeof *due.entries, by_id);
    for (size_t i = 0; i < due.count; i++)
        (void)strcat(strcat(ids, i == 0 ? "" : " "), due.entries[i].id);
    ck_assert_str_eq(ids, expected);
    asp_due_free(&due);
    ck_assert_int_eq(asp_due_is_any(&store, user), expected[0] != '\0');
}

/* As if the hook had been run for the first `ran`. */
static void clear(const char *user, size_t ran)
{
    struct asp_due due;

    (void)read_due(user, &due);
    ck_assert_int_eq(asp_due_clear(&store, user, &due, ran, 100, &store_error), ASP_OK);
    asp_due_free(&due);
}

static const char *due_users(void)
{
    enum asp_status status = ASP_OK;

    seen[0] = '\0';
    ck_assert_int_eq(asp_due_each(&store, note_user, &status, &store_error), ASP_OK);
    return seen;
}

START_TEST(what_is_due_comes_reason_after_reason_and_is_cleared_for_what_was_run)
{
    struct asp_due due;

    unit_store(&store);
    due_is("alice", "");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    due_is("alice", "");
    leave_due("alice", 100);
    ck_assert_str_eq(read_due("alice", &due), "00 02 01 03");
    asp_due_free(&due);
    ck_assert_str_eq(due_users(), "");
    clear("alice", 0);
    due_is("alice", "00 01 02 03");
    clear("alice", 3);
    due_is("alice", "03");
    clear("alice", 1);
    due_is("alice", "");
    ck_assert_uint_eq(entries_of("alice"), 5);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_history_has_no_room_for_stays_due_beside_the_account)
{
    unit_store(&store);
    leave_due("alice", 1);
    leave_due("bob", 0);
    ck_assert_uint_eq(entries_of("alice"), 1);
    ck_assert_uint_eq(entries_of("bob"), 0);
    due_is("alice", "00 01 02 03");
    due_is("bob", "00 01 02 03");
    ck_assert(strcmp(due_users(), "alice bob ") == 0 || strcmp(due_users(), "bob alice ") == 0);
    /* It goes as a whole. */
    clear("alice", 3);
    due_is("alice", "00 01 02 03");
    clear("alice", 4);
    due_is("alice", "");
    clear("bob", 4);
    due_is("bob", "");
    ck_assert_str_eq(due_users(), "");
    asp_store_close(&store);
}
END_TEST

/* Which are taken by what lies beside the account. */
static void taken_is(const char *user, const char *expected)
{
    bool taken[ASP_IDS] = {false};
    char ids[64] = "";

    unit_need(asp_due_ids(&store, user, taken, &store_error) == ASP_OK, "%s", store_error.text);
    for (size_t i = 0; i < ASP_IDS; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        if (taken[i])
            (void)strcat(strcat(ids, ids[0] == '\0' ? "" : " "), id);
    }
    ck_assert_str_eq(ids, expected);
}

START_TEST(the_ids_of_what_is_due_beside_the_account_are_taken_until_that_was_run)
{
    bool taken[ASP_IDS];

    unit_store(&store);
    taken_is("alice", "");
    leave_due("alice", 1);
    leave_due("bob", 100);
    taken_is("alice", "00 01 02");
    taken_is("bob", "");
    ck_assert_int_eq(update("alice", false, drop, NULL), ASP_OK);
    taken_is("alice", "00 01 02 03");
    clear("alice", 3);
    taken_is("alice", "00 01 02 03");
    clear("alice", 4);
    taken_is("alice", "");
    ck_assert_int_eq(asp_due_ids(&store, "", taken, &store_error), ASP_INVALID);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_text_that_is_not_whole_takes_no_ids_and_one_that_cannot_be_read_is_told)
{
    bool taken[ASP_IDS] = {false};

    unit_store(&store);
    leave_due("alice", 1);
    file_write(in_store("due/alice.0123456789abcdef"), "asp-account 1 us", 16);
    store_error = (struct asp_error){0};
    taken_is("alice", "00 01 02");
    ck_assert_int_eq(store_error.status, ASP_OK);
    ck_assert_int_eq(chmod(in_store("due/alice.0123456789abcdef"), 0666), 0);
    ck_assert_int_eq(asp_due_ids(&store, "alice", taken, &store_error), ASP_UNSAFE);
    store_says("due/alice.0123456789abcdef");
    ck_assert_int_eq(asp_due_ids(&store, "alice", taken, NULL), ASP_UNSAFE);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_due_of_an_account_that_was_removed_stays_due_and_nothing_else_stays)
{
    unit_store(&store);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    leave_due("alice", 2);
    asp_store_begin_usage(&store, "alice", 1000);
    ck_assert_int_eq(update("alice", false, drop, NULL), ASP_OK);
    ck_assert_int_eq(loads("alice"), ASP_NOT_FOUND);
    /* Whoever comes next makes an account of her own. */
    ck_assert_int_eq(add_id("alice", "02"), ASP_OK);
    due_is("alice", "00 01 02 03");
    ck_assert_int_eq(update("alice", false, drop, NULL), ASP_OK);
    clear("alice", 4);
    due_is("alice", "");
    ck_assert_str_eq(due_users(), "");
    asp_store_close(&store);
}
END_TEST

/* An asp_change: takes the mark of one away, or gives it another's record. */
static enum asp_status replace(struct asp_account *account, void *context, struct asp_error *why)
{
    struct asp_entry *entry = asp_account_find(account, context);

    (void)why;
    (void)unit_entry(entry, account->user, context, "another");
    (void)asp_entry_revoke(entry, 3000, "ann", "lost", true);
    return ASP_OK;
}

START_TEST(a_mark_of_another_with_the_same_id_is_not_cleared)
{
    struct asp_due due;
    char id[] = "02";

    unit_store(&store);
    leave_due("alice", 100);
    (void)read_due("alice", &due);
    ck_assert_int_eq(update("alice", false, replace, id), ASP_OK);
    ck_assert_int_eq(asp_due_clear(&store, "alice", &due, 4, 100, &store_error), ASP_OK);
    asp_due_free(&due);
    due_is("alice", "02");

    /* The account may have gone meanwhile, with its marks beside it. */
    (void)read_due("alice", &due);
    ck_assert_int_eq(update("alice", false, drop, NULL), ASP_OK);
    ck_assert_int_eq(asp_due_clear(&store, "alice", &due, 1, 100, &store_error), ASP_OK);
    asp_due_free(&due);
    due_is("alice", "02");
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_cleared_makes_room_in_the_history)
{
    struct asp_due due;

    unit_store(&store);
    leave_due("alice", 100);
    (void)read_due("alice", &due);
    ck_assert_int_eq(asp_due_clear(&store, "alice", &due, 4, 1, &store_error), ASP_OK);
    asp_due_free(&due);
    ck_assert_uint_eq(entries_of("alice"), 1);
    due_is("alice", "");
    asp_store_close(&store);
}
END_TEST

/* The files of it */

static char file_of_alice[UNIT_PATH];

static enum asp_status note_file(const char *name, const char *key, void *context)
{
    (void)context;
    (void)snprintf(file_of_alice, sizeof file_of_alice, "%s/due/%s.%s", store.path, name, key);
    return ASP_OK;
}

static const char *due_file(void)
{
    ck_assert_int_eq(asp_store_files.each_due(&store, NULL, note_file, NULL, &store_error), ASP_OK);
    return file_of_alice;
}

START_TEST(a_text_that_its_maker_was_stopped_before_he_used_is_no_longer_there)
{
    char account[UNIT_PATH];
    char saved[UNIT_PATH];

    unit_store(&store);
    leave_due("alice", 100);
    clear("alice", 3);
    (void)snprintf(account, sizeof account, "%s", in_store("users/alice"));
    (void)snprintf(saved, sizeof saved, "%s", unit_path(unit_folder(), "saved"));
    ck_assert_int_eq(link(account, saved), 0);
    ck_assert_int_eq(update("alice", false, drop, NULL), ASP_OK);
    ck_assert_int_eq(rename(saved, account), 0);
    /* The account has it still, and with its mark. */
    due_is("alice", "03");
    ck_assert_uint_eq(unit_names(in_store("due")), 0);
    clear("alice", 1);
    due_is("alice", "");

    /* One that is not whole. */
    leave_due("bob", 0);
    ck_assert_int_eq(truncate(due_file(), 100), 0);
    due_is("bob", "");
    ck_assert_uint_eq(unit_names(in_store("due")), 0);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_is_due_leaves_no_other_file_and_others_are_passed_over)
{
    struct asp_due due;

    unit_store(&store);
    ck_assert_int_eq(access(in_store("due"), F_OK), -1);
    leave_due("alice", 0);
    ck_assert_uint_eq(unit_mode(in_store("due")), 0700);
    ck_assert_uint_eq(unit_mode(due_file()), 0600);
    file_write(in_store("due/alice"), "x", 1);
    file_write(in_store("due/alice.0123456789abcde"), "x", 1);
    file_write(in_store("due/.0123456789abcdef"), "x", 1);
    file_write(in_store("due/alice.0123456789abcdeF"), "x", 1);
    due_is("alice", "00 01 02 03");
    ck_assert_int_eq(update("alice", false, drop, NULL), ASP_OK);
    due_is("alice", "00 01 02 03");
    ck_assert_uint_eq(unit_names(in_store("locks")), 0);
    ck_assert_uint_eq(unit_names(in_store("users")), 0);
    clear("alice", 4);
    ck_assert_uint_eq(unit_names(in_store("due")), 4);
    ck_assert_uint_eq(unit_names(in_store("locks")), 0);

    ck_assert_int_eq(mkdir(in_store("due/alice.0123456789abcdef"), 0700), 0);
    ck_assert_int_eq(asp_due_read(&store, "alice", &due, &store_error), ASP_UNSAFE);
    ck_assert_int_eq(chmod(in_store("due"), 0770), 0);
    ck_assert_int_eq(asp_due_read(&store, "bob", &due, &store_error), ASP_UNSAFE);
    store_says("due can be written by group or others");
    ck_assert(!asp_due_is_any(&store, "bob"));
    asp_store_close(&store);
}
END_TEST

static enum asp_status leave_and_drop(struct asp_account *account, void *context,
                                      struct asp_error *why)
{
    enum asp_status status = add_revoked(account, context, why);

    return status == ASP_OK ? ASP_DROP : status;
}

/* An account with one entry that goes with four that are due, or all stays as it was. False when
 * the plan's call was not reached. */
static bool drop_once(const struct unit_plan *plan)
{
    size_t keep = 2;
    enum asp_status status;
    bool reached;

    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    unit_calls_begin(plan);
    status = update("alice", false, leave_and_drop, &keep);
    reached = unit_calls_end();
    ck_assert_int_eq(loads("alice"), status == ASP_OK ? ASP_NOT_FOUND : ASP_OK);
    due_is("alice", status == ASP_OK ? "00 01 02 03" : "");
    if (status == ASP_OK)
        clear("alice", 4);
    else
        ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_OK);
    ck_assert_uint_eq(unit_names(in_store("users")) + unit_names(in_store("locks")), 0);
    ck_assert(access(in_store("due"), F_OK) != 0 || unit_names(in_store("due")) == 0);
    return reached;
}

START_TEST(any_one_call_that_fails_leaves_the_account_or_what_is_due_of_it)
{
    static const int numbers[] = {EIO, ENOSPC};

    unit_store(&store);
    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        struct unit_plan plan = {.first = 1, .times = 1, .number = numbers[i]};

        while (drop_once(&plan))
            plan.first++;
        ck_assert_uint_gt(plan.first, 20);
    }
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_local_engines(suite, one_has_the_turn_of_a_user_until_it_is_given);
    unit_add_on_local_engines(suite, an_account_is_written_and_removed_whoever_has_the_turn);
    unit_add(suite, the_turn_of_a_process_that_was_killed_is_free_and_nothing_is_left_of_it);
    unit_add(suite, a_turn_that_nobody_else_would_find_is_taken_anew);
    unit_add_on_local_engines(
        suite, what_is_due_comes_reason_after_reason_and_is_cleared_for_what_was_run);
    unit_add_on_local_engines(suite, what_history_has_no_room_for_stays_due_beside_the_account);
    unit_add_on_local_engines(
        suite, the_ids_of_what_is_due_beside_the_account_are_taken_until_that_was_run);
    unit_add(suite, a_text_that_is_not_whole_takes_no_ids_and_one_that_cannot_be_read_is_told);
    unit_add_on_local_engines(
        suite, what_is_due_of_an_account_that_was_removed_stays_due_and_nothing_else_stays);
    unit_add_on_local_engines(suite, a_mark_of_another_with_the_same_id_is_not_cleared);
    unit_add_on_local_engines(suite, what_is_cleared_makes_room_in_the_history);
    unit_add(suite, a_text_that_its_maker_was_stopped_before_he_used_is_no_longer_there);
    unit_add(suite, what_is_due_leaves_no_other_file_and_others_are_passed_over);
    unit_add(suite, any_one_call_that_fails_leaves_the_account_or_what_is_due_of_it);
}

int main(void)
{
    return unit_run("store-due", fill);
}
