/* What was made and was not shown yet: its line in the file of the account, and in the account. */
#include "unit.h"

#include "asp/account_file.h"
#include "asp/checksum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1700000000 };

#define HMAC_ZERO "$hmac-sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HEAD "asp-account 2 user=\"alice\"\nprimary=-\n"
#define MARK "account=not-yet\n"
#define PENDING(id) "pending=" id " made=2023-11-14T22:13:20Z verifier=" HMAC_ZERO "\n"
#define ENTRY(id)                                                                                  \
    "id=" id " label=\"" id "\" app=first-use created=1970-01-01T00:16:40Z by=\"root\" bound=- "   \
    "expires=never unused=never from=any revoked=- verifier=" HMAC_ZERO "\n"

/* BODY with the digest of it. */
static enum asp_status read_body(const char *body, const char *only, struct asp_account *account)
{
    char text[8192];
    int length = snprintf(text, sizeof text, "%sdigest=%016llx\n", body,
                          (unsigned long long)asp_checksum(body, strlen(body)));

    ck_assert_int_lt(length, (int)sizeof text);
    return asp_account_read((const uint8_t *)text, (size_t)length, "alice", only, account, NULL);
}

/* The line, to the byte */

/* Reads from memory of the line's very size, and is what would be written, or is corrupt. */
static enum asp_status read_line(const char *line, size_t length, struct asp_pending *pending)
{
    char *exact = malloc(length + (length == 0));
    struct asp_buffer out = {0};
    enum asp_status status;

    unit_need(exact != NULL, "no memory");
    memcpy(exact, line, length);
    memset(pending, 'x', sizeof *pending);
    status = asp_pending_read(exact, length, pending);
    free(exact);
    if (status == ASP_OK) {
        asp_pending_write(pending, &out);
        unit_need(out.length == length + 1 && memcmp(out.text, line, length) == 0 &&
                      out.text[length] == '\n',
                  "%.*s became %s", (int)length, line, out.text);
        asp_buffer_free(&out);
    } else {
        unit_need(status == ASP_CORRUPT, "%.*s", (int)length, line);
    }
    return status;
}

START_TEST(there_is_one_text_for_it)
{
    static const struct asp_pending nothing;
    static const char line[] = "pending=9x made=2023-11-14T22:13:20Z verifier=" HMAC_ZERO;
    const size_t length = sizeof line - 1;
    struct asp_pending pending;
    char changed[4096];

    ck_assert_int_eq(read_line(line, length, &pending), ASP_OK);
    ck_assert_str_eq(pending.id, "9x");
    ck_assert_int_eq(pending.made, NOW);
    ck_assert_str_eq(pending.verifier, HMAC_ZERO);
    for (size_t at = 0; at < length; at++) {
        unit_need(read_line(line, at, &pending) == ASP_CORRUPT, "%zu bytes of it", at);
        memcpy(changed, line, length);
        for (unsigned byte = 0; byte < 256; byte++) {
            changed[at] = (char)byte;
            (void)read_line(changed, length, &pending);
        }
    }
    memset(changed + length, 'A', sizeof changed - length);
    ck_assert_int_eq(read_line(changed, sizeof changed, &pending), ASP_CORRUPT);
    ck_assert_int_eq(read_line(line, sizeof line, &pending), ASP_CORRUPT); /* with its NUL */
    ck_assert_int_eq(read_line("", 0, &pending), ASP_CORRUPT);
    ck_assert_mem_eq(&pending, &nothing, sizeof pending);
}
END_TEST

START_TEST(it_is_a_line_above_the_entries_and_the_file_is_of_the_second_version)
{
    static const char *const bodies[] = {
        HEAD PENDING("9x"),
        HEAD PENDING("9x") PENDING("00"),
        HEAD PENDING("9x") ENTRY("7k"),
        HEAD MARK PENDING("9x"),
        HEAD MARK PENDING("9x") PENDING("00"),
    };

    for (size_t i = 0; i < UNIT_COUNT(bodies); i++) {
        struct asp_account account;
        size_t length;
        char *text;

        ck_assert_int_eq(read_body(bodies[i], NULL, &account), ASP_OK);
        ck_assert_str_eq(account.pending[0].id, "9x");
        ck_assert_int_eq(account.pending[0].made, 1700000000);
        ck_assert(account.not_yet == (strstr(bodies[i], MARK) != NULL));
        text = unit_account_text(&account, &length);
        ck_assert_int_eq(strncmp(text, bodies[i], strlen(bodies[i])), 0);
        ck_assert_int_eq(strncmp(text + strlen(bodies[i]), "digest=", 7), 0);
        asp_account_free(&account);
        free(text);
    }
}
END_TEST

