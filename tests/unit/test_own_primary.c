/* What a user has answered holds for her own primary password, and for what her own command makes
 * of her account. She has no line in the shadow file of this machine. */
#include "unit.h"

#include "asp-broker/own_primary.h"

#include "asp/primary.h"
#include "asp/store.h"

#include <string.h>
#include <unistd.h>

enum { NOW = 1700000000 };

static const struct own_primary_key key = {{1, 2, 3}};
static struct asp_store store;
static const char *const sources[] = {"shadow", "command"};

static struct asp_conf *conf_of(const char *source)
{
    char text[256];

    (void)snprintf(text, sizeof text, "primary: { source = \"%s\"; command = \"/bin/true\"; };",
                   source);
    return unit_conf(text);
}

static struct own_primary own_of(const struct asp_conf *conf, const struct asp_account *account)
{
    struct asp_error error = {0};
    struct own_primary own;

    unit_need(own_primary_take(&key, conf, &store, account, NOW, &own, &error) == ASP_OK, "%s",
              error.text);
    ck_assert(own.known);
    return own;
}

static void note(const char *account)
{
    struct asp_error error = {0};

    unit_need(asp_store_note_password(&store, account, &error) == ASP_OK, "%s", error.text);
}

/* What a command of hers may do to it: the fingerprint is taken, all is revoked. */
static void change(struct asp_account *account)
{
    const struct asp_primary_now now = {
        .source = ASP_SOURCE_COMMAND, .says = ASP_SAYS_HASH, .hash = "x1", .length = 2};

    asp_primary_take(&now, &account->primary);
    (void)asp_account_revoke_all(account, NOW, "watch", ASP_REASON_PRIMARY, false);
}

START_TEST(a_change_that_others_make_is_told_and_her_own_is_followed)
{
    struct asp_conf *conf = conf_of(sources[_i]);
    struct asp_account account;
    struct own_primary before;
    struct own_primary after;

    if (!unit_is_root())
        return;
    unit_three_entries(&account);
    strcpy(account.user, "nobody-of-this-name");
    account.primary.taken = false;
    before = own_of(conf, &account);
    after = own_of(conf, &account);
    ck_assert(own_primary_same(&before, &after));
    change(&account);
    after = own_of(conf, &account);
    ck_assert(!own_primary_same(&before, &after));
    own_primary_follow(&key, conf, &account, &before);
    ck_assert(own_primary_same(&before, &after));
    asp_account_free(&account);
    asp_conf_free(conf);
}
END_TEST

START_TEST(who_had_a_line_and_has_none_is_gone_where_shadow_tells_of_primary_passwords)
{
    struct asp_conf *conf = conf_of(sources[_i]);
    struct asp_error error = {0};
    struct asp_account account;
    struct own_primary own;
    enum asp_status status;

    if (!unit_is_root())
        return;
    unit_three_entries(&account);
    strcpy(account.user, "nobody-of-this-name");
    ck_assert(account.primary.taken && account.primary.had == ASP_HAD_HASH);
    status = own_primary_take(&key, conf, &store, &account, NOW, &own, &error);
    ck_assert_int_eq(status, _i == 0 ? ASP_DENIED : ASP_OK);
    ck_assert(own.known == (_i != 0));
    /* In another realm she need not have had one. */
    strcpy(account.primary.realm, "office");
    ck_assert_int_eq(own_primary_take(&key, conf, &store, &account, NOW, &own, &error), ASP_OK);
    asp_account_free(&account);
    asp_conf_free(conf);
}
END_TEST

/* That this process may not look is said of the machine, and not of her. */
START_TEST(what_may_not_be_read_is_no_change)
{
    struct asp_conf *conf = conf_of("shadow");
    struct asp_store closed = ASP_STORE_CLOSED;
    struct asp_error error = {0};
    struct asp_account account;
    struct own_primary own;

    if (!unit_is_root())
        return;
    asp_account_init(&account, "root");
    ck_assert_int_eq(own_primary_take(&key, conf, &closed, &account, NOW, &own, &error), ASP_OK);
    ck_assert_int_eq(setegid(65534), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(own_primary_take(&key, conf, &closed, &account, NOW, &own, &error), ASP_IO);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
    ck_assert(!own.known);
    ck_assert_int_eq(error.status, ASP_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "/etc/shadow"));
    ck_assert_int_eq(own_primary_unread(ASP_DENIED, NULL), ASP_IO);
    ck_assert_int_eq(own_primary_unread(ASP_NOT_FOUND, &error), ASP_NOT_FOUND);
    asp_account_free(&account);
    asp_conf_free(conf);
}
END_TEST

