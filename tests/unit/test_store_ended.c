/* What an update ends is told to an engine that hears of it; and which engine a store has. */
#include "store_fixture.h"
#include "store_memory.h"

#include "asp/revocation.h"
#include "asp/store_due.h"

#include <errno.h>
#include <string.h>

static struct asp_conf *conf;

static void begin(void)
{
    struct asp_store_kept kept = {.engine = &store_memory};
    bool made;

    conf = unit_conf("");
    ck_assert_int_eq(asp_store_make(&store, conf, &kept, &made, NULL), ASP_OK);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("alice", "2m"), ASP_OK);
    ck_assert_int_eq(add_id("alice", "xx"), ASP_OK);
    ck_assert_str_eq(memory_ended, "");
}

static void end(void)
{
    asp_store_close(&store);
    asp_conf_free(conf);
}

static enum asp_status revoke_one(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)why;
    return asp_entry_revoke(asp_account_find(account, context), 2000, "root", "rotated", false)
               ? ASP_OK
               : ASP_UNCHANGED;
}

static enum asp_status revoke_all(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)why;
    (void)asp_account_revoke_all(account, 2000, "root", "primary", false);
    return *(enum asp_status *)context;
}

static enum asp_status rename_all(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)context;
    (void)why;
    for (size_t i = 0; i < account->count; i++)
        memcpy(account->entries[i].label, "new", sizeof "new");
    return ASP_OK;
}

/* Another one under the same id. */
static enum asp_status replace_one(struct asp_account *account, void *context,
                                   struct asp_error *why)
{
    struct asp_entry *entry = asp_account_find(account, context);

    char *one = &entry->verifier[strlen(entry->verifier) - 2];

    (void)why;
    *one = *one == 'A' ? 'B' : 'A';
    return ASP_OK;
}

static enum asp_status take_out(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)why;
    asp_account_remove(account, asp_account_find(account, context));
    return ASP_OK;
}

START_TEST(what_was_revoked_is_told_once_as_it_is_by_then)
{
    begin();
    ck_assert_int_eq(update("alice", false, revoke_one, "2m"), ASP_OK);
    ck_assert_str_eq(memory_ended, "2m:rotated ");
    ck_assert_int_eq(update("alice", false, rename_all, NULL), ASP_OK);
    ck_assert_str_eq(memory_ended, "");
    ck_assert_int_eq(update("alice", false, revoke_all, &(enum asp_status){ASP_OK}), ASP_OK);
    ck_assert_str_eq(memory_ended, "7k:primary xx:primary ");
    ck_assert_int_eq(update("alice", false, revoke_all, &(enum asp_status){ASP_DROP}), ASP_OK);
    ck_assert_str_eq(memory_ended, "");
    end();
}
END_TEST

START_TEST(of_an_account_that_goes_all_are_ended)
{
    static enum asp_status drop = ASP_DROP;

    begin();
    ck_assert_int_eq(update("alice", false, revoke_one, "2m"), ASP_OK);
    ck_assert_int_eq(update("alice", false, end_with, &drop), ASP_OK);
    ck_assert_str_eq(memory_ended, "7k:removed xx:removed ");
    end();
}
END_TEST

START_TEST(what_is_not_there_any_more_or_is_another_one_is_ended)
{
    begin();
    ck_assert_int_eq(update("alice", false, take_out, "7k"), ASP_OK);
    ck_assert_str_eq(memory_ended, "7k:removed ");
    ck_assert_int_eq(update("alice", false, replace_one, "xx"), ASP_OK);
    ck_assert_str_eq(memory_ended, "xx:removed ");
    end();
}
END_TEST

START_TEST(what_is_not_written_has_ended_nothing)
{
    begin();
    ck_assert_int_eq(update("alice", false, revoke_one, "2m"), ASP_OK);
    ck_assert_int_eq(update("alice", false, revoke_all, &(enum asp_status){ASP_UNCHANGED}),
                     ASP_UNCHANGED);
    ck_assert_str_eq(memory_ended, "2m:rotated ");
    end();
}
END_TEST

static bool is_any_due(void)
{
    return asp_due_is_any(&store, "alice");
}

/* An asp_change: revokes all, for a hook or not, and history has no room for them. */
static enum asp_status set_aside(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)asp_account_revoke_all(account, 2000, "root", "lost", *(const bool *)context);
    asp_account_prune(account, 0);
    return account->count == 0 ? ASP_OK : asp_fail(why, ASP_NO_MEMORY, "out of memory");
}