START_TEST(a_line_that_we_would_not_write_or_not_there_is_corrupt)
{
    static const char *const bodies[] = {
        HEAD MARK,
        HEAD MARK ENTRY("7k"),
        HEAD MARK PENDING("9x") ENTRY("7k"),
        HEAD MARK MARK PENDING("9x"),
        HEAD PENDING("9x") MARK,
        HEAD "account=not-yet \n" PENDING("9x"),
        HEAD "account=\n" PENDING("9x"),
        HEAD "account=Not-yet\n" PENDING("9x"),
        HEAD PENDING("9x") PENDING("9x"),
        HEAD PENDING("9x") ENTRY("9x"),
        HEAD ENTRY("7k") PENDING("9x"),
        HEAD PENDING("9i"),
        HEAD PENDING("9i") PENDING("9x"),
        HEAD PENDING("9"),
        HEAD "pending=9x made=- verifier=" HMAC_ZERO "\n",
        HEAD "pending=9x verifier=" HMAC_ZERO "\n",
        HEAD "pending=9x made=2023-11-14T22:13:20Z\n",
        HEAD "pending=9x made=2023-11-14T22:13:20Z verifier=x\n",
        HEAD "pending=9x made=2023-11-14T22:13:20Z verifier=" HMAC_ZERO " \n",
        HEAD "pending=\n",
        "asp-account 1 user=\"alice\"\nprimary=-\n" PENDING("9x"),
        "asp-account 1 user=\"alice\"\nprimary=-\n" MARK PENDING("9x"),
        "asp-account 2 user=\"alice\"\n" PENDING("9x") "primary=-\n",
    };
    struct asp_account account;

    for (size_t i = 0; i < UNIT_COUNT(bodies); i++)
        unit_need(read_body(bodies[i], NULL, &account) == ASP_CORRUPT, "%s", bodies[i]);
}
END_TEST

