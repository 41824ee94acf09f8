/* An account whose fingerprint is of another realm: a login, a pass of watch and the password stack
 * leave it as it is. */
#include "login_fixture.h"

#include "asp/reconcile.h"
#include "asp/time_text.h"

#include <string.h>

#define HASH "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"
#define OTHER "$6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyY"

static const struct asp_revocation how = {
    .when = NOW, .by = "watch", .hook_due = true, .keep = 100};

static struct asp_primary_now says(const char *realm, const char *hash)
{
    struct asp_primary_now now = unit_shadow_says(hash);

    now.realm = (struct asp_realm){realm, true};
    return now;
}

static enum asp_status take(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)why;
    asp_primary_take(context, &account->primary);
    return ASP_OK;
}

/* The user, remembered in the realm "office" by `hash`, with one app password. */
static void begin_in_office(const char *hash)
{
    struct asp_primary_now now = says("office", hash);

    begin("", for_mail);
    ck_assert_int_eq(asp_store_update(&store, NOBODYS, false, take, &now, &store_error), ASP_OK);
}

static struct asp_fingerprint fingerprint_now(void)
{
    struct asp_fingerprint primary;
    struct asp_account account;

    ck_assert_int_eq(asp_store_load(&store, NOBODYS, NULL, &account, &store_error), ASP_OK);
    primary = account.primary;
    asp_account_free(&account);
    return primary;
}

/* How many app passwords were revoked by it. */
static size_t reconciled(struct asp_primary_now now, bool reached, enum asp_primary expected)
{
    struct asp_error error = {0};
    struct asp_reconciled result;
    size_t count;

    ck_assert_int_eq(asp_reconcile(&store, NOBODYS, &now, &how, reached, &result, &error), ASP_OK);
    ck_assert_int_eq(result.primary, expected);
    count = result.count;
    asp_reconciled_free(&result);
    return count;
}

START_TEST(an_account_of_another_realm_is_left_as_it_is)
{
    struct asp_fingerprint before;
    struct asp_fingerprint after;

    begin_in_office(HASH);
    before = fingerprint_now();
    for (int reached = 0; reached < 2; reached++) {
        ck_assert_uint_eq(reconciled(says("lab", OTHER), reached == 1, ASP_PRIMARY_ELSEWHERE), 0);
        ck_assert_uint_eq(reconciled(says("lab", NULL), reached == 1, ASP_PRIMARY_ELSEWHERE), 0);
    }
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    after = fingerprint_now();
    ck_assert(asp_fingerprint_same(&before, &after));
    ck_assert_uint_eq(reconciled(says("office", OTHER), false, ASP_PRIMARY_CHANGED), 1);
    ck_assert_int_eq(entry_now().revoked, NOW);
    ck_assert_str_eq(fingerprint_now().realm, "office");
    end();
}
END_TEST

START_TEST(who_has_a_line_nowhere_sets_her_password_for_every_realm)
{
    begin_in_office(NULL);
    ck_assert_uint_eq(reconciled(says("lab", NULL), true, ASP_PRIMARY_CHANGED), 1);
    ck_assert_str_eq(fingerprint_now().realm, "office");
    end();
}
END_TEST

START_TEST(an_account_of_another_realm_follows_nobody_of_this_one)
{
    struct asp_primary_now now = says("lab", OTHER);
    struct asp_error error = {0};
    struct asp_reconciled result;

    begin_in_office(HASH);
    ck_assert_int_eq(asp_reconcile_follow(&store, NOBODYS, "carol", &now, NULL, &result, &error),
                     ASP_UNCHANGED);
    ck_assert_str_eq(fingerprint_now().realm, "office");
    now = says("office", OTHER);
    ck_assert_int_eq(asp_reconcile_follow(&store, NOBODYS, "carol", &now, NULL, &result, &error),
                     ASP_OK);
    asp_reconciled_free(&result);
    end();
}
END_TEST

START_TEST(nobody_of_another_realm_is_noted_gone)
{
    struct asp_primary_now gone = says("lab", NULL);
    struct asp_error error = {0};
    struct asp_noted noted;

    begin_in_office(HASH);
    ck_assert_int_eq(asp_reconcile_note(&store, NOBODYS, &gone, ASP_SIGHT_GONE, &noted, &error),
                     ASP_OK);
    ck_assert(!noted.is_absent && !fingerprint_now().absent);
    gone.realm.name = "office";
    ck_assert_int_eq(asp_reconcile_note(&store, NOBODYS, &gone, ASP_SIGHT_GONE, &noted, &error),
                     ASP_OK);
    ck_assert(noted.is_absent && fingerprint_now().absent);
    end();
}
END_TEST

/* She has no line: in her realm she is gone. */
START_TEST(a_login_in_another_realm_compares_nothing_and_writes_no_fingerprint)
{
    begin_in_office(HASH);
    unit_shadow("root:*:19000:0:99999:7:::\n");
    conf->primary_source = ASP_SOURCE_SHADOW;
    conf->primary_realm = "lab";
    ck_assert_str_eq(try(NOBODYS, "imap", typed), "accepted");
    ck_assert_str_eq(fingerprint_now().realm, "office");
    conf->primary_realm = "";
    ck_assert_str_eq(try(NOBODYS, "imap", typed), "accepted");
    conf->primary_realm = "office";
    ck_assert_str_eq(try(NOBODYS, "imap", typed), "primary-locked");
    conf->primary_realm = "lab";
    ck_assert_str_eq(try(NOBODYS, "imap", typed), "accepted");
    ck_assert_int_eq(entry_now().revoked, ASP_NEVER);
    end();
}
END_TEST

/* By the second login it is compared, and by the third it need not be. */
START_TEST(a_login_takes_the_fingerprint_with_the_realm_and_then_knows_it)
{
    begin("", for_mail);
    unit_shadow("root:*:19000:0:99999:7:::\n");
    conf->primary_source = ASP_SOURCE_SHADOW;
    conf->primary_realm = "office";
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(try(NOBODYS, "imap", typed), "accepted");
    ck_assert_str_eq(fingerprint_now().realm, "office");
    ck_assert_int_eq(fingerprint_now().had, ASP_HAD_NO_LINE);
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, an_account_of_another_realm_is_left_as_it_is);
    unit_add_on_engines(suite, who_has_a_line_nowhere_sets_her_password_for_every_realm);
    unit_add_on_engines(suite, an_account_of_another_realm_follows_nobody_of_this_one);
    unit_add_on_engines(suite, nobody_of_another_realm_is_noted_gone);
    unit_add_on_engines(suite, a_login_in_another_realm_compares_nothing_and_writes_no_fingerprint);
    unit_add_on_engines(suite, a_login_takes_the_fingerprint_with_the_realm_and_then_knows_it);
}

int main(void)
{
    login_user = NOBODYS;
    return unit_run("realm", fill);
}
