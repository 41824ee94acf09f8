/* No line, a line without a hash and a hash: what is remembered of each, and of who is gone. */
#include "unit.h"

#include "asp/checksum.h"
#include "asp/primary.h"
#include "asp/time_text.h"

#include <string.h>

enum { NOW = 1700000000, DAY = 19000 };

#define HASH "$y$j9T$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"
#define OTHER "$y$j9T$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyY"

/* A line of shadow, changed that day; NULL: none. */
static struct asp_primary_now on(int32_t day, const char *field)
{
    return (struct asp_primary_now){
        .source = ASP_SOURCE_SHADOW,
        .says = field != NULL ? ASP_SAYS_HASH : ASP_SAYS_ABSENT,
        .hash = field,
        .length = field != NULL ? strlen(field) : 0,
        .day = day,
        .expires = ASP_NEVER,
    };
}

static struct asp_primary_now says(const char *field)
{
    return on(DAY, field);
}

static struct asp_fingerprint taken_of(const char *field)
{
    struct asp_primary_now now = says(field);
    struct asp_fingerprint stored;

    asp_primary_take(&now, &stored);
    return stored;
}

/* As 0.1.0 took it: any text is a hash but *, and the rest is none. */
static struct asp_fingerprint taken_by_0_1_0(const char *field)
{
    struct asp_primary_now now = says(field);
    struct asp_fingerprint stored;

    now.source = ASP_SOURCE_COMMAND;
    asp_primary_take(&now, &stored);
    stored.source = ASP_SOURCE_SHADOW;
    return stored;
}

static enum asp_primary compared(const struct asp_fingerprint *stored, struct asp_primary_now now)
{
    return asp_primary_compare(stored, &now, NOW);
}

static bool is_due(const struct asp_fingerprint *stored, struct asp_primary_now now)
{
    return asp_primary_is_due(stored, &now);
}

/* An account with one entry, brought up to what is now: what it was, and what is remembered then.
 */
static enum asp_primary settled(struct asp_fingerprint *stored, struct asp_primary_now now,
                                bool *revoked, bool *written)
{
    static const struct asp_revocation how = {.when = NOW, .by = "watch", .keep = 100};
    struct asp_account account;
    struct asp_entry entry;
    enum asp_primary primary;

    asp_account_init(&account, "alice");
    account.primary = *stored;
    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    primary = asp_primary_settle(&account, &now, &how, false, written);
    *revoked = account.entries[0].revoked != ASP_NEVER;
    *stored = account.primary;
    asp_account_free(&account);
    return primary;
}

/* Lesson: two facts told apart by nothing. */
START_TEST(each_of_the_three_is_taken_as_what_it_is)
{
    static const struct {
        const char *field;
        enum asp_had had;
    } cases[] = {
        {HASH, ASP_HAD_HASH},    {"!" HASH, ASP_HAD_HASH},  {"*", ASP_HAD_NO_HASH},
        {"!", ASP_HAD_NO_HASH},  {"", ASP_HAD_NO_HASH},     {"x", ASP_HAD_NO_HASH},
        {"!x", ASP_HAD_NO_HASH}, {"*LK*", ASP_HAD_NO_HASH}, {NULL, ASP_HAD_NO_LINE},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_fingerprint stored = taken_of(cases[i].field);

        ck_assert(stored.taken && !stored.absent);
        ck_assert_int_eq(stored.had, cases[i].had);
        ck_assert_int_eq(stored.day, cases[i].had == ASP_HAD_NO_HASH ? DAY : 0);
        ck_assert(!is_due(&stored, says(cases[i].field)));
    }
}
END_TEST