START_TEST(without_memory_nothing_is_changed_ended_or_due_and_that_is_said)
{
    bool hook = true;
    bool reached = true;
    unsigned nth;

    begin();
    for (nth = 1; reached; nth++) {
        enum asp_status status;

        unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = nth, .times = 1});
        status = update("alice", false, set_aside, &hook);
        reached = unit_calls_end();
        ck_assert_int_eq(status, reached ? ASP_NO_MEMORY : ASP_OK);
        ck_assert_int_eq(store_error.status, status);
        ck_assert_str_eq(store_error.text, reached ? "out of memory" : "");
        ck_assert_int_eq(is_any_due(), !reached);
        ck_assert_uint_eq(entries_of("alice"), reached ? 3 : 0);
        ck_assert_str_eq(memory_ended, reached ? "" : "7k:lost 2m:lost xx:lost ");
    }
    ck_assert_uint_gt(nth, 10);
    end();
}
END_TEST

/* An asp_change: the account goes, and a hook waits for all that is in it. */
static enum asp_status drop_revoked(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    (void)context;
    (void)why;
    (void)asp_account_revoke_all(account, 2000, "root", "lost", true);
    return ASP_DROP;
}

/* How many are due of alice. */
static size_t due_now(void)
{
    struct asp_due due;
    size_t count;

    unit_need(asp_due_read(&store, "alice", &due, &store_error) == ASP_OK, "%s", store_error.text);
    count = due.count;
    asp_due_free(&due);
    return count;
}

START_TEST(without_memory_an_account_does_not_go_without_all_that_is_due_of_it)
{
    bool reached = true;

    begin();
    for (unsigned nth = 1; reached; nth++) {
        enum asp_status status;

        unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = nth, .times = 1});
        status = update("alice", false, drop_revoked, NULL);
        reached = unit_calls_end();
        ck_assert_int_eq(status, reached ? ASP_NO_MEMORY : ASP_OK);
        ck_assert_int_eq(loads("alice"), reached ? ASP_OK : ASP_NOT_FOUND);
        ck_assert_uint_eq(due_now(), reached ? 0 : 3);
    }
    end();
}
END_TEST

START_TEST(what_no_hook_waits_for_is_not_due)
{
    static enum asp_status drop = ASP_DROP;
    bool hook = false;

    begin();
    ck_assert_int_eq(update("alice", false, set_aside, &hook), ASP_OK);
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(update("alice", false, end_with, &drop), ASP_OK);
    ck_assert(!is_any_due());
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    hook = true;
    ck_assert_int_eq(update("alice", false, set_aside, &hook), ASP_OK);
    ck_assert(is_any_due());
    end();
}
END_TEST

/* The engine, some of which is played. */
static struct asp_store_engine played;
static unsigned forgotten;

static void begin_played(void)
{
    begin();
    played = store_memory;
    store.engine = &played;
}

static void count_forgotten(const struct asp_store *of, struct asp_store_held *held)
{
    forgotten++;
    store_memory.forget(of, held);
}

static enum asp_status drop_nothing(const struct asp_store *of, struct asp_store_held *held,
                                    const struct asp_made *made, struct asp_error *error)
{
    (void)of;
    (void)held;
    ck_assert(made->text == NULL && made->account == NULL && made->ended_count == 0);
    return asp_fail(error, ASP_IO, "the disk is gone");
}

START_TEST(uses_are_forgotten_where_there_is_no_account_and_nowhere_else)
{
    static enum asp_status taken = ASP_TAKEN;
    static enum asp_status drop = ASP_DROP;

    begin_played();
    played.forget = count_forgotten;
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    ck_assert_int_eq(update("alice", false, revoke_one, "2m"), ASP_OK);
    ck_assert_int_eq(update("alice", false, end_with, &taken), ASP_TAKEN);
    ck_assert_uint_eq(forgotten, 0);
    ck_assert_int_eq(update("carol", true, end_with, &taken), ASP_TAKEN);
    ck_assert_uint_eq(forgotten, 1);
    ck_assert_int_eq(update("carol", false, end_with, &taken), ASP_NOT_FOUND);
    ck_assert_uint_eq(forgotten, 2);
    ck_assert_int_eq(update("alice", false, end_with, &drop), ASP_OK);
    ck_assert_uint_eq(forgotten, 3);
    ck_assert_int_eq(asp_store_remove(&store, "alice", &store_error), ASP_NOT_FOUND);
    ck_assert_uint_eq(forgotten, 4);
    played.drop = drop_nothing;
    ck_assert_int_eq(asp_store_remove(&store, "bob", &store_error), ASP_IO);
    ck_assert_uint_eq(forgotten, 4);
    end();
}
END_TEST

