/* The versions of the file that holds a user's entries: what 0.1.0 does not know is in the second,
 * and a newer one is told from damage. */
#include "account_fixture.h"

#include "asp/account_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_ONCE(word)                                                                           \
    .taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE, .named = (word)

enum { FORMS = 19, FORMS_OF_1 = 5 };

/* What 0.1.0 does not know has the second version, and all else the first. */
START_TEST(each_form_of_the_fingerprint_is_read_back)
{
    static const struct asp_fingerprint forms[FORMS] = {
        {.taken = false},
        {.taken = true, .source = ASP_SOURCE_SHADOW},
        {.taken = true, .source = ASP_SOURCE_COMMAND},
        {.taken = true,
         .source = ASP_SOURCE_SHADOW,
         .had = ASP_HAD_HASH,
         .key = {1},
         .print = {0xab}},
        {.taken = true, .source = ASP_SOURCE_COMMAND, .had = ASP_HAD_HASH},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = 20000},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = 999999999},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = 0},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .day = ASP_NO_DAY},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_LINE},
        {KNOWN_ONCE(ASP_NAMED_KNOWN)},
        {KNOWN_ONCE(ASP_NAMED_MISSED)},
        {KNOWN_ONCE(ASP_NAMED_MISSED), .absent = true},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_NO_HASH, .absent = true},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .had = ASP_HAD_HASH, .absent = true},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .realm = "a"},
        {.taken = true, .source = ASP_SOURCE_SHADOW, .realm = HEX_64, .had = ASP_HAD_HASH},
        {KNOWN_ONCE(ASP_NAMED_MISSED), .realm = "x@y", .absent = true},
        {.taken = true,
         .source = ASP_SOURCE_SHADOW,
         .realm = "office",
         .had = ASP_HAD_NO_HASH,
         .day = 20000},
    };
    struct asp_account account;
    struct asp_account again;
    size_t length;
    char *text;

    asp_account_init(&account, "alice");
    account.primary = forms[_i];
    text = unit_account_text(&account, &length);
    ck_assert_int_eq(text[strlen("asp-account ")], _i < FORMS_OF_1 ? '1' : '2');
    ck_assert_int_eq(read_bytes(text, length, "alice", NULL, &again), ASP_OK);
    same_account(&account, &again);
    free(text);
}
END_TEST

/* An account of 0.1.0 that is another spelling of a user. 0.1.0 would compare it with nobody. */
START_TEST(whom_an_account_follows_is_kept_in_the_second_version)
{
    static const char *const others[] = {
        HEAD "primary=-\nfollows=\"carol\"\n",
        HEAD_2 "follows=\"carol\"\nprimary=-\n",
        HEAD_2 "primary=-\nfollows=\"carol\"\nfollows=\"dave\"\n",
        HEAD_2 "primary=-\n" ENTRY("7k", "A") "follows=\"carol\"\n",
        HEAD_2 "primary=-\nfollows=\"\"\n",
        HEAD_2 "primary=-\nfollows=\"\n",
        HEAD_2 "primary=-\nfollows=\"carol\n",
        HEAD_2 "primary=-\nfollows=carol\n",
        HEAD_2 "primary=-\nfollows=\"a/b\"\n",
        HEAD_2 "primary=-\nfollows=\"a\"b\"\n",
        HEAD_2 "primary=-\nfollows=\"a\\b\"\n",
        HEAD_2 "primary=-\nfollows=\"a\\\"\n",
        HEAD_2 "primary=-\nfollows=\" carol\"\n",
    };
    static const char cut[] = HEAD_2 "primary=-\nfollows=\"carol\0\"\n";
    struct asp_account account;
    size_t length;
    char *text;

    ck_assert_int_eq(read_body(HEAD_2 "primary=-\nfollows=\"c\\\"a\\\\rol\"\n" ENTRY("7k", "A"),
                               "alice", &account),
                     ASP_OK);
    ck_assert_str_eq(account.follows, "c\"a\\rol");
    text = unit_account_text(&account, &length);
    ck_assert_ptr_nonnull(strstr(text, HEAD_2 "primary=-\nfollows=\"c\\\"a\\\\rol\"\nid=7k "));
    free(text);
    strcpy(account.follows, "c");
    text = unit_account_text(&account, &length);
    ck_assert_ptr_nonnull(strstr(text, HEAD_2 "primary=-\nfollows=\"c\"\nid=7k "));
    asp_account_free(&account);
    free(text);
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        unit_need(read_body(others[i], "alice", &account) == ASP_CORRUPT, "%s", others[i]);
    ck_assert_int_eq(read_body_bytes(cut, sizeof cut - 1, "alice", NULL, &account), ASP_CORRUPT);
}
END_TEST

/* 0.1.0 takes the file that has one for a newer one's, and says "unavailable". */
START_TEST(a_blake2b_line_is_in_the_second_version_revoked_or_not)
{
    struct asp_account account;
    struct asp_account again;
    size_t length;
    char *text;

    unit_three_entries(&account);
    strcpy(account.entries[_i].verifier, BLAKE_ZERO);
    text = unit_account_text(&account, &length);
    ck_assert_int_eq(strncmp(text, HEAD_2, strlen(HEAD_2)), 0);
    ck_assert_int_eq(read_bytes(text, length, "alice", NULL, &again), ASP_OK);
    same_account(&account, &again);
    asp_account_free(&account);
    asp_account_free(&again);
    free(text);
    ck_assert_int_eq(read_body(HEAD "primary=-\n" BLAKE_ENTRY("7k", "A"), "alice", &account),
                     ASP_CORRUPT);
    ck_assert_int_eq(read_body(HEAD_2 "primary=-\n" BLAKE_ENTRY("7k", "A"), "alice", &account),
                     ASP_OK);
    asp_account_free(&account);
}
END_TEST

