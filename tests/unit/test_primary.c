/* The primary password: what it is now, against what was remembered of it. */
#include "unit.h"

#include "asp/primary.h"
#include "asp/time_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NOW = 1700000000, LATER = NOW + 1000 };

#define HASH "$y$j9T$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz"
#define OTHER "$y$j9T$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyY"
#define DES "./019AZaz1235"
#define BSDI "_./019AZaz./019AZaz1"

static struct asp_primary_now says(const char *hash)
{
    return (struct asp_primary_now){.source = ASP_SOURCE_SHADOW,
                                    .says = ASP_SAYS_HASH,
                                    .hash = hash,
                                    .length = strlen(hash),
                                    .expires = ASP_NEVER};
}

static struct asp_primary_now absent(void)
{
    return (struct asp_primary_now){
        .source = ASP_SOURCE_SHADOW, .says = ASP_SAYS_ABSENT, .expires = ASP_NEVER};
}

static struct asp_primary_now nothing(void)
{
    return (struct asp_primary_now){
        .source = ASP_SOURCE_SHADOW, .says = ASP_SAYS_NOTHING, .expires = ASP_NEVER};
}

static struct asp_fingerprint taken_of(const char *hash)
{
    struct asp_primary_now now = hash != NULL ? says(hash) : absent();
    struct asp_fingerprint stored;

    asp_primary_take(&now, &stored);
    return stored;
}

/* What was stored, what shadow says now, and the answer. */
static const struct {
    const char *stored; /* NULL: the user had no line */
    const char *now;    /* NULL: the user has no line */
    enum asp_primary answer;
} answers[] = {
    {HASH, HASH, ASP_PRIMARY_SAME},
    {HASH, ("!" HASH), ASP_PRIMARY_LOCKED},
    {HASH, ("!!" HASH), ASP_PRIMARY_LOCKED},
    {HASH, ("!!!!" HASH), ASP_PRIMARY_LOCKED},
    {HASH, OTHER, ASP_PRIMARY_CHANGED},
    {HASH, "", ASP_PRIMARY_CHANGED},
    {HASH, "*", ASP_PRIMARY_CHANGED},
    {HASH, "!", ASP_PRIMARY_CHANGED},
    {HASH, "!!", ASP_PRIMARY_CHANGED},
    {HASH, "!*", ASP_PRIMARY_CHANGED},
    {HASH, ("!" OTHER), ASP_PRIMARY_CHANGED},
    {HASH, ("*" HASH), ASP_PRIMARY_CHANGED},
    {HASH, (HASH "x"), ASP_PRIMARY_CHANGED},
    {HASH, "x", ASP_PRIMARY_CHANGED},
    {HASH, NULL, ASP_PRIMARY_ABSENT},
    {("!" HASH), HASH, ASP_PRIMARY_SAME}, /* locked when it was taken */
    {("!" HASH), ("!" HASH), ASP_PRIMARY_LOCKED},
    {("!" HASH), OTHER, ASP_PRIMARY_CHANGED},
    {"*", "*", ASP_PRIMARY_SAME},
    {"*", "!", ASP_PRIMARY_SAME},
    {"!", "!!", ASP_PRIMARY_SAME},
    {"!!", "", ASP_PRIMARY_SAME},
    {"", "*", ASP_PRIMARY_SAME},
    {"", "!*", ASP_PRIMARY_SAME},
    {"*", HASH, ASP_PRIMARY_CHANGED},
    {"!", HASH, ASP_PRIMARY_CHANGED},
    {"!!", HASH, ASP_PRIMARY_CHANGED},
    {"", HASH, ASP_PRIMARY_CHANGED},
    {"*", "x", ASP_PRIMARY_SAME}, /* of no form of crypt(5) */
    {"", "!x", ASP_PRIMARY_SAME},
    {"x", "*", ASP_PRIMARY_SAME},
    {"*", ("*" HASH), ASP_PRIMARY_SAME},
    {"*", ("!" HASH), ASP_PRIMARY_CHANGED},
    {"*", "$", ASP_PRIMARY_CHANGED},
    {"*", DES, ASP_PRIMARY_CHANGED},
    {"*", (DES "0123456789."), ASP_PRIMARY_CHANGED},
    {"*", (DES "0123456789.0123456789."), ASP_PRIMARY_CHANGED},
    {"*", BSDI, ASP_PRIMARY_CHANGED},
    {"*", (DES "0"), ASP_PRIMARY_SAME},
    {"*", (DES "0123456789"), ASP_PRIMARY_SAME},
    {"*", "./019AZaz123", ASP_PRIMARY_SAME},
    {"*", "./019AZaz", ASP_PRIMARY_SAME},
    {"*", "./019AZa", ASP_PRIMARY_SAME},
    {"*", "./019AZaz./019AZaz12", ASP_PRIMARY_SAME},
    {"*", "./019AZaz123:", ASP_PRIMARY_SAME},
    {"*", "./019AZaz123@", ASP_PRIMARY_SAME},
    {"*", "./019AZaz123[", ASP_PRIMARY_SAME},
    {"*", "./019AZaz123`", ASP_PRIMARY_SAME},
    {"*", "./019AZaz123{", ASP_PRIMARY_SAME},
    {"*", "./019AZaz123-", ASP_PRIMARY_SAME},
    {"*", "-/019AZaz1235", ASP_PRIMARY_SAME},
    {"*", (BSDI "0"), ASP_PRIMARY_SAME},
    {"*", "_./019AZaz./019AZaz-", ASP_PRIMARY_SAME},
    {"*", "x./019AZaz./019AZaz1", ASP_PRIMARY_SAME},
    {DES, DES, ASP_PRIMARY_SAME},
    {DES, ("!" DES), ASP_PRIMARY_LOCKED},
    {DES, "./019AZaz1234", ASP_PRIMARY_CHANGED},
    {"*", NULL, ASP_PRIMARY_ABSENT},
    {"!", NULL, ASP_PRIMARY_ABSENT},
    {"x", NULL, ASP_PRIMARY_ABSENT},
    {NULL, NULL, ASP_PRIMARY_SAME},
    {NULL, "*", ASP_PRIMARY_CHANGED},
    {NULL, "!", ASP_PRIMARY_CHANGED},
    {NULL, "", ASP_PRIMARY_CHANGED},
    {NULL, "x", ASP_PRIMARY_CHANGED},
    {NULL, HASH, ASP_PRIMARY_CHANGED},
    {NULL, ("!" HASH), ASP_PRIMARY_CHANGED},
};

