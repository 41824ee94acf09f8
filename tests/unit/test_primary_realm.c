/* The primary password where accounts are of many machines, whose shadow files differ: compared
 * with the fingerprint of one's own realm alone. */
#include "unit.h"

#include "asp/primary.h"
#include "asp/time_text.h"

#include <string.h>

enum { NOW = 1700000000 };

#define HASH "$y$j9T$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"
#define OTHER "$y$j9T$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyY"

static const struct asp_realm nameless = {NULL, false};
static const struct asp_realm alone = {"office", false}; /* its accounts are in files of its own */
static const struct asp_realm office = {"office", true};
static const struct asp_realm lab = {"lab", true};

static struct asp_primary_now says(struct asp_realm realm, const char *hash)
{
    struct asp_primary_now now = unit_shadow_says(hash);

    now.realm = realm;
    return now;
}

static struct asp_fingerprint taken(struct asp_realm realm, const char *hash)
{
    struct asp_primary_now now = says(realm, hash);
    struct asp_fingerprint stored;

    asp_primary_take(&now, &stored);
    return stored;
}

static enum asp_primary compared(struct asp_fingerprint stored, struct asp_primary_now now)
{
    return asp_primary_compare(&stored, &now, NOW);
}

static bool is_due(struct asp_fingerprint stored, struct asp_primary_now now)
{
    return asp_primary_is_due(&stored, &now);
}

START_TEST(it_is_taken_with_the_realm_where_one_is_named)
{
    struct asp_primary_now command = says(office, HASH);
    struct asp_fingerprint stored;

    ck_assert_str_eq(taken(nameless, HASH).realm, "");
    ck_assert_str_eq(taken((struct asp_realm){"", false}, HASH).realm, "");
    ck_assert_str_eq(taken(alone, HASH).realm, "office");
    ck_assert_str_eq(taken(office, "*").realm, "office");
    ck_assert_str_eq(taken(lab, NULL).realm, "lab");
    command.source = ASP_SOURCE_COMMAND;
    asp_primary_take(&command, &stored);
    ck_assert_str_eq(stored.realm, "");
}
END_TEST

START_TEST(what_is_of_ones_own_realm_is_compared_as_without_one)
{
    static const char *const fields[] = {HASH, OTHER, "!" HASH, "*", "", NULL};

    for (size_t i = 0; i < UNIT_COUNT(fields); i++) {
        for (size_t j = 0; j < UNIT_COUNT(fields); j++) {
            const struct asp_fingerprint with = taken(office, fields[i]);
            struct asp_fingerprint without = with;

            without.realm[0] = '\0';
            ck_assert_int_eq(compared(with, says(office, fields[j])),
                             compared(without, says(nameless, fields[j])));
            ck_assert_int_eq(is_due(with, says(office, fields[j])),
                             is_due(without, says(nameless, fields[j])));
        }
    }
}
END_TEST

/* Not when the file cannot be read either, or the user has expired in it: it is not hers. */
START_TEST(what_is_of_another_realm_is_never_compared_nor_due)
{
    static const char *const fields[] = {HASH, OTHER, "!" HASH, "*", "", NULL};

    for (size_t i = 0; i < UNIT_COUNT(fields); i++) {
        struct asp_primary_now now = says(lab, fields[i]);
        struct asp_fingerprint stored = taken(office, HASH);

        ck_assert(asp_primary_is_elsewhere(&stored, &now));
        ck_assert_int_eq(compared(stored, now), ASP_PRIMARY_ELSEWHERE);
        now.expires = 0;
        ck_assert_int_eq(compared(stored, now), ASP_PRIMARY_ELSEWHERE);
        now.says = ASP_SAYS_NOTHING;
        ck_assert_int_eq(compared(stored, now), ASP_PRIMARY_ELSEWHERE);
        ck_assert(!is_due(stored, now));
        /* A machine that names none is of none. */
        ck_assert_int_eq(compared(stored, says(nameless, fields[i])), ASP_PRIMARY_ELSEWHERE);
        ck_assert(!is_due(stored, says(nameless, fields[i])));
    }
}
END_TEST

