/* The bytes of the file that holds a user's entries: what is written is read, and nothing else. */
#include "account_fixture.h"

#include "asp/account_file.h"
#include "asp/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(what_is_written_is_read_back)
{
    struct asp_account account;
    struct asp_account again;
    size_t length;
    char *text;

    unit_three_entries(&account);
    text = unit_account_text(&account, &length);
    ck_assert_int_eq(read_bytes(text, length, "alice", NULL, &again), ASP_OK);
    same_account(&account, &again);
    ck_assert(account.is_new && !again.is_new);
    asp_account_free(&account);
    asp_account_free(&again);
    ck_assert_ptr_null(again.entries);
    free(text);
}
END_TEST

/* To the byte, so that a change of the format is seen here; the digest was computed apart. */
START_TEST(the_file_is_text_that_a_person_reads_and_a_tool_greps)
{
    static const char expected[] = "asp-account 1 user=\"alice\"\nprimary=-\n" ENTRY(
        "7k", "Phone") "digest=d59b8b669c72a841\n";
    struct asp_account account;
    struct asp_account again;
    struct asp_entry entry;
    size_t length;
    char *text;

    asp_account_init(&account, "alice");
    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    text = unit_account_text(&account, &length);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(read_bytes(expected, sizeof expected - 1, "alice", NULL, &again), ASP_OK);
    asp_account_free(&account);
    asp_account_free(&again);
    free(text);
}
END_TEST

/* Each with a digest that is right: it is the form itself that is refused. */
START_TEST(a_body_that_we_would_not_write_is_corrupt)
{
    static const char *const bodies[] = {
        HEAD,
        HEAD "\n",
        HEAD ENTRY("7k", "Phone"),
        HEAD "primary=\n",
        HEAD "primary=- \n",
        HEAD "primary=none\n",
        HEAD "primary=none,none\n",
        HEAD "primary=shadow\n",
        HEAD "primary=shadow,\n",
        HEAD "primary=shadow,none \n",
        HEAD "primary=other,none\n",
        HEAD "primary=shadow," HEX_64 "\n",
        HEAD "primary=shadow," HEX_64 ",\n",
        HEAD "primary=shadow," HEX_64 ",0" HEX_64 "\n",
        HEAD "primary=shadow," HEX_64 "," HEX_64 ",\n",
        HEAD
        "primary=shadow,0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef," HEX_64
        "\n",
        HEAD
        "primary=shadow,g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef," HEX_64
        "\n",
        HEAD "primary=shadow," HEX_64 ":" HEX_64 "\n",
        HEAD "primary=-\nprimary=-\n",
        HEAD "primary=-\n\n",
        HEAD "primary=-\n" ENTRY("7k", "Phone") "\n",
        HEAD "primary=-\n" ENTRY("7k", "Phone") "junk\n",
        HEAD "primary=-\n" ENTRY("7k", "Phone") "digest=0000000000000000\n",
        HEAD "primary=-\n" ENTRY("7i", "Phone"),
        HEAD "primary=-\n" ENTRY("7i", "Phone") ENTRY("7k", "Phone"),
        HEAD "primary=-\n " ENTRY("7k", "Phone"),
        HEAD "primary=-\n# a comment\n",
        HEAD "primary=-\nid=7k\n",
        HEAD "primary=-\r\n",
        HEAD "primary=shadow,no-line\n",
        HEAD "primary=shadow,no-hash,20000\n",
        HEAD "primary=shadow,absent," HEX_64 "," HEX_64 "\n",
        HEAD_2 "primary=shadow,no-hash\n",
        HEAD_2 "primary=shadow,no-hash,\n",
        HEAD_2 "primary=shadow,no-hash,-1\n",
        HEAD_2 "primary=shadow,no-hash,020000\n",
        HEAD_2 "primary=shadow,no-hash,1000000000\n",
        HEAD_2 "primary=shadow,no-hash,20000 \n",
        HEAD_2 "primary=shadow,no-hash,2026-11-28\n",
        HEAD_2 "primary=shadow,no-line,\n",
        HEAD_2 "primary=shadow,no-line,other\n",
        HEAD_2 "primary=shadow,absent\n",
        HEAD_2 "primary=shadow,absent,\n",
        HEAD_2 "primary=shadow,absent,none\n",
        HEAD_2 "primary=shadow,absent,absent,no-line\n",
        HEAD_2 "primary=command,no-line\n",
        HEAD_2 "primary=command,no-hash,-\n",
        HEAD_2 "primary=command,absent," HEX_64 "," HEX_64 "\n",
        HEAD "primary=shadow@office," HEX_64 "," HEX_64 "\n",
        HEAD_2 "primary=shadow@,none\n",
        HEAD_2 "primary=shadow@office\n",
        HEAD_2 "primary=shadow@of fice,none\n",
        HEAD_2 "primary=shadow@of/fice,none\n",
        HEAD_2 "primary=shadow@" HEX_64 "0,none\n",
        HEAD_2 "primary=command@office,none\n",
        HEAD_2 "primary=none@office,none\n",
        HEAD_2 "primary=@office,none\n",
        HEAD_2,
        "asp-account 2",
        "asp-account 2 user=\"alice\" \nprimary=-\n",
        "asp-account 1 user=\"alice\" \nprimary=-\n",
        "asp-account 1 user=\"alic\\e\"\nprimary=-\n",
        "asp-account 1 user=alice\nprimary=-\n",
        "asp-account 1 USER=\"alice\"\nprimary=-\n",
        "asp-account 1 user=\"alice'\nprimary=-\n",
        "asp-account 1  user=\"alice\"\nprimary=-\n",
        "asp-account   user=\"alice\"\nprimary=-\n",
        "ASP-account 1 user=\"alice\"\nprimary=-\n",
        "asp-account 1\nprimary=-\n",
        "asp-account 0 user=\"alice\"\nprimary=-\n",
        "asp-account 1",
        "",
    };
    struct asp_account account;

    for (size_t i = 0; i < UNIT_COUNT(bodies); i++)
        unit_need(read_body(bodies[i], "alice", &account) == ASP_CORRUPT, "%s", bodies[i]);
    ck_assert_int_eq(read_body(HEAD "primary=shadow," HEX_64 "," HEX_64 "\n", "alice", &account),
                     ASP_OK);
}
END_TEST