START_TEST(a_line_without_a_hash_that_was_made_on_a_later_day_is_another)
{
    struct asp_fingerprint stored = taken_of("!");
    struct asp_primary_now undated = on(ASP_NO_DAY, "!");

    ck_assert_int_eq(compared(&stored, on(DAY, "!")), ASP_PRIMARY_SAME);
    ck_assert_int_eq(compared(&stored, on(DAY + 1, "!")), ASP_PRIMARY_CHANGED);
    ck_assert_int_eq(compared(&stored, on(DAY + 1, "*")), ASP_PRIMARY_CHANGED);
    ck_assert_int_eq(compared(&stored, on(DAY - 1, "!")), ASP_PRIMARY_SAME);
    ck_assert_int_eq(compared(&stored, on(0, "!")), ASP_PRIMARY_SAME);
    ck_assert_int_eq(compared(&stored, undated), ASP_PRIMARY_SAME);
    asp_primary_take(&undated, &stored);
    ck_assert_int_eq(compared(&stored, undated), ASP_PRIMARY_SAME);
    ck_assert_int_eq(compared(&stored, on(0, "!")), ASP_PRIMARY_CHANGED);
    /* A hash is known by itself. */
    stored = taken_of(HASH);
    ck_assert_int_eq(compared(&stored, on(DAY + 1, HASH)), ASP_PRIMARY_SAME);
}
END_TEST

START_TEST(who_is_gone_is_absent_whether_she_had_a_hash_or_not)
{
    static const char *const fields[] = {HASH, ("!" HASH), "*", "!", "", "x"};
    bool revoked;
    bool written;

    for (size_t i = 0; i < UNIT_COUNT(fields); i++) {
        struct asp_fingerprint stored = taken_of(fields[i]);
        struct asp_primary_now none = says(NULL);

        ck_assert_int_eq(settled(&stored, none, &revoked, &written), ASP_PRIMARY_ABSENT);
        ck_assert(!revoked && !written && !stored.absent);
        ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_GONE));
        ck_assert(stored.absent);
        ck_assert(!asp_primary_note(&stored, &none, ASP_SIGHT_GONE));
        ck_assert_int_eq(settled(&stored, none, &revoked, &written), ASP_PRIMARY_ABSENT);
        ck_assert(!revoked && !written && stored.absent);
    }
}
END_TEST

/* Back after it was written that she was gone: by her hash alone is she known. */
START_TEST(who_was_written_absent_is_known_again_by_the_same_hash_alone)
{
    static const struct {
        const char *before;
        const char *now;
        enum asp_primary answer;
    } cases[] = {
        {HASH, HASH, ASP_PRIMARY_SAME},         {HASH, "!" HASH, ASP_PRIMARY_LOCKED},
        {"!" HASH, HASH, ASP_PRIMARY_SAME},     {HASH, OTHER, ASP_PRIMARY_CHANGED},
        {HASH, "!" OTHER, ASP_PRIMARY_CHANGED}, {HASH, "*", ASP_PRIMARY_CHANGED},
        {"*", "*", ASP_PRIMARY_CHANGED},        {"!", "!", ASP_PRIMARY_CHANGED},
        {"x", "x", ASP_PRIMARY_CHANGED},        {"*", HASH, ASP_PRIMARY_CHANGED},
    };
    const struct asp_primary_now none = says(NULL);
    bool revoked;
    bool written;

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_fingerprint stored = taken_of(cases[i].before);

        ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_GONE));
        unit_need(settled(&stored, says(cases[i].now), &revoked, &written) == cases[i].answer,
                  "%zu", i);
        ck_assert_int_eq(revoked, cases[i].answer == ASP_PRIMARY_CHANGED);
        ck_assert(written && !stored.absent);
        ck_assert(!is_due(&stored, says(cases[i].now)));
    }
}
END_TEST

START_TEST(who_is_back_and_expired_is_compared_once_she_is_not)
{
    struct asp_fingerprint stored = taken_of("*");
    struct asp_primary_now now = says("*");
    const struct asp_primary_now none = says(NULL);
    bool revoked;
    bool written;

    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_GONE));
    now.expires = NOW;
    ck_assert_int_eq(settled(&stored, now, &revoked, &written), ASP_PRIMARY_LOCKED);
    ck_assert(!revoked && !written && stored.absent);
    now.expires = ASP_NEVER;
    ck_assert_int_eq(settled(&stored, now, &revoked, &written), ASP_PRIMARY_CHANGED);
    ck_assert(revoked);
}
END_TEST