START_TEST(nothing_is_noted_in_what_is_of_another_realm)
{
    struct asp_primary_now gone = says(lab, NULL);
    struct asp_fingerprint had_line = taken(office, HASH);
    struct asp_fingerprint had_none = taken(office, NULL);

    ck_assert(!asp_primary_note(&had_line, &gone, ASP_SIGHT_GONE));
    ck_assert(!asp_primary_note(&had_none, &gone, ASP_SIGHT_KNOWN));
    gone.realm = office;
    ck_assert(asp_primary_note(&had_line, &gone, ASP_SIGHT_GONE));
    ck_assert(asp_primary_note(&had_none, &gone, ASP_SIGHT_KNOWN));
}
END_TEST

/* Where others have the account too it may be of any of them. */
START_TEST(what_names_no_realm_is_compared_by_a_machine_that_has_its_accounts_alone)
{
    ck_assert_int_eq(compared(taken(nameless, HASH), says(alone, HASH)), ASP_PRIMARY_SAME);
    ck_assert_int_eq(compared(taken(nameless, HASH), says(alone, OTHER)), ASP_PRIMARY_CHANGED);
    ck_assert_int_eq(compared(taken(nameless, HASH), says(office, HASH)), ASP_PRIMARY_ELSEWHERE);
    ck_assert_int_eq(compared(taken(nameless, HASH), says(office, OTHER)), ASP_PRIMARY_ELSEWHERE);
    ck_assert(!is_due(taken(nameless, HASH), says(office, HASH)));
    ck_assert(is_due(taken(nameless, HASH), says(alone, HASH)));
    ck_assert(!is_due(taken(alone, HASH), says(alone, HASH)));
}
END_TEST

START_TEST(a_realm_of_one_letter_is_one)
{
    const struct asp_realm x = {"x", false};

    ck_assert(!is_due(taken(x, HASH), says(x, HASH)));
    ck_assert(is_due(taken(nameless, HASH), says(x, HASH)));
    ck_assert_int_eq(compared(taken(x, HASH), says(alone, HASH)), ASP_PRIMARY_ELSEWHERE);
}
END_TEST

/* The source is the fleet's, and there is nothing to tell machines by. */
START_TEST(what_a_command_says_has_no_realm)
{
    struct asp_primary_now now = says(office, "any text");
    struct asp_fingerprint stored;

    now.source = ASP_SOURCE_COMMAND;
    asp_primary_take(&now, &stored);
    ck_assert_int_eq(compared(stored, now), ASP_PRIMARY_SAME);
    ck_assert(!is_due(stored, now));
    now.realm = lab;
    ck_assert_int_eq(compared(stored, now), ASP_PRIMARY_SAME);
    now.hash = "another!";
    ck_assert_int_eq(compared(stored, now), ASP_PRIMARY_CHANGED);
    /* Of another source: taken anew, as ever. */
    ck_assert(is_due(taken(office, HASH), now));
    ck_assert(is_due(stored, says(office, HASH)));
}
END_TEST

START_TEST(two_looks_of_two_realms_are_not_the_same)
{
    struct asp_fingerprint one = taken(office, HASH);
    struct asp_fingerprint other = one;

    ck_assert(asp_fingerprint_same(&one, &other));
    strcpy(other.realm, "lab");
    ck_assert(!asp_fingerprint_same(&one, &other));
}
END_TEST

START_TEST(a_configuration_says_which_realm_and_whether_others_have_the_accounts)
{
    struct asp_conf *conf = unit_conf("");
    struct asp_realm realm = asp_realm_of(conf);

    ck_assert_str_eq(realm.name, "");
    ck_assert(!realm.is_one_of_many);
    asp_conf_free(conf);
    conf = unit_conf("primary: { realm = \"office\"; };");
    realm = asp_realm_of(conf);
    ck_assert_str_eq(realm.name, "office");
    ck_assert(!realm.is_one_of_many);
    conf->database.host_count = 1;
    ck_assert(asp_realm_of(conf).is_one_of_many);
    asp_conf_free(conf);
}
END_TEST

/* Settling */

static struct asp_fingerprint after;

