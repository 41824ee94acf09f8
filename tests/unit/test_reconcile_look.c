/* The shadow file, read again for one user while her account is brought up to it. */
#include "store_fixture.h"

#include "asp/reconcile.h"
#include "asp/time_text.h"

#include <string.h>

#define ROOTS "root:$6$roots:19000:0:99999:7:::\n"

static const struct asp_realm office = {"office", true};

/* An asp_change. */
static enum asp_status follow_root(struct asp_account *account, void *context,
                                   struct asp_error *why)
{
    (void)context;
    (void)why;
    strcpy(account->follows, "root");
    return ASP_OK;
}

/* Alice, who has no line in the shadow file, has an account that follows root. */
static void begin(struct asp_look *look)
{
    unit_store(&store);
    ck_assert_int_eq(update("alice", true, follow_root, NULL), ASP_OK);
    unit_shadow(ROOTS);
    *look = (struct asp_look){.now = {.source = ASP_SOURCE_SHADOW, .realm = office}};
    store_error = (struct asp_error){0};
}

static void says_roots(const struct asp_look *look)
{
    ck_assert_int_eq(look->now.says, ASP_SAYS_HASH);
    ck_assert_uint_eq(look->now.length, strlen("$6$roots"));
    ck_assert_mem_eq(look->now.hash, "$6$roots", strlen("$6$roots"));
    ck_assert_str_eq(look->now.follows, "root");
}

START_TEST(it_says_what_the_file_says_of_her_or_of_whom_she_follows)
{
    struct asp_look look;

    begin(&look);
    ck_assert(asp_look_again("root", &look, &store_error));
    ck_assert_int_eq(look.now.says, ASP_SAYS_HASH);
    ck_assert(asp_look_again("alice", &look, &store_error));
    ck_assert_int_eq(look.now.says, ASP_SAYS_ABSENT);
    asp_look_begin(&store, "bob", &look);
    ck_assert_str_eq(look.follows, "");
    asp_look_begin(&store, "alice", &look);
    ck_assert_str_eq(look.follows, "root");
    ck_assert(asp_look_again("alice", &look, &store_error));
    says_roots(&look);
    asp_look_end(&look);
    asp_store_close(&store);
}
END_TEST

/* It makes no difference whom her account follows. */
START_TEST(who_is_known_by_this_name_is_nobody_elses)
{
    struct asp_look look;

    begin(&look);
    asp_look_begin(&store, "alice", &look);
    look.is_own = true;
    ck_assert(asp_look_again("alice", &look, &store_error));
    ck_assert_int_eq(look.now.says, ASP_SAYS_ABSENT);
    ck_assert_ptr_null(look.now.follows);
    asp_look_end(&look);
    asp_store_close(&store);
}
END_TEST

START_TEST(it_stays_of_the_source_and_the_realm_and_nothing_is_left_at_the_end)
{
    static const struct asp_look none;
    struct asp_look look;

    begin(&look);
    look.now.source = ASP_SOURCE_COMMAND;
    asp_look_begin(&store, "alice", &look);
    ck_assert(asp_look_again("alice", &look, &store_error));
    says_roots(&look);
    ck_assert_int_eq(look.now.source, ASP_SOURCE_COMMAND);
    ck_assert_str_eq(look.now.realm.name, "office");
    ck_assert(look.now.realm.is_one_of_many);
    asp_look_end(&look);
    ck_assert_mem_eq(&look, &none, sizeof none);
    asp_store_close(&store);
}
END_TEST

START_TEST(it_is_read_five_times_and_not_for_what_a_program_has_said)
{
    const struct timespec asked = {.tv_sec = 1};
    struct asp_look look;
    size_t times = 0;

    begin(&look);
    unit_calls_begin(NULL);
    while (asp_look_again("root", &look, &store_error))
        times++;
    (void)unit_calls_end();
    ck_assert_uint_eq(times, 5);
    ck_assert_uint_eq(unit_calls("shadow"), 5);
    ck_assert_int_eq(store_error.status, ASP_BUSY);
    asp_look_end(&look);

    look = (struct asp_look){.now = {.source = ASP_SOURCE_COMMAND, .asked = &asked}};
    store_error = (struct asp_error){0};
    ck_assert(!asp_look_again("root", &look, &store_error));
    ck_assert_int_eq(store_error.status, ASP_OK);
    ck_assert_int_eq(look.tries, 0);
    asp_look_end(&look);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_cannot_be_read_again_says_nothing_new)
{
    static const struct unit_plan fails = {.call = "shadow", .first = 2, .result = ASP_IO};
    struct asp_look look;
    bool again;

    begin(&look);
    asp_look_begin(&store, "alice", &look);
    unit_calls_begin(&fails);
    again = asp_look_again("alice", &look, &store_error);
    again = again && !asp_look_again("alice", &look, &store_error);
    (void)unit_calls_end();
    ck_assert(again);
    ck_assert_int_eq(store_error.status, ASP_IO);
    ck_assert_int_eq(look.now.says, ASP_SAYS_HASH);
    asp_look_end(&look);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, it_says_what_the_file_says_of_her_or_of_whom_she_follows);
    unit_add_on_engines(suite, who_is_known_by_this_name_is_nobody_elses);
    unit_add_on_engines(suite, it_stays_of_the_source_and_the_realm_and_nothing_is_left_at_the_end);
    unit_add_on_engines(suite, it_is_read_five_times_and_not_for_what_a_program_has_said);
    unit_add_on_engines(suite, what_cannot_be_read_again_says_nothing_new);
}

int main(void)
{
    return unit_run("reconcile_look", fill);
}