/* A password was set where it cannot be seen from here: what was remembered holds no longer, also
 * of an account in which nothing is left to be revoked. */
START_TEST(who_is_gone_and_sets_a_password_elsewhere_is_no_longer_absent)
{
    static const struct asp_revocation how = {.when = NOW, .by = "pam:passwd", .keep = 100};
    const struct asp_primary_now none = says(NULL);
    struct asp_account account;
    bool written = false;

    asp_account_init(&account, "alice");
    account.primary = taken_of(HASH);
    ck_assert_int_eq(asp_primary_settle(&account, &none, &how, true, &written),
                     ASP_PRIMARY_CHANGED);
    ck_assert(written && !account.primary.taken);
    ck_assert_int_eq(asp_primary_settle(&account, &none, &how, true, &written),
                     ASP_PRIMARY_CHANGED);
    ck_assert(!written && !account.primary.taken);
    ck_assert_int_eq(asp_primary_settle(&account, &none, &how, false, &written), ASP_PRIMARY_SAME);
    ck_assert(written);
    ck_assert_int_eq(account.primary.had, ASP_HAD_NO_LINE);
    asp_account_free(&account);
}
END_TEST

START_TEST(of_none_that_0_1_0_remembered_the_next_look_tells_which)
{
    struct asp_fingerprint stored = taken_by_0_1_0("*");
    bool revoked;
    bool written;

    ck_assert_int_eq(stored.had, ASP_HAD_NONE);
    ck_assert_int_eq(settled(&stored, on(DAY, "!"), &revoked, &written), ASP_PRIMARY_SAME);
    ck_assert(written && !revoked);
    ck_assert_int_eq(stored.had, ASP_HAD_NO_HASH);
    ck_assert_int_eq(stored.day, DAY);

    stored = taken_by_0_1_0("*");
    ck_assert_int_eq(settled(&stored, says(NULL), &revoked, &written), ASP_PRIMARY_SAME);
    ck_assert(written && !revoked);
    ck_assert_int_eq(stored.had, ASP_HAD_NO_LINE);
    ck_assert_int_eq(compared(&stored, says("!")), ASP_PRIMARY_CHANGED);

    stored = taken_by_0_1_0("*");
    ck_assert_int_eq(settled(&stored, says(HASH), &revoked, &written), ASP_PRIMARY_CHANGED);
    ck_assert(written && revoked);
    ck_assert_int_eq(stored.had, ASP_HAD_HASH);
}
END_TEST

/* It took any text for a hash. What it remembered is the same, and is a line without a hash. */
START_TEST(what_0_1_0_took_for_a_hash_is_the_same_and_known_for_what_it_is)
{
    static const char *const fields[] = {"x", "*LK*", "NP", ("*" HASH)};
    bool revoked;
    bool written;

    for (size_t i = 0; i < UNIT_COUNT(fields); i++) {
        struct asp_fingerprint stored = taken_by_0_1_0(fields[i]);

        ck_assert_int_eq(stored.had, ASP_HAD_HASH);
        ck_assert_int_eq(settled(&stored, says(fields[i]), &revoked, &written), ASP_PRIMARY_SAME);
        ck_assert(written && !revoked);
        ck_assert_int_eq(stored.had, ASP_HAD_NO_HASH);
        ck_assert_int_eq(stored.day, DAY);

        stored = taken_by_0_1_0(fields[i]);
        ck_assert_int_eq(settled(&stored, says("*"), &revoked, &written), ASP_PRIMARY_CHANGED);
        ck_assert(revoked);
    }
    {
        struct asp_fingerprint stored = taken_by_0_1_0(HASH);

        ck_assert_int_eq(settled(&stored, says(HASH), &revoked, &written), ASP_PRIMARY_SAME);
        ck_assert(!written && !revoked);
    }
}
END_TEST