START_TEST(every_row_of_the_table_has_its_answer)
{
    struct asp_fingerprint stored = taken_of(answers[_i].stored);
    struct asp_primary_now now = answers[_i].now != NULL ? says(answers[_i].now) : absent();

    ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW), answers[_i].answer);
}
END_TEST

START_TEST(an_account_that_has_expired_is_locked_whatever_else)
{
    static const char *const hashes[] = {HASH, OTHER, "", "*", ("!" HASH)};
    struct asp_fingerprint stored = taken_of(HASH);

    for (size_t i = 0; i < UNIT_COUNT(hashes); i++) {
        struct asp_primary_now now = says(hashes[i]);

        now.expires = NOW;
        ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW), ASP_PRIMARY_LOCKED);
        ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW + 1), ASP_PRIMARY_LOCKED);
        now.expires = 0;
        ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW), ASP_PRIMARY_LOCKED);
    }
    {
        struct asp_primary_now now = says(HASH);

        now.expires = NOW;
        ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW - 1), ASP_PRIMARY_SAME);
    }
}
END_TEST

/* Lesson: Nextcloud #7142 #8958 #12703. */
START_TEST(what_cannot_be_told_is_unknown_and_never_changed)
{
    static const char *const hashes[] = {HASH, "*", "", "!"};
    struct asp_primary_now now = nothing();
    struct asp_fingerprint none = {.taken = false};

    for (size_t i = 0; i < UNIT_COUNT(hashes); i++) {
        struct asp_fingerprint stored = taken_of(hashes[i]);

        now.expires = ASP_NEVER;
        ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW), ASP_PRIMARY_UNKNOWN);
        now.expires = 0;
        ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW), ASP_PRIMARY_UNKNOWN);
    }
    ck_assert_int_eq(asp_primary_compare(&none, &now, NOW), ASP_PRIMARY_UNKNOWN);
}
END_TEST

START_TEST(a_fingerprint_of_none_or_of_another_source_never_counts_as_changed)
{
    struct asp_fingerprint none = {.taken = false};
    struct asp_fingerprint other = taken_of(HASH);
    struct asp_primary_now now = says(OTHER);

    other.source = ASP_SOURCE_COMMAND;
    ck_assert(asp_primary_is_due(&none, &now));
    ck_assert(asp_primary_is_due(&other, &now));
    now.source = ASP_SOURCE_COMMAND;
    ck_assert(!asp_primary_is_due(&other, &now));
    now.source = ASP_SOURCE_SHADOW;
    ck_assert_int_eq(asp_primary_compare(&none, &now, NOW), ASP_PRIMARY_SAME);
    ck_assert_int_eq(asp_primary_compare(&other, &now, NOW), ASP_PRIMARY_SAME);
    /* What else is in one that was not taken says nothing. */
    none = taken_of(HASH);
    none.taken = false;
    ck_assert_int_eq(asp_primary_compare(&none, &now, NOW), ASP_PRIMARY_SAME);
    ck_assert(asp_primary_is_due(&none, &now));
    now = says("!" OTHER);
    ck_assert_int_eq(asp_primary_compare(&none, &now, NOW), ASP_PRIMARY_LOCKED);
    now = absent();
    ck_assert_int_eq(asp_primary_compare(&none, &now, NOW), ASP_PRIMARY_SAME);
    ck_assert_int_eq(asp_primary_compare(&other, &now, NOW), ASP_PRIMARY_SAME);
}
END_TEST