/* Each with a digest that is right, but for the last one. */
START_TEST(what_is_damaged_is_told)
{
    static const struct {
        const char *body;
        const char *told;
    } cases[] = {
        {"", "its first line is not one of ours"},
        {"asp-account 0 user=\"alice\"\nprimary=-\n", "its first line is not one of ours"},
        {"asp-account 1 ", "its first line is not one of ours"},
        {"asp-account 1 \n", "another user"},
        {"asp-account 1 user=\"bob\"\nprimary=-\n", "another user"},
        {HEAD "primary=-", "its digest does not match"},
        {HEAD, "its second line"},
        {HEAD "primary=-\n" ENTRY("7k", "Phone") "junk\n", "an entry"},
        {HEAD_2 "primary=-\naccount=not-yet\npending=\n", "what is pending"},
        {HEAD_2 "primary=-\naccount=not-yet\n", "it has entries, and is no account"},
        {HEAD_2 "primary=-\nfollows=\"a/b\"\n", "whom it follows"},
        {HEAD "primary=-\ndigest=0000000000000000\n", "its digest does not match"},
    };
    struct asp_account account;

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        const char *body = cases[i].body;

        unit_need((i + 1 < UNIT_COUNT(cases)
                       ? read_body(body, "alice", &account)
                       : read_bytes(body, strlen(body), "alice", NULL, &account)) == ASP_CORRUPT,
                  "%s", body);
        unit_need(strstr(read_error.text, cases[i].told) != NULL, "%s: %s", body, read_error.text);
    }
}
END_TEST

START_TEST(two_entries_of_one_id_are_corrupt)
{
    struct asp_account account;

    ck_assert_int_eq(read_body(HEAD "primary=-\n" ENTRY("7k", "A") ENTRY("zz", "B")
                                   ENTRY("7k", "C"),
                               "alice", &account),
                     ASP_CORRUPT);
    /* Labels may be the same: one may be revoked, expired or unused. */
    ck_assert_int_eq(
        read_body(HEAD "primary=-\n" ENTRY("7k", "A") ENTRY("zz", "A"), "alice", &account), ASP_OK);
    asp_account_free(&account);
}
END_TEST

START_TEST(the_file_of_another_user_is_refused)
{
    static const char *const users[] = {"",      "a",          "alic",    "alicf",  "alice ",
                                        "Alice", "alicealice", "\"alice", "alice\""};
    struct asp_account account;
    struct asp_account again;
    size_t length;
    char *text;

    unit_three_entries(&account);
    text = unit_account_text(&account, &length);
    for (size_t i = 0; i < UNIT_COUNT(users); i++)
        unit_need(read_bytes(text, length, users[i], NULL, &again) == ASP_CORRUPT, "%s", users[i]);
    asp_account_free(&account);
    free(text);
}
END_TEST