/* What she has answered is not made good for a line that is another one. */
START_TEST(to_follow_her_account_looks_at_no_line_of_shadow)
{
    struct asp_conf *conf = conf_of("command");
    struct asp_account account;
    struct own_primary own = {.known = true, .has_line = true, .line = {7}};
    struct own_primary unknown = {.known = false};

    asp_account_init(&account, "root");
    own_primary_follow(&key, conf, &account, &own);
    ck_assert(own.known && own.has_line && own.line[0] == 7);
    own_primary_follow(&key, conf, &account, &unknown);
    ck_assert(!own_primary_same(&unknown, &unknown));
    asp_account_free(&account);
    asp_conf_free(conf);
}
END_TEST

/* All that there is of a change in a directory where it has revoked nothing. */
START_TEST(that_the_password_stack_was_reached_is_a_change_for_who_has_no_line)
{
    struct asp_conf *conf = conf_of(sources[_i]);
    struct own_primary local = {.known = true, .has_line = true, .line = {7}};
    struct own_primary same = local;
    struct asp_account account;
    struct own_primary before;
    struct own_primary after;

    if (!unit_is_root())
        return;
    asp_account_init(&account, "nobody-of-this-name");
    own_primary_follow(&key, conf, &account, &local);
    unit_store(&store);
    before = own_of(conf, &account);
    note("somebody-else");
    after = own_of(conf, &account);
    ck_assert(own_primary_same(&before, &after));
    note("nobody-of-this-name");
    after = own_of(conf, &account);
    ck_assert(!own_primary_same(&before, &after));
    own_primary_follow(&key, conf, &account, &same);
    ck_assert(own_primary_same(&local, &same));
    asp_store_close(&store);
    asp_account_free(&account);
    asp_conf_free(conf);
}
END_TEST

/* Her line tells of a change, and what PAM sets beside it is none of hers. */
START_TEST(that_the_password_stack_was_reached_is_no_change_for_who_has_a_line)
{
    struct asp_conf *conf = conf_of(sources[_i]);
    struct asp_account account;
    struct own_primary before;
    struct own_primary after;

    if (!unit_is_root())
        return;
    asp_account_init(&account, "root");
    unit_store(&store);
    before = own_of(conf, &account);
    ck_assert(before.has_line);
    note("root");
    after = own_of(conf, &account);
    ck_assert(own_primary_same(&before, &after));
    asp_store_close(&store);
    asp_account_free(&account);
    asp_conf_free(conf);
}
END_TEST

/* The directory has made a user of what was another spelling of one: her password is her own. */
START_TEST(who_acts_on_her_own_account_follows_nobody)
{
    struct asp_conf *conf = conf_of("shadow");
    struct asp_account account;

    if (!unit_is_root())
        return;
    asp_account_init(&account, "nobody-of-this-name");
    strcpy(account.follows, "root");
    ck_assert(!own_of(conf, &account).has_line);
    asp_account_free(&account);
    asp_conf_free(conf);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_acts_on_her_own_account_follows_nobody);
    unit_loop(suite, a_change_that_others_make_is_told_and_her_own_is_followed,
              UNIT_COUNT(sources));
    unit_loop(suite, who_had_a_line_and_has_none_is_gone_where_shadow_tells_of_primary_passwords,
              UNIT_COUNT(sources));
    unit_loop(suite, that_the_password_stack_was_reached_is_a_change_for_who_has_no_line,
              UNIT_COUNT(sources));
    unit_loop(suite, that_the_password_stack_was_reached_is_no_change_for_who_has_a_line,
              UNIT_COUNT(sources));
    unit_add(suite, what_may_not_be_read_is_no_change);
    unit_add(suite, to_follow_her_account_looks_at_no_line_of_shadow);
}

int main(void)
{
    return unit_run("own_primary", fill);
}