/* How many entries are revoked by it, of one, and whether the account is to be written. */
static size_t settled(struct asp_fingerprint stored, struct asp_primary_now now, bool reached,
                      bool *written)
{
    const struct asp_revocation how = {.when = NOW, .by = "watch", .keep = 100};
    struct asp_account account;
    struct asp_entry entry;
    size_t revoked;

    asp_account_init(&account, "alice");
    account.primary = stored;
    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    (void)asp_primary_settle(&account, &now, &how, reached, written);
    revoked = account.entries[0].revoked != ASP_NEVER;
    after = account.primary;
    asp_account_free(&account);
    return revoked;
}

/* It is left as it is whatever is found: also by a password that was set here, of a user who has a
 * line there and none here. */
START_TEST(what_is_of_another_realm_is_neither_revoked_nor_written)
{
    static const char *const fields[] = {OTHER, "*", NULL};
    bool written = true;

    for (size_t i = 0; i < UNIT_COUNT(fields); i++) {
        for (int reached = 0; reached < 2; reached++) {
            const struct asp_fingerprint stored = taken(office, HASH);

            ck_assert_uint_eq(settled(stored, says(lab, fields[i]), reached == 1, &written), 0);
            ck_assert(!written);
            ck_assert_mem_eq(&after, &stored, sizeof stored);
        }
    }
    ck_assert_uint_eq(settled(taken(office, HASH), says(office, OTHER), false, &written), 1);
    ck_assert(written);
    ck_assert_str_eq(after.realm, "office");
}
END_TEST

/* Then her password is in no shadow file, and was set for all machines. Whose it is stays. */
START_TEST(who_has_a_line_in_neither_realm_and_sets_a_password_has_changed_it)
{
    const struct asp_fingerprint stored = taken(office, NULL);
    bool written = false;

    ck_assert_uint_eq(settled(stored, says(lab, NULL), true, &written), 1);
    ck_assert(written);
    ck_assert_mem_eq(&after, &stored, sizeof stored);
    ck_assert_uint_eq(settled(stored, says(lab, NULL), false, &written), 0);
    ck_assert_uint_eq(settled(stored, says(lab, OTHER), true, &written), 0);
}
END_TEST

/* All else that it is stays: who is absent is known again by it. */
START_TEST(a_machine_that_has_its_accounts_alone_names_its_realm_in_what_names_none)
{
    struct asp_fingerprint stored = taken(nameless, HASH);
    struct asp_fingerprint named = stored;
    bool written = false;

    strcpy(named.realm, "office");
    ck_assert_uint_eq(settled(stored, says(alone, HASH), false, &written), 0);
    ck_assert(written);
    ck_assert_mem_eq(&after, &named, sizeof named);
    stored.absent = named.absent = true;
    ck_assert_uint_eq(settled(stored, says(alone, NULL), false, &written), 0);
    ck_assert(written);
    ck_assert_mem_eq(&after, &named, sizeof named);
    ck_assert_uint_eq(settled(named, says(alone, NULL), false, &written), 0);
    ck_assert(!written);
    ck_assert_uint_eq(settled(stored, says(alone, OTHER), false, &written), 1);
    ck_assert_str_eq(after.realm, "office");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, it_is_taken_with_the_realm_where_one_is_named);
    unit_add(suite, what_is_of_ones_own_realm_is_compared_as_without_one);
    unit_add(suite, what_is_of_another_realm_is_never_compared_nor_due);
    unit_add(suite, nothing_is_noted_in_what_is_of_another_realm);
    unit_add(suite, what_names_no_realm_is_compared_by_a_machine_that_has_its_accounts_alone);
    unit_add(suite, a_realm_of_one_letter_is_one);
    unit_add(suite, what_a_command_says_has_no_realm);
    unit_add(suite, two_looks_of_two_realms_are_not_the_same);
    unit_add(suite, a_configuration_says_which_realm_and_whether_others_have_the_accounts);
    unit_add(suite, what_is_of_another_realm_is_neither_revoked_nor_written);
    unit_add(suite, who_has_a_line_in_neither_realm_and_sets_a_password_has_changed_it);
    unit_add(suite, a_machine_that_has_its_accounts_alone_names_its_realm_in_what_names_none);
}

int main(void)
{
    return unit_run("primary_realm", fill);
}