/* 0.1.0 looks for it where the name does not fit. */
START_TEST(a_user_whose_file_cannot_have_her_name_is_in_the_second_version)
{
    for (size_t length = ASP_USER_FILE - 1; length <= ASP_USER_FILE + 2; length++) {
        struct asp_account account;
        char user[ASP_USER_MAX + 1] = "";
        size_t size;
        char *text;

        memset(user, 'a', length);
        asp_account_init(&account, user);
        text = unit_account_text(&account, &size);
        ck_assert_int_eq(text[strlen("asp-account ")], length <= ASP_USER_FILE ? '1' : '2');
        free(text);
    }
}
END_TEST

START_TEST(what_needs_the_second_version_no_more_is_written_as_the_first)
{
    struct asp_account account;
    size_t length;
    char *text;

    ck_assert_int_eq(read_body(HEAD_2 "primary=shadow,none\n" ENTRY("7k", "A"), "alice", &account),
                     ASP_OK);
    text = unit_account_text(&account, &length);
    ck_assert_int_eq(strncmp(text, HEAD, strlen(HEAD)), 0);
    asp_account_free(&account);
    free(text);
}
END_TEST

/* The file that 0.1.0 has written of a user with a hash and one without. */
START_TEST(a_file_of_the_first_version_is_written_back_byte_for_byte)
{
    static const char *const lines[] = {
        "primary=-\n",
        "primary=shadow,none\n",
        "primary=command,none\n",
        "primary=shadow," HEX_64 "," HEX_64 "\n",
    };

    for (size_t i = 0; i < UNIT_COUNT(lines); i++) {
        struct asp_account account;
        char body[4096];
        size_t length;
        char *text;

        (void)snprintf(body, sizeof body, HEAD "%s" ENTRY("7k", "A"), lines[i]);
        ck_assert_int_eq(read_body(body, "alice", &account), ASP_OK);
        text = unit_account_text(&account, &length);
        ck_assert_int_eq(strncmp(text, body, strlen(body)), 0);
        asp_account_free(&account);
        free(text);
    }
}
END_TEST

START_TEST(a_newer_version_is_told_from_damage)
{
    struct asp_account account;

    for (int version = 3; version <= 300; version++) {
        char body[64];

        (void)snprintf(body, sizeof body, "asp-account %d user=\"alice\" new=1\nother\n", version);
        ck_assert_int_eq(read_body(body, "alice", &account), ASP_NEWER);
        ck_assert_int_eq(read_bytes(body, strlen(body), "alice", NULL, &account), ASP_NEWER);
    }
    ck_assert_int_eq(read_body("asp-account 18446744073709551617 x\n", "alice", &account),
                     ASP_NEWER);
}
END_TEST

/* The bytes go on behind what there is of the file. */
START_TEST(a_version_is_read_of_the_file_and_not_of_what_is_behind_it)
{
    static const char text[] = "asp-account 3 user=\"alice\"\n";
    struct asp_account account;

    for (size_t length = 0; length < sizeof text; length++)
        unit_need(asp_account_read((const uint8_t *)text, length, "alice", NULL, &account, NULL) ==
                      (length < strlen("asp-account 3 ") ? ASP_CORRUPT : ASP_NEWER),
                  "%zu", length);
}
END_TEST

START_TEST(what_is_no_number_of_a_version_is_damage)
{
    static const char *const numbers[] = {"",   " ",  "0", "00", "01", "02", "10user", "2user",
                                          "1x", "1,", "x", "-2", "+2", "2",  "99"};
    struct asp_account account;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char body[64];
        /* The last two are all that there is. */
        const char *rest = i + 2 < sizeof numbers / sizeof *numbers ? " user=\"alice\"\n" : "";

        (void)snprintf(body, sizeof body, "asp-account %s%s", numbers[i], rest);
        unit_need(read_bytes(body, strlen(body), "alice", NULL, &account) == ASP_CORRUPT, "%s",
                  body);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, each_form_of_the_fingerprint_is_read_back, FORMS);
    unit_add(suite, whom_an_account_follows_is_kept_in_the_second_version);
    unit_loop(suite, a_blake2b_line_is_in_the_second_version_revoked_or_not, 3);
    unit_add(suite, a_user_whose_file_cannot_have_her_name_is_in_the_second_version);
    unit_add(suite, what_needs_the_second_version_no_more_is_written_as_the_first);
    unit_add(suite, a_file_of_the_first_version_is_written_back_byte_for_byte);
    unit_add(suite, a_newer_version_is_told_from_damage);
    unit_add(suite, a_version_is_read_of_the_file_and_not_of_what_is_behind_it);
    unit_add(suite, what_is_no_number_of_a_version_is_damage);
}

int main(void)
{
    return unit_run("account_versions", fill);
}
