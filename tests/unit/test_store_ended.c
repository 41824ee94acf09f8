/* What an update ends is told to an engine that hears of it; and which engine a store has. */
#include "store_fixture.h"
#include "store_memory.h"

#include "asp/revocation.h"

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
    unit_add(suite, a_database_is_denied_to_a_process_that_has_none);
}

int main(void)
{
    return unit_run("store_ended", fill);
}