START_TEST(of_what_a_command_says_no_form_is_asked)
{
    static const char *const none[] = {"", "!", "*", "!*"};
    static const char *const some[] = {"x", "!x", "**", "!*x"};
    struct asp_primary_now now = says("any text");
    struct asp_fingerprint stored;

    now.source = ASP_SOURCE_COMMAND;
    asp_primary_take(&now, &stored);
    ck_assert_int_eq(stored.had, ASP_HAD_HASH);
    ck_assert_int_eq(compared(&stored, now), ASP_PRIMARY_SAME);
    ck_assert(!is_due(&stored, now));
    now.hash = "any tex.";
    ck_assert_int_eq(compared(&stored, now), ASP_PRIMARY_CHANGED);
    for (size_t i = 0; i < UNIT_COUNT(none); i++) {
        now = says(none[i]);
        now.source = ASP_SOURCE_COMMAND;
        asp_primary_take(&now, &stored);
        ck_assert_int_eq(stored.had, ASP_HAD_NONE);
        ck_assert_int_eq(compared(&stored, now), ASP_PRIMARY_SAME);
        ck_assert(!is_due(&stored, now));
        now.day++;
        ck_assert_int_eq(compared(&stored, now), ASP_PRIMARY_SAME);
    }
    for (size_t i = 0; i < UNIT_COUNT(some); i++) {
        now = says(some[i]);
        now.source = ASP_SOURCE_COMMAND;
        asp_primary_take(&now, &stored);
        ck_assert_int_eq(stored.had, ASP_HAD_HASH);
    }
}
END_TEST

START_TEST(who_has_no_line_and_is_missed_twice_running_is_absent_until_she_is_found)
{
    const struct asp_primary_now none = says(NULL);
    struct asp_fingerprint stored = taken_of(NULL);

    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_KNOWN));
    ck_assert(!asp_primary_note(&stored, &none, ASP_SIGHT_KNOWN));
    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_MISSED));
    ck_assert_int_eq(compared(&stored, none), ASP_PRIMARY_SAME);
    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_KNOWN)); /* once is no twice */
    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_MISSED));
    ck_assert_int_eq(compared(&stored, none), ASP_PRIMARY_SAME);
    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_MISSED));
    ck_assert_int_eq(compared(&stored, none), ASP_PRIMARY_ABSENT);
    ck_assert(!asp_primary_note(&stored, &none, ASP_SIGHT_MISSED));
    ck_assert(!asp_primary_note(&stored, &none, ASP_SIGHT_GONE));
    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_KNOWN));
    ck_assert_int_eq(compared(&stored, none), ASP_PRIMARY_SAME);
    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_GONE));
    ck_assert_int_eq(compared(&stored, none), ASP_PRIMARY_ABSENT);
    stored.named = ASP_NAMED_KNOWN; /* as a file may say that we have not written */
    ck_assert(asp_primary_note(&stored, &none, ASP_SIGHT_MISSED));
    ck_assert_int_eq(compared(&stored, none), ASP_PRIMARY_ABSENT);
    /* Whoever has a line under that name is another. */
    ck_assert_int_eq(compared(&stored, says("!")), ASP_PRIMARY_CHANGED);
}
END_TEST

START_TEST(nothing_is_noted_of_who_has_a_line_or_was_never_known)
{
    static const enum asp_sight missing[] = {ASP_SIGHT_MISSED, ASP_SIGHT_GONE};
    const struct asp_primary_now none = says(NULL);
    const struct asp_primary_now line = says("*");
    struct asp_fingerprint untaken = {.taken = false};
    struct asp_fingerprint either = taken_by_0_1_0("*");
    struct asp_fingerprint of_command = taken_of(HASH);

    of_command.source = ASP_SOURCE_COMMAND;
    for (size_t i = 0; i < UNIT_COUNT(missing); i++) {
        struct asp_fingerprint virtual = taken_of(NULL);
        struct asp_fingerprint stored = taken_of("*");

        ck_assert(!asp_primary_note(&virtual, &none, missing[i]));
        ck_assert_int_eq(compared(&virtual, none), ASP_PRIMARY_SAME);
        ck_assert(!asp_primary_note(&stored, &line, missing[i]));
        ck_assert(!asp_primary_note(&untaken, &none, missing[i]));
        ck_assert(!asp_primary_note(&either, &none, missing[i]));
        ck_assert(!asp_primary_note(&of_command, &none, missing[i]));
    }
    {
        struct asp_fingerprint stored = taken_of("*");

        /* Who had a line here is not looked for elsewhere. */
        ck_assert(!asp_primary_note(&stored, &none, ASP_SIGHT_MISSED));
        ck_assert(!asp_primary_note(&stored, &none, ASP_SIGHT_KNOWN));
    }
}
END_TEST