START_TEST(an_entry_is_read_alone_beside_it)
{
    static const char body[] = HEAD PENDING("9x") ENTRY("7k") ENTRY("00");
    struct asp_account account;

    ck_assert_int_eq(read_body(body, "7k", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 1);
    ck_returned_str_eq(account.entries[0].id, "7k");
    asp_account_free(&account);
    ck_assert_int_eq(read_body(body, "9x", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 1);
    ck_returned_str_eq(account.entries[0].id, "00");
    asp_account_free(&account);
    ck_assert_int_eq(read_body(HEAD MARK PENDING("9x"), "9x", &account), ASP_OK);
    ck_assert_uint_eq(account.count, 0);
    asp_account_free(&account);
}
END_TEST

/* In the account */

START_TEST(its_id_is_taken_and_it_is_no_entry)
{
    struct asp_account account;
    struct asp_pending pending = unit_pending("9x", 0);
    struct asp_entry *copies;
    bool taken[ASP_IDS];
    size_t count;

    unit_three_entries(&account);
    ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    asp_account_ids(&account, taken);
    ck_assert(taken[asp_id_index("9x")] && taken[asp_id_index("7k")] && !taken[0x100]);
    ck_assert_ptr_null(asp_account_find(&account, "9x"));
    ck_assert_int_eq(asp_account_copy(&account, true, &copies, &count), ASP_OK);
    ck_assert_uint_eq(count, 3);
    asp_entries_free(copies, count);
    asp_account_prune(&account, 0);
    ck_assert_uint_eq(account.pending_count, 1);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_revocation_of_all_drops_it_and_counts_it_not)
{
    struct asp_account account;
    struct asp_pending pending = unit_pending("9x", 0);

    unit_three_entries(&account);
    ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    ck_assert_uint_eq(asp_account_revoke_all(&account, 3000, "root", "x", false), 2);
    ck_assert_uint_eq(account.pending_count, 0);
    ck_assert(!asp_account_drop_pending(&account, &pending));
    asp_account_free(&account);
}
END_TEST

/* Its id may have been given to another since. */
START_TEST(that_very_one_is_dropped_and_no_other)
{
    struct asp_account account;
    struct asp_pending first = unit_pending("9x", 0);
    struct asp_pending second = unit_pending("zz", 0);
    struct asp_pending other = first;

    asp_account_init(&account, "alice");
    ck_assert_int_eq(asp_account_add_pending(&account, &first), ASP_OK);
    ck_assert_int_eq(asp_account_add_pending(&account, &second), ASP_OK);
    other.verifier[strlen(other.verifier) - 1] = 'E';
    ck_assert(!asp_account_drop_pending(&account, &other));
    ck_assert_uint_eq(account.pending_count, 2);
    ck_assert(asp_account_drop_pending(&account, &first));
    ck_assert(!asp_account_drop_pending(&account, &first));
    ck_assert_uint_eq(account.pending_count, 1);
    ck_assert_str_eq(account.pending[0].id, "zz");
    asp_account_free(&account);
}
END_TEST

START_TEST(over_ten_minutes_away_to_either_side_it_is_stale)
{
    struct asp_account account;
    struct asp_pending pending = unit_pending("9x", 0);

    ck_assert(!asp_pending_is_stale(&pending, pending.made));
    ck_assert(!asp_pending_is_stale(&pending, pending.made + 600));
    ck_assert(!asp_pending_is_stale(&pending, pending.made - 600));
    ck_assert(asp_pending_is_stale(&pending, pending.made + 601));
    ck_assert(asp_pending_is_stale(&pending, pending.made - 601));

    asp_account_init(&account, "alice");
    for (size_t i = 0; i < 4; i++) {
        unit_id(i, pending.id);
        pending.made = NOW + 601 * (time_t)(i % 2);
        ck_assert_int_eq(asp_account_add_pending(&account, &pending), ASP_OK);
    }
    asp_account_drop_stale(&account, NOW);
    ck_assert_uint_eq(account.pending_count, 2);
    ck_assert_str_eq(account.pending[0].id, "00");
    ck_assert_str_eq(account.pending[1].id, "02");
    asp_account_free(&account);
}
END_TEST

/* Made under an earlier primary password it is no good, whoever has seen the change first. */
START_TEST(each_look_at_a_hash_has_a_fingerprint_of_its_own)
{
    struct asp_primary_now now = unit_shadow_says("$6$old");
    struct asp_fingerprint one;
    struct asp_fingerprint other;

    asp_primary_take(&now, &one);
    other = one;
    ck_assert(asp_fingerprint_same(&one, &other));
    other.absent = true;
    other.named = ASP_NAMED_MISSED;
    ck_assert(asp_fingerprint_same(&one, &other));
    asp_primary_take(&now, &other);
    ck_assert(!asp_fingerprint_same(&one, &other));
    ck_assert(!asp_fingerprint_same(&one, &(struct asp_fingerprint){.taken = false}));
    one = other = (struct asp_fingerprint){.taken = true, .had = ASP_HAD_NO_HASH, .day = 1};
    other.day = 2;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.source = ASP_SOURCE_COMMAND;
    ck_assert(!asp_fingerprint_same(&one, &other));
    other = one;
    other.had = ASP_HAD_NO_LINE;
    ck_assert(!asp_fingerprint_same(&one, &other));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, there_is_one_text_for_it);
    unit_add(suite, it_is_a_line_above_the_entries_and_the_file_is_of_the_second_version);
    unit_add(suite, a_line_that_we_would_not_write_or_not_there_is_corrupt);
    unit_add(suite, an_entry_is_read_alone_beside_it);
    unit_add(suite, its_id_is_taken_and_it_is_no_entry);
    unit_add(suite, a_revocation_of_all_drops_it_and_counts_it_not);
    unit_add(suite, that_very_one_is_dropped_and_no_other);
    unit_add(suite, over_ten_minutes_away_to_either_side_it_is_stale);
    unit_add(suite, each_look_at_a_hash_has_a_fingerprint_of_its_own);
}

int main(void)
{
    return unit_run("pending", fill);
}