static enum asp_status keep_nothing(const struct asp_store *of, struct asp_store_held *held,
                                    const struct asp_buffer *text, char key[ASP_DUE_KEY],
                                    struct asp_error *error)
{
    (void)of;
    (void)held;
    (void)text;
    (void)key;
    return asp_fail(error, ASP_IO, "the disk is full");
}

START_TEST(where_what_is_due_cannot_be_kept_the_account_stays_as_it_is)
{
    bool hook = true;

    begin_played();
    played.put_due = keep_nothing;
    ck_assert_int_eq(update("alice", false, set_aside, &hook), ASP_IO);
    ck_assert_str_eq(store_error.text, "the disk is full");
    ck_assert_uint_eq(entries_of("alice"), 3);
    ck_assert(!is_any_due());
    end();
}
END_TEST

START_TEST(who_does_not_hear_of_it_is_not_told)
{
    begin_played();
    played.hears_ended = false;
    ck_assert_int_eq(update("alice", false, revoke_one, "2m"), ASP_OK);
    ck_assert_str_eq(memory_ended, "");
    end();
}
END_TEST

/* An asp_change: of one that has nothing pending. */
static enum asp_status refuse_first(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    (void)context;
    account->not_yet = true;
    return asp_fail(why, ASP_FULL, "no room");
}

START_TEST(a_first_one_that_is_refused_is_refused_for_its_own_reason)
{
    begin();
    ck_assert_int_eq(update("bob", true, refuse_first, NULL), ASP_FULL);
    ck_assert_str_eq(store_error.text, "no room");
    end();
}
END_TEST

START_TEST(without_random_numbers_nothing_is_changed)
{
    const struct unit_plan none = {.call = "getrandom", .first = 1, .number = ENOSYS};
    enum asp_status changed;
    enum asp_status removed;

    begin();
    unit_calls_begin(&none);
    changed = update("alice", false, take_out, "7k");
    removed = asp_store_remove(&store, "alice", NULL);
    (void)unit_calls_end();
    ck_assert_int_eq(changed, ASP_IO);
    ck_assert_int_eq(removed, ASP_IO);
    ck_assert_uint_eq(entries_of("alice"), 3);
    end();
}
END_TEST

START_TEST(what_is_damaged_is_told_and_not_taken_for_nothing)
{
    struct asp_error none = {0};

    begin();
    unit_put_bytes(&store, "alice", "damaged", strlen("damaged"));
    ck_assert_int_eq(asp_store_drop_pending(&store, "alice", &none), ASP_CORRUPT);
    ck_assert_int_eq(asp_store_drop_pending(&store, "", &none), ASP_INVALID);
    end();
}
END_TEST

START_TEST(a_database_is_denied_to_a_process_that_has_none)
{
    struct asp_store_kept kept = {0};
    struct asp_error error = {0};
    bool made;

    conf = unit_conf("");
    conf->database.host_count = 1;
    ck_assert_int_eq(asp_store_open(&store, conf, &kept, &error), ASP_DENIED);
    ck_assert_str_eq(error.text, "accounts are kept in a database, and this process has no way to "
                                 "it: asp-broker has");
    ck_assert(!asp_store_is_open(&store));
    ck_assert_int_eq(asp_store_make(&store, conf, NULL, &made, &error), ASP_DENIED);
    ck_assert(!made);
    asp_conf_free(conf);
    /* The engine that a process brings along is used whatever the configuration says. */
    begin();
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_was_revoked_is_told_once_as_it_is_by_then);
    unit_add(suite, of_an_account_that_goes_all_are_ended);
    unit_add(suite, what_is_not_there_any_more_or_is_another_one_is_ended);
    unit_add(suite, what_is_not_written_has_ended_nothing);
    unit_add(suite, without_memory_nothing_is_changed_ended_or_due_and_that_is_said);
    unit_add(suite, without_memory_an_account_does_not_go_without_all_that_is_due_of_it);
    unit_add(suite, what_no_hook_waits_for_is_not_due);
    unit_add(suite, uses_are_forgotten_where_there_is_no_account_and_nowhere_else);
    unit_add(suite, where_what_is_due_cannot_be_kept_the_account_stays_as_it_is);
    unit_add(suite, who_does_not_hear_of_it_is_not_told);
    unit_add(suite, a_first_one_that_is_refused_is_refused_for_its_own_reason);
    unit_add(suite, without_random_numbers_nothing_is_changed);
    unit_add(suite, what_is_damaged_is_told_and_not_taken_for_nothing);
    unit_add(suite, a_database_is_denied_to_a_process_that_has_none);
}

int main(void)
{
    return unit_run("store_ended", fill);
}
