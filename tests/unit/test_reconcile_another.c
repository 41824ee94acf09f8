/* An account that followed a user, and whose own user is found to be another person. */
#include "unit.h"

#include "asp/reconcile.h"
#include "asp/time_text.h"

#include <string.h>

static const struct asp_revocation how = {
    .when = 1700000000, .by = "watch", .hook_due = true, .keep = 100};

static enum asp_status fill_account(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    struct asp_entry entry;

    (void)context;
    (void)why;
    strcpy(account->follows, "carol");
    unit_plain_entry(&entry, "7k", "Phone");
    return asp_account_add(account, &entry);
}

START_TEST(what_was_made_for_whom_it_followed_is_revoked)
{
    struct asp_primary_now now = unit_shadow_says(NULL);
    struct asp_error error = {0};
    struct asp_reconciled result;
    struct asp_account account;
    struct asp_store store;

    unit_store(&store);
    ck_assert_int_eq(asp_store_update(&store, "alice", true, fill_account, NULL, &error), ASP_OK);

    /* Another was asked for than whom it follows by now. */
    now.follows = "dora";
    ck_assert_int_eq(asp_reconcile_follow(&store, "alice", "", &now, &how, &result, &error),
                     ASP_UNCHANGED);
    ck_assert_uint_eq(result.count, 0);

    now.follows = "carol";
    ck_assert_int_eq(asp_reconcile_follow(&store, "alice", "", &now, &how, &result, &error),
                     ASP_OK);
    ck_assert_uint_eq(result.count, 1);
    ck_assert_str_eq(result.revoked[0].id, "7k");
    asp_reconciled_free(&result);
    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, &error), ASP_OK);
    ck_assert_str_eq(account.follows, "");
    ck_assert_int_eq(account.primary.had, ASP_HAD_NO_LINE);
    ck_assert_int_eq(account.entries[0].revoked, how.when);
    ck_assert_str_eq(account.entries[0].reason, ASP_REASON_PRIMARY);
    ck_assert(account.entries[0].hook_due);
    asp_account_free(&account);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_hook_is_due_where_there_is_one)
{
    static const char *const texts[] = {"", "hooks: { revoked = \"/usr/local/bin/hook\"; };"};

    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        struct asp_conf *conf = unit_conf(texts[i]);
        struct asp_revocation revocation = asp_revocation_of(conf, 1700000000, "watch");

        ck_assert_int_eq(revocation.hook_due, i == 1);
        ck_assert_int_eq(asp_has_revoked_hook(conf), i == 1);
        ck_assert_int_eq(revocation.when, 1700000000);
        ck_assert_str_eq(revocation.by, "watch");
        ck_assert_uint_eq(revocation.keep, (size_t)conf->history);
        asp_conf_free(conf);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_hook_is_due_where_there_is_one);
    unit_add(suite, what_was_made_for_whom_it_followed_is_revoked);
}

int main(void)
{
    return unit_run("reconcile_another", fill);
}