START_TEST(a_name_that_is_not_escaped_as_we_do_it_is_another_users)
{
    static const char *const names[] = {
        "\"a\"b\"", "\"a\\\"b",   "\"a\\\"b'",    "\"a\\\"bc\"", "\"a\\\"b\"\"",
        "\"a\\\"",  "\"a\\\"c\"", "\"b\\\"b\"",   "\"a/\"b\"",   "\"a\\",
        "\"a",      "\"",         "\"\\a\\\"b\"",
    };
    struct asp_account account;
    char body[64];

    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        (void)snprintf(body, sizeof body, "asp-account 1 user=%s\nprimary=-\n", names[i]);
        unit_need(read_body(body, "a\"b", &account) == ASP_CORRUPT, "%s", body);
    }
    ck_assert_int_eq(read_body("asp-account 1 user=\"a\\\"b\"\nprimary=-\n", "a\"b", &account),
                     ASP_OK);
}
END_TEST

/* Names with the bytes that are escaped in the file's first line, at every place and to the limit.
 */
START_TEST(any_well_formed_name_is_its_own_in_the_file)
{
    static const char *const users[] = {"a\"b",        "\"",   "\\",         "a\\",
                                        "a\\\"b\\\\c", "\\\"", "\xc3\xa9 x", "x\xff"};
    char longest[ASP_USER_MAX + 1];
    struct asp_account account;
    struct asp_account again;
    char whose[ASP_USER_MAX + 1];
    size_t length;
    char *text;

    memset(longest, 'a', ASP_USER_MAX);
    longest[ASP_USER_MAX] = '\0';
    for (size_t i = 0; i <= UNIT_COUNT(users); i++) {
        const char *user = i < UNIT_COUNT(users) ? users[i] : longest;

        asp_account_init(&account, user);
        text = unit_account_text(&account, &length);
        unit_need(read_bytes(text, length, user, NULL, &again) == ASP_OK, "%s", user);
        ck_assert_str_eq(again.user, user);
        ck_assert(asp_account_whose((const uint8_t *)text, length, whose));
        ck_assert_str_eq(whose, user);
        free(text);
    }
}
END_TEST

START_TEST(a_first_line_that_we_would_not_write_is_nobodys)
{
    static const char *const lines[] = {
        "",
        "asp-account 1 user=\"alice\"",
        "asp-account 1 user=\"alice\n",
        "asp-account 1 user=\"\n",
        "asp-account 1 user=\"al\"ice\"\n",
        "asp-account 1 user=\"al\\ice\"\n",
        "asp-account 1 user=\"alice\\\"\n",
        "asp-account 1 user=alice\n",
        "asp-account 1 USER=\"alice\"\n",
        "asp-account 1  user=\"alice\"\n",
        "asp-account 10 user=\"alice\"\n",
        "asp-account 0 user=\"alice\"\n",
        "ASP-account 1 user=\"alice\"\n",
        "asp-account user=\"alice\"\n",
        "account user=\"alice\"\n",
    };
    static const char whole[] = "asp-account 1 user=\"alice\"\n";
    static char endless[100000];
    char whose[ASP_USER_MAX + 1];

    for (size_t length = 0; length < sizeof whole; length++)
        unit_need(asp_account_whose((const uint8_t *)whole, length, whose) ==
                      (length == sizeof whole - 1),
                  "%zu", length);
    for (size_t i = 0; i < UNIT_COUNT(lines); i++) {
        strcpy(whose, "alice");
        unit_need(!asp_account_whose((const uint8_t *)lines[i], strlen(lines[i]), whose), "%s",
                  lines[i]);
    }
    memset(endless, 'a', sizeof endless);
    memcpy(endless, "asp-account 1 user=\"", 20);
    memcpy(endless + sizeof endless - 2, "\"\n", 2);
    ck_assert(!asp_account_whose((const uint8_t *)endless, sizeof endless, whose));
}
END_TEST

START_TEST(a_file_cut_at_any_byte_is_refused)
{
    struct asp_account account;
    struct asp_account again;
    size_t length;
    char *text;

    unit_three_entries(&account);
    text = unit_account_text(&account, &length);
    for (size_t cut = 0; cut < length; cut++) {
        unit_need(read_bytes(text, cut, "alice", NULL, &again) == ASP_CORRUPT, "%zu", cut);
        unit_need(read_bytes(text, cut, "alice", "7k", &again) == ASP_CORRUPT, "%zu", cut);
    }
    asp_account_free(&account);
    free(text);
}
END_TEST