START_TEST(every_fact_that_is_remembered_has_a_checksum_of_its_own)
{
    struct asp_fingerprint facts[] = {
        {.taken = false},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NONE},
        {.taken = true, .source = ASP_SOURCE_COMMAND, .had = ASP_HAD_NONE},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH, .key = {1}},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH, .print = {1}},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH, .absent = true},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = 1},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .absent = true},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE, .named = 1},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE, .realm = "a"},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE, .realm = "b"},
    };

    for (size_t i = 0; i < UNIT_COUNT(facts); i++) {
        for (size_t j = 0; j < i; j++)
            unit_need(asp_primary_checksum(&facts[i]) != asp_primary_checksum(&facts[j]),
                      "%zu and %zu", i, j);
    }
}
END_TEST

/* What is remembered by it is kept beside the account, and read by a later version. */
START_TEST(a_checksum_is_of_the_same_bytes_as_ever)
{
    struct asp_fingerprint stored = {.taken = true,
                                     .source = ASP_SOURCE_SHADOW,
                                     .had = ASP_HAD_HASH,
                                     .absent = true,
                                     .day = 19000,
                                     .named = ASP_NAMED_MISSED};
    const int32_t facts[] = {1, ASP_SOURCE_SHADOW, ASP_HAD_HASH, 1, 19000, ASP_NAMED_MISSED};
    uint8_t bytes[sizeof facts + 2 * ASP_PRINT_BYTES + ASP_REALM_MAX] = {0};
    const size_t nameless = sizeof bytes - ASP_REALM_MAX;

    memset(stored.key, 'k', ASP_PRINT_BYTES);
    memset(stored.print, 'p', ASP_PRINT_BYTES);
    memcpy(bytes, facts, sizeof facts);
    memset(bytes + sizeof facts, 'k', ASP_PRINT_BYTES);
    memset(bytes + sizeof facts + ASP_PRINT_BYTES, 'p', ASP_PRINT_BYTES);
    ck_assert(asp_primary_checksum(&stored) == asp_checksum(bytes, nameless));
    strcpy(stored.realm, "x");
    bytes[nameless] = 'x';
    ck_assert(asp_primary_checksum(&stored) == asp_checksum(bytes, sizeof bytes));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, each_of_the_three_is_taken_as_what_it_is);
    unit_add(suite, a_line_without_a_hash_that_was_made_on_a_later_day_is_another);
    unit_add(suite, who_is_gone_is_absent_whether_she_had_a_hash_or_not);
    unit_add(suite, who_was_written_absent_is_known_again_by_the_same_hash_alone);
    unit_add(suite, who_is_back_and_expired_is_compared_once_she_is_not);
    unit_add(suite, who_is_gone_and_sets_a_password_elsewhere_is_no_longer_absent);
    unit_add(suite, of_none_that_0_1_0_remembered_the_next_look_tells_which);
    unit_add(suite, what_0_1_0_took_for_a_hash_is_the_same_and_known_for_what_it_is);
    unit_add(suite, of_what_a_command_says_no_form_is_asked);
    unit_add(suite, who_has_no_line_and_is_missed_twice_running_is_absent_until_she_is_found);
    unit_add(suite, nothing_is_noted_of_who_has_a_line_or_was_never_known);
    unit_add(suite, every_fact_that_is_remembered_has_a_checksum_of_its_own);
    unit_add(suite, a_checksum_is_of_the_same_bytes_as_ever);
}

int main(void)
{
    return unit_run("primary_gone", fill);
}