/* What a reader may have left in it counts for nothing. */
START_TEST(who_is_not_said_to_have_a_hash_has_none)
{
    static const enum asp_source sources[] = {ASP_SOURCE_SHADOW, ASP_SOURCE_COMMAND};

    for (size_t i = 0; i < UNIT_COUNT(sources); i++) {
        struct asp_primary_now now = says(HASH);
        struct asp_fingerprint stored;

        now.source = sources[i];
        now.says = ASP_SAYS_ABSENT;
        asp_primary_take(&now, &stored);
        ck_assert_int_ne(stored.had, ASP_HAD_HASH);
        ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW), ASP_PRIMARY_SAME);
        stored = taken_of(HASH);
        stored.source = sources[i];
        stored.absent = true;
        ck_assert(!asp_primary_is_due(&stored, &now));
    }
}
END_TEST

/* It is not read on behind its end. */
START_TEST(a_hash_is_as_long_as_it_is_said_to_be)
{
    for (size_t length = 0; length < 2; length++) {
        struct asp_primary_now now = says(length == 0 ? HASH : "!" HASH);
        struct asp_fingerprint stored;

        now.length = length;
        asp_primary_take(&now, &stored);
        ck_assert_int_eq(stored.had, ASP_HAD_NO_HASH);
    }
}
END_TEST

/* The key is random: two accounts with one hash have nothing in common, and the hash is not there.
 */
START_TEST(a_fingerprint_is_keyed_anew_each_time)
{
    struct asp_fingerprint a = taken_of(HASH);
    struct asp_fingerprint b = taken_of(HASH);
    struct asp_fingerprint none = taken_of("!");

    ck_assert(a.taken && a.had == ASP_HAD_HASH && a.source == ASP_SOURCE_SHADOW);
    ck_assert(none.taken && none.had == ASP_HAD_NO_HASH);
    ck_assert_mem_ne(a.key, b.key, ASP_PRINT_BYTES);
    ck_assert_mem_ne(a.print, b.print, ASP_PRINT_BYTES);
    ck_assert(asp_primary_checksum(&a) != asp_primary_checksum(&b));
    ck_assert(asp_primary_checksum(&a) != asp_primary_checksum(&none));
    ck_assert(asp_primary_checksum(&a) == asp_primary_checksum(&a));
}
END_TEST

/* Keyed BLAKE2b, computed apart: hashlib.blake2b(hash, key=bytes(range(32)), digest_size=32). */
START_TEST(a_fingerprint_is_keyed_blake2b_of_the_hash_without_the_marks_of_a_lock)
{
    static const uint8_t print[ASP_PRINT_BYTES] = {0x2b, 0xe5, 0x79, 0xd8, 0xb5, 0x0e, 0xde, 0xa8,
                                                   0x9b, 0x0c, 0x53, 0xad, 0x85, 0x74, 0x10, 0xf7,
                                                   0x41, 0xf0, 0xae, 0x0c, 0x5d, 0x78, 0x8e, 0xaf,
                                                   0x8c, 0x93, 0x94, 0xf6, 0x8d, 0x99, 0x68, 0x0a};
    struct asp_fingerprint stored = {
        .taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH};
    struct asp_primary_now now = says(HASH);

    for (size_t i = 0; i < ASP_PRINT_BYTES; i++)
        stored.key[i] = (uint8_t)i;
    memcpy(stored.print, print, sizeof print);
    ck_assert_int_eq(asp_primary_compare(&stored, &now, NOW), ASP_PRIMARY_SAME);
    for (size_t bit = 0; bit < ASP_PRINT_BYTES * 8; bit++) {
        stored.print[bit / 8] = (uint8_t)(stored.print[bit / 8] ^ 1U << bit % 8);
        unit_need(asp_primary_compare(&stored, &now, NOW) == ASP_PRIMARY_CHANGED, "bit %zu", bit);
        stored.print[bit / 8] = (uint8_t)(stored.print[bit / 8] ^ 1U << bit % 8);
    }
}
END_TEST

