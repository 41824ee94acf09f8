/* What a revocation is like, as the configuration has it. */
#include "unit.h"

#include "asp/revocation.h"

#include <string.h>

START_TEST(who_revokes_when_and_how_many_are_kept_is_as_it_was_said)
{
    struct asp_conf *conf = unit_conf("history = 7;");
    struct asp_revocation how = asp_revocation_of(conf, 1700000000, "alice");

    ck_assert_int_eq(how.when, 1700000000);
    ck_assert_str_eq(how.by, "alice");
    ck_assert_uint_eq(how.keep, 7);
    asp_conf_free(conf);
}
END_TEST

START_TEST(a_hook_is_due_where_there_is_one_and_no_database_that_tells_each_machine)
{
    struct asp_conf *none = unit_conf("");
    struct asp_conf *hook = unit_conf("hooks: { revoked = \"/bin/true\"; };");

    ck_assert(!asp_has_revoked_hook(none));
    ck_assert(!asp_revocation_of(none, 1, "alice").hook_due);
    ck_assert(asp_has_revoked_hook(hook));
    ck_assert(asp_revocation_of(hook, 1, "alice").hook_due);
    /* Also in a build that reads no store in a database from the file. */
    hook->database.host_count = 1;
    ck_assert(asp_has_revoked_hook(hook));
    ck_assert(!asp_revocation_of(hook, 1, "alice").hook_due);
    asp_conf_free(none);
    asp_conf_free(hook);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_revokes_when_and_how_many_are_kept_is_as_it_was_said);
    unit_add(suite, a_hook_is_due_where_there_is_one_and_no_database_that_tells_each_machine);
}

int main(void)
{
    return unit_run("revocation", fill);
}