START_TEST(a_file_with_any_bit_flipped_is_refused)
{
    static const char *const only[] = {NULL, "7k", "zz", "9x"};
    struct asp_account account;
    struct asp_account again;
    size_t length;
    char *text;

    unit_three_entries(&account);
    text = unit_account_text(&account, &length);
    for (size_t bit = 0; bit < length * 8; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        for (size_t i = 0; i < UNIT_COUNT(only); i++)
            unit_need(read_bytes(text, length, "alice", only[i], &again) != ASP_OK, "bit %zu", bit);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
    ck_assert_int_eq(read_bytes(text, length, "alice", NULL, &again), ASP_OK);
    asp_account_free(&again);
    asp_account_free(&account);
    free(text);
}
END_TEST

/* Lines of the file swapped, dropped, doubled: as a hand that edits might leave it. */
START_TEST(a_file_that_was_edited_is_refused)
{
    struct asp_account account;
    struct asp_account again;
    char edited[8192];
    size_t length;
    char *text;
    char *last;

    unit_three_entries(&account);
    text = unit_account_text(&account, &length);
    last = strstr(text, "\ndigest=") + 1;
    for (char *line = text; line < last; line = strchr(line, '\n') + 1) {
        size_t size = (size_t)(strchr(line, '\n') + 1 - line);
        size_t before = (size_t)(line - text);

        memcpy(edited, text, before);
        memcpy(edited + before, line + size, length - before - size);
        ck_assert_int_ne(read_bytes(edited, length - size, "alice", NULL, &again), ASP_OK);
        memcpy(edited + before, line, size);
        memcpy(edited + before + size, line, length - before);
        ck_assert_int_ne(read_bytes(edited, length + size, "alice", NULL, &again), ASP_OK);
    }
    memcpy(edited, text, length);
    strcpy(edited + length, "\n");
    ck_assert_int_eq(read_bytes(edited, length + 1, "alice", NULL, &again), ASP_CORRUPT);
    ck_assert_int_eq(read_bytes(edited, length - 1, "alice", NULL, &again), ASP_CORRUPT);
    asp_account_free(&account);
    free(text);
}
END_TEST

/* For each id there is; the last entry for those there are not. */
static void only_is_as_full(const struct asp_account *account)
{
    size_t length;
    char *text = unit_account_text(account, &length);

    for (size_t i = 0; i < ASP_IDS; i++) {
        struct asp_account one;
        const struct asp_entry *expected;
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        expected = asp_account_find(account, id);
        unit_need(read_bytes(text, length, "alice", id, &one) == ASP_OK, "%s", id);
        unit_need(one.count == (account->count > 0), "%s: %zu", id, one.count);
        unit_need((asp_account_find(&one, id) != NULL) == (expected != NULL), "%s", id);
        if (one.count > 0)
            unit_same_entry(&one.entries[0],
                            expected != NULL ? expected : &account->entries[account->count - 1]);
        unit_need(memcmp(&one.primary, &account->primary, sizeof one.primary) == 0, "%s", id);
        asp_account_free(&one);
    }
    free(text);
}

START_TEST(reading_one_entry_gives_what_reading_all_gives_for_it)
{
    struct asp_account account;

    asp_account_init(&account, "alice");
    only_is_as_full(&account);
    unit_three_entries(&account);
    only_is_as_full(&account);
    asp_account_free(&account);
}
END_TEST

/* A label, a name or a reason that looks like a line of another id. */
START_TEST(what_stands_in_quotes_is_no_other_entry)
{
    struct asp_account account;
    struct asp_entry entry;

    asp_account_init(&account, "alice");
    unit_plain_entry(&entry, "7k", "id=zz label=\"x\"");
    ck_assert(asp_entry_revoke(&entry, 2000, "id=zz ", "id=zz label=", false));
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    only_is_as_full(&account);
    asp_account_free(&account);
}
END_TEST

/* What begins as the line of the id is its own; what goes on as another id is not. */
START_TEST(an_id_that_is_asked_for_is_compared_whole)
{
    static const char cut[] = HEAD "primary=-\nid=7k \n" ENTRY("zz", "B");
    static const char longer[] = HEAD "primary=-\nid=7kk \n" ENTRY("zz", "B");
    struct asp_account account;

    ck_assert_int_eq(read_body_bytes(cut, strlen(cut), "alice", "7k", &account), ASP_CORRUPT);
    ck_assert_int_eq(read_body_bytes(longer, strlen(longer), "alice", "7k", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 1);
    ck_assert_str_eq(account.entries[0].id, "zz");
    asp_account_free(&account);
}
END_TEST

START_TEST(a_thousand_entries_are_written_and_read)
{
    struct asp_account account;
    struct asp_account again;
    struct asp_entry entry;
    char id[ASP_ID_CHARS + 1];
    size_t length;
    char *text;

    asp_account_init(&account, "alice");
    for (size_t i = 0; i < 1000; i++) {
        unit_id(i, id);
        unit_plain_entry(&entry, id, "Phone");
        entry.created = (time_t)i;
        ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    }
    text = unit_account_text(&account, &length);
    ck_assert_int_eq(read_bytes(text, length, "alice", NULL, &again), ASP_OK);
    same_account(&account, &again);
    asp_account_free(&again);
    for (size_t i = 0; i < 1000; i += 111) {
        unit_id(i, id);
        ck_assert_int_eq(read_bytes(text, length, "alice", id, &again), ASP_OK);
        ck_assert_uint_eq(again.count, 1);
        ck_assert_int_eq(again.entries[0].created, (time_t)i);
        asp_account_free(&again);
    }
    asp_account_free(&account);
    free(text);
}
END_TEST

START_TEST(without_memory_nothing_is_read_and_nothing_lost)
{
    struct asp_account account;
    struct asp_account again;
    struct asp_entry entry;
    struct asp_pending pending = unit_pending("9x", 0);
    size_t length;
    char *text;
    unsigned nth = 0;
    enum asp_status status;
    struct asp_buffer out = {0};
    static const struct unit_plan no_memory = {.call = "malloc", .first = 1, .number = ENOMEM};

    unit_three_entries(&account);
    ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    text = unit_account_text(&account, &length);
    for (bool reached = true; reached;) {
        struct unit_plan plan = {.call = "malloc", .first = ++nth, .times = 1, .number = ENOMEM};

        unit_calls_begin(&plan);
        status = asp_account_read((uint8_t *)text, length, "alice", NULL, &again, NULL);
        reached = unit_calls_end();
        ck_assert_int_eq(status, reached ? ASP_NO_MEMORY : ASP_OK);
    }
    ck_assert_uint_gt(nth, 1);
    asp_account_free(&again);

    unit_plain_entry(&entry, "01", "Watch");
    ck_assert_int_eq(asp_account_add(&account, &entry), ASP_OK);
    unit_plain_entry(&entry, "02", "Car");
    unit_calls_begin(&no_memory);
    status = asp_account_add(&account, &entry);
    asp_account_write(&account, &out);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_NO_MEMORY);
    ck_assert(out.failed);
    asp_buffer_free(&out);
    ck_assert_uint_eq(account.count, 4);
    ck_assert_str_eq(account.entries[3].label, "Watch");
    asp_account_free(&account);
    free(text);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_is_written_is_read_back);
    unit_add(suite, the_file_is_text_that_a_person_reads_and_a_tool_greps);
    unit_add(suite, a_body_that_we_would_not_write_is_corrupt);
    unit_add(suite, what_is_damaged_is_told);
    unit_add(suite, two_entries_of_one_id_are_corrupt);
    unit_add(suite, the_file_of_another_user_is_refused);
    unit_add(suite, a_name_that_is_not_escaped_as_we_do_it_is_another_users);
    unit_add(suite, any_well_formed_name_is_its_own_in_the_file);
    unit_add(suite, a_first_line_that_we_would_not_write_is_nobodys);
    unit_add(suite, a_file_cut_at_any_byte_is_refused);
    unit_add(suite, a_file_with_any_bit_flipped_is_refused);
    unit_add(suite, a_file_that_was_edited_is_refused);
    unit_add(suite, reading_one_entry_gives_what_reading_all_gives_for_it);
    unit_add(suite, what_stands_in_quotes_is_no_other_entry);
    unit_add(suite, an_id_that_is_asked_for_is_compared_whole);
    unit_add(suite, a_thousand_entries_are_written_and_read);
    unit_add(suite, without_memory_nothing_is_read_and_nothing_lost);
}

int main(void)
{
    return unit_run("account_file", fill);
}