/* Of an account that was written then, and of what a command says that was asked at the
 * 500th nanosecond of the second 1000. */
static bool is_overtaken(time_t seconds, long nanoseconds)
{
    const struct timespec asked = {.tv_sec = 1000, .tv_nsec = 500};
    struct asp_primary_now now = says(HASH);
    struct asp_account account;
    bool overtaken;

    now.source = ASP_SOURCE_COMMAND;
    now.asked = &asked;
    asp_account_init(&account, "alice");
    account.written = (struct timespec){.tv_sec = seconds, .tv_nsec = nanoseconds};
    overtaken = asp_primary_is_overtaken(&account, &now);
    asp_account_free(&account);
    return overtaken;
}

/* A time that is still to come says only that the clock was wrong once. */
START_TEST(what_a_command_said_is_old_when_the_account_was_written_since)
{
    ck_assert(!is_overtaken(1000, 500));
    ck_assert(!is_overtaken(1000, 499));
    ck_assert(!is_overtaken(999, 501));
    ck_assert(is_overtaken(1000, 501));
    ck_assert(is_overtaken(1001, 0));
    ck_assert(is_overtaken(time(NULL) - 1, 0));
    ck_assert(!is_overtaken(time(NULL) + 1000, 0));
}
END_TEST

START_TEST(what_was_said_of_whom_the_account_follows_is_old_when_it_follows_another)
{
    struct asp_primary_now now = says(HASH);
    struct asp_account account;

    asp_account_init(&account, "alice");
    ck_assert(!asp_primary_is_overtaken(&account, &now));
    now.follows = "";
    ck_assert(!asp_primary_is_overtaken(&account, &now));
    now.follows = "carol";
    ck_assert(asp_primary_is_overtaken(&account, &now));
    strcpy(account.follows, "carol");
    ck_assert(!asp_primary_is_overtaken(&account, &now));
    now.follows = NULL; /* it makes no difference */
    ck_assert(!asp_primary_is_overtaken(&account, &now));
    asp_account_free(&account);
}
END_TEST

/* Settling */

static struct asp_account account;
static const struct asp_revocation how = {
    .when = LATER, .by = "watch", .hook_due = true, .keep = 100};

/* Two active entries and one that was revoked before. */
static void fill_account(const struct asp_fingerprint *stored)
{
    struct asp_entry entry;

    asp_account_init(&account, "alice");
    account.primary = *stored;
    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    unit_plain_entry(&entry, "00", "Old");
    ck_assert(asp_entry_revoke(&entry, 2000, "ann", "lost", false));
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    unit_plain_entry(&entry, "zz", "Tablet");
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
}

static size_t revoked_now(void)
{
    size_t count = 0;

    for (size_t i = 0; i < account.count; i++)
        count += account.entries[i].revoked == LATER;
    return count;
}

static void settles(const char *stored, struct asp_primary_now now, bool reached,
                    enum asp_primary expected, bool all_revoked, bool written)
{
    struct asp_fingerprint before = taken_of(stored);
    bool was_written = !written;

    fill_account(&before);
    ck_assert_int_eq(asp_primary_settle(&account, &now, &how, reached, &was_written), expected);
    ck_assert_int_eq(was_written, written);
    ck_assert_uint_eq(revoked_now(), all_revoked ? 2 : 0);
    ck_assert_str_eq(asp_account_find(&account, "00")->reason, "lost");
    if (!written)
        ck_assert_mem_eq(&account.primary, &before, sizeof before);
    if (all_revoked) {
        const struct asp_entry *entry = asp_account_find(&account, "zz");

        ck_assert_str_eq(entry->revoked_by, "watch");
        ck_assert_str_eq(entry->reason, "primary-password");
        ck_assert(entry->hook_due);
        ck_assert_ptr_null(asp_entry_fault(entry));
    }
}

START_TEST(a_change_revokes_all_and_takes_what_is_now)
{
    struct asp_primary_now now = says(OTHER);

    settles(HASH, now, false, ASP_PRIMARY_CHANGED, true, true);
    ck_assert_int_eq(asp_primary_compare(&account.primary, &now, NOW), ASP_PRIMARY_SAME);
    asp_account_free(&account);

    now = says("*");
    settles(HASH, now, false, ASP_PRIMARY_CHANGED, true, true);
    ck_assert_int_eq(asp_primary_compare(&account.primary, &now, NOW), ASP_PRIMARY_SAME);
    now = says(HASH);
    ck_assert_int_eq(asp_primary_compare(&account.primary, &now, NOW), ASP_PRIMARY_CHANGED);
    asp_account_free(&account);
}
END_TEST

