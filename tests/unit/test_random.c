/* A system that gives no random bytes: an error before anything is done, and not libsodium's abort.
 */
#include "unit.h"

#include "asp/random.h"

#include <errno.h>
#include <unistd.h>

static struct asp_error error;
static bool has_device = true;
static unsigned looks; /* for the device */

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
    ck_assert_str_eq(path, "/dev/urandom");
    ck_assert_int_eq(mode, R_OK);
    looks++;
    return has_device ? 0 : -1;
}

static void refuse(unsigned times, int number)
{
    const struct unit_plan plan = {
        .call = "getrandom", .first = 1, .times = times, .number = number};

    error = (struct asp_error){.status = ASP_OK};
    unit_calls_begin(&plan);
}

START_TEST(what_the_system_gives_is_no_error)
{
    refuse(1, EINTR);
    ck_assert_int_eq(asp_random_check(&error), ASP_OK);
    ck_assert(unit_calls_end());
    ck_assert_uint_eq(unit_calls("getrandom"), 2);
    ck_assert_int_eq(error.status, ASP_OK);
}
END_TEST

/* To be denied them is to be denied the store: the broker can do what this process cannot. */
START_TEST(a_refusal_is_an_error)
{
    static const int numbers[] = {EPERM, ENOSYS};
    static const enum asp_status statuses[] = {ASP_DENIED, ASP_IO};

    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        refuse(0, numbers[i]);
        ck_assert_int_eq(asp_random_check(&error), statuses[i]);
        ck_assert_int_eq(error.status, statuses[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "gives no random numbers: "));
        ck_assert_int_eq(asp_random_check(NULL), statuses[i]);
        (void)unit_calls_end();
    }
}
END_TEST

START_TEST(no_byte_is_none)
{
    const struct unit_plan plan = {
        .call = "getrandom", .first = 1, .times = 1, .number = EINTR, .returns = true, .result = 0};

    unit_calls_begin(&plan);
    ck_assert_int_ne(asp_random_check(&error), ASP_OK);
    ck_assert(unit_calls_end());
}
END_TEST

/* libsodium, which starts, reads the device then. */
START_TEST(at_the_start_the_device_will_do)
{
    ck_assert_int_eq(asp_random_check_start(&error), ASP_OK);
    ck_assert_uint_eq(looks, 0);
    refuse(0, EPERM);
    ck_assert_int_eq(asp_random_check_start(&error), ASP_OK);
    ck_assert_uint_eq(looks, 1);
    has_device = false;
    ck_assert_int_eq(asp_random_check_start(&error), ASP_DENIED);
    ck_assert(unit_calls_end());
}
END_TEST

static enum asp_status revoke_first(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    (void)why;
    ++*(int *)context;
    account->entries[0].revoked = 2000;
    return ASP_OK;
}

START_TEST(no_update_begins_without_them_and_reading_needs_none)
{
    struct asp_store store;
    struct asp_entry entry;
    struct asp_account account;
    int changes = 0;

    unit_store(&store);
    unit_plain_entry(&entry, "7k", "Phone");
    unit_put(&store, "alice", &entry, 1);
    refuse(0, EPERM);
    ck_assert_int_eq(asp_store_update(&store, "alice", true, revoke_first, &changes, &error),
                     ASP_DENIED);
    ck_assert_int_eq(asp_store_remove(&store, "alice", NULL), ASP_DENIED);
    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, NULL), ASP_OK);
    (void)unit_calls_end();
    ck_assert_ptr_nonnull(strstr(error.text, "gives no random numbers: "));
    ck_assert_int_eq(changes, 0);
    ck_assert_uint_eq(account.count, 1);
    ck_assert(account.entries[0].revoked == entry.revoked);
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_the_system_gives_is_no_error);
    unit_add(suite, a_refusal_is_an_error);
    unit_add(suite, no_byte_is_none);
    unit_add(suite, at_the_start_the_device_will_do);
    unit_add_on_engines(suite, no_update_begins_without_them_and_reading_needs_none);
}

int main(void)
{
    return unit_run("random", fill);
}