START_TEST(anything_else_revokes_nothing_and_is_not_written)
{
    struct asp_primary_now expired = says(OTHER);

    expired.expires = NOW;
    settles(HASH, says(HASH), false, ASP_PRIMARY_SAME, false, false);
    asp_account_free(&account);
    settles(HASH, says(HASH), true, ASP_PRIMARY_SAME, false, false);
    asp_account_free(&account);
    settles(HASH, says("!" HASH), false, ASP_PRIMARY_LOCKED, false, false);
    asp_account_free(&account);
    settles(HASH, expired, false, ASP_PRIMARY_LOCKED, false, false);
    asp_account_free(&account);
    settles(HASH, nothing(), false, ASP_PRIMARY_UNKNOWN, false, false);
    asp_account_free(&account);
    settles(HASH, nothing(), true, ASP_PRIMARY_UNKNOWN, false, false);
    asp_account_free(&account);
    settles(HASH, absent(), false, ASP_PRIMARY_ABSENT, false, false);
    asp_account_free(&account);
    settles("*", absent(), false, ASP_PRIMARY_ABSENT, false, false);
    asp_account_free(&account);
    settles(NULL, absent(), false, ASP_PRIMARY_SAME, false, false);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_user_without_a_line_whose_password_was_just_set_counts_as_changed)
{
    settles("*", absent(), true, ASP_PRIMARY_CHANGED, true, true);
    ck_assert(!account.primary.taken);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_fingerprint_that_is_due_is_taken_and_revokes_nothing)
{
    struct asp_fingerprint none = {.taken = false};
    struct asp_primary_now now = says(HASH);
    bool written = false;

    fill_account(&none);
    ck_assert_int_eq(asp_primary_settle(&account, &now, &how, false, &written), ASP_PRIMARY_SAME);
    ck_assert(written);
    ck_assert_uint_eq(revoked_now(), 0);
    ck_assert(account.primary.taken && account.primary.had == ASP_HAD_HASH);
    ck_assert_int_eq(asp_primary_compare(&account.primary, &now, NOW), ASP_PRIMARY_SAME);
    written = true;
    ck_assert_int_eq(asp_primary_settle(&account, &now, &how, false, &written), ASP_PRIMARY_SAME);
    ck_assert(!written);
    asp_account_free(&account);
}
END_TEST

START_TEST(of_those_revoked_no_more_are_kept_than_the_history_is_long)
{
    struct asp_fingerprint stored = taken_of(HASH);
    struct asp_primary_now now = says(OTHER);
    struct asp_revocation short_history = how;
    bool written;

    short_history.keep = 2;
    fill_account(&stored);
    (void)asp_primary_settle(&account, &now, &short_history, false, &written);
    ck_assert_uint_eq(account.count, 2);
    ck_assert_ptr_null(asp_account_find(&account, "00"));
    asp_account_free(&account);

    /* By what says nothing the account is left as it is. */
    fill_account(&stored);
    now = nothing();
    short_history.keep = 0;
    (void)asp_primary_settle(&account, &now, &short_history, false, &written);
    ck_assert_uint_eq(account.count, 3);
    asp_account_free(&account);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, every_row_of_the_table_has_its_answer, UNIT_COUNT(answers));
    unit_add(suite, an_account_that_has_expired_is_locked_whatever_else);
    unit_add(suite, what_cannot_be_told_is_unknown_and_never_changed);
    unit_add(suite, a_fingerprint_of_none_or_of_another_source_never_counts_as_changed);
    unit_add(suite, who_is_not_said_to_have_a_hash_has_none);
    unit_add(suite, a_hash_is_as_long_as_it_is_said_to_be);
    unit_add(suite, a_fingerprint_is_keyed_anew_each_time);
    unit_add(suite, a_fingerprint_is_keyed_blake2b_of_the_hash_without_the_marks_of_a_lock);
    unit_add(suite, what_a_command_said_is_old_when_the_account_was_written_since);
    unit_add(suite, what_was_said_of_whom_the_account_follows_is_old_when_it_follows_another);
    unit_add(suite, a_change_revokes_all_and_takes_what_is_now);
    unit_add(suite, anything_else_revokes_nothing_and_is_not_written);
    unit_add(suite, a_user_without_a_line_whose_password_was_just_set_counts_as_changed);
    unit_add(suite, a_fingerprint_that_is_due_is_taken_and_revokes_nothing);
    unit_add(suite, of_those_revoked_no_more_are_kept_than_the_history_is_long);
}

int main(void)
{
    return unit_run("primary", fill);
}
