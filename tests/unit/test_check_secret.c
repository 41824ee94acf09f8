/* The first half of the decision: is this the secret of an entry, and that one hash is all it
 * costs. */
#include "unit.h"

#include "asp/check.h"

#include <errno.h>
#include <string.h>

static const struct asp_cost blake = {ASP_BLAKE2B, 19456, 2};
static const struct asp_cost hmac = {ASP_HMAC_SHA256, 19456, 2};
static const struct asp_cost argon = {ASP_ARGON2ID, 8192, 1};

/* What came of a first half, and what it cost. */
struct proof {
    enum asp_verdict verdict;
    const struct asp_entry *entry;
    unsigned blakes;
    unsigned hmacs;
    unsigned argons;
};

static struct proof prove_with(const struct asp_account *account, const struct asp_secret *secret,
                               const struct asp_cost *cost, const struct unit_plan *plan)
{
    static const struct asp_entry stale;
    struct proof proof = {.entry = &stale};

    unit_calls_begin(plan);
    proof.verdict = asp_check_secret(account, secret, cost, &proof.entry);
    (void)unit_calls_end();
    proof.blakes = unit_calls("blake2b");
    proof.hmacs = unit_calls("hmac");
    proof.argons = unit_calls("crypto_pwhash");
    return proof;
}

static struct proof prove(const struct asp_account *account, const struct asp_secret *secret)
{
    return prove_with(account, secret, &hmac, NULL);
}

/* Alice's account of `count` entries; the secret of the last is returned. */
static struct asp_secret account_of(struct asp_account *account, size_t count)
{
    struct asp_secret secret = {.id = ""};
    struct asp_entry entry;
    char id[ASP_ID_CHARS + 1];

    asp_account_init(account, "alice");
    for (size_t i = 0; i < count; i++) {
        unit_id(i, id);
        if (i + 1 == count)
            secret = unit_entry(&entry, "alice", id, "Phone");
        else
            unit_plain_entry(&entry, id, "Other");
        ck_assert_int_eq(asp_account_add(account, &entry), ASP_OK);
    }
    return secret;
}

static void wrong_letter(struct asp_secret *secret)
{
    secret->key[11] = secret->key[11] == '5' ? '6' : '5';
}

START_TEST(one_hash_is_run_whatever_the_number_of_entries)
{
    static const size_t counts[] = {1, 2, 25, 500, 1024};
    struct asp_account account;
    struct asp_secret secret = account_of(&account, counts[_i]);
    struct asp_secret wrong = secret;
    struct proof right = prove(&account, &secret);
    struct proof refused;

    wrong_letter(&wrong);
    refused = prove(&account, &wrong);
    ck_assert_int_eq(right.verdict, ASP_ACCEPTED);
    ck_assert_ptr_eq(right.entry, &account.entries[account.count - 1]);
    ck_assert_uint_eq(right.hmacs, 1);
    ck_assert_uint_eq(right.argons, 0);
    ck_assert_int_eq(refused.verdict, ASP_WRONG_SECRET);
    ck_assert_ptr_null(refused.entry);
    ck_assert_uint_eq(refused.hmacs, 1);
    ck_assert_uint_eq(refused.argons, 0);
    asp_account_free(&account);
}
END_TEST

/* Of the last line where there is one, whatever new ones are to be; else of a new one. */
static void unknown_costs(const struct asp_account *account, const struct asp_cost *configured,
                          const struct asp_cost *expected)
{
    const struct asp_secret secret = {.id = "zz", .key = "abcdefghjkmnpqrstvwxyz0"};
    struct proof proof = prove_with(account, &secret, configured, NULL);

    ck_assert_int_eq(proof.verdict, ASP_NOT_AN_APP_PASSWORD);
    ck_assert_ptr_null(proof.entry);
    ck_assert_uint_eq(proof.blakes, expected == &blake);
    ck_assert_uint_eq(proof.hmacs, expected == &hmac);
    ck_assert_uint_eq(proof.argons, expected == &argon);
}

START_TEST(an_unknown_id_costs_the_same_as_one_of_the_account_and_is_not_ours)
{
    static const struct asp_cost *const costs[] = {&blake, &hmac, &argon};
    static const size_t counts[] = {1, 2, 500};
    struct asp_account account;

    asp_account_init(&account, "alice");
    for (size_t configured = 0; configured < UNIT_COUNT(costs); configured++)
        unknown_costs(&account, costs[configured], costs[configured]);
    asp_account_free(&account);

    for (size_t last = 0; last < UNIT_COUNT(costs); last++) {
        struct asp_secret secret = account_of(&account, counts[_i]);

        ck_assert_int_eq(asp_verifier_make(costs[last], "alice", &secret,
                                           account.entries[account.count - 1].verifier),
                         ASP_OK);
        for (size_t configured = 0; configured < UNIT_COUNT(costs); configured++)
            unknown_costs(&account, costs[configured], costs[last]);
        asp_account_free(&account);
    }
}
END_TEST

/* Whatever is compared: the line is that of another id. */
/* Lesson: linux-pam CVE-2020-27780. */
START_TEST(an_unknown_id_is_never_right)
{
    static const struct unit_plan equal = {
        .call = "sodium_memcmp", .first = 1, .returns = true, .result = 0};
    const struct asp_secret secret = {.id = "zz", .key = "abcdefghjkmnpqrstvwxyz0"};
    struct asp_account account;
    struct proof proof;

    (void)account_of(&account, 3);
    proof = prove_with(&account, &secret, &blake, &equal);
    ck_assert_int_eq(proof.verdict, ASP_NOT_AN_APP_PASSWORD);
    ck_assert_ptr_null(proof.entry);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_right_secret_with_capitals_is_the_wrong_case_and_a_wrong_one_is_none_of_ours)
{
    static const struct asp_cost *const costs[] = {&hmac, &argon};
    struct asp_account account;
    struct asp_secret secret = account_of(&account, 3);
    struct proof proof;

    for (size_t i = 0; i < UNIT_COUNT(costs); i++) {
        struct asp_secret typed = secret;
        unsigned slow = costs[i] == &argon;

        ck_assert_int_eq(asp_verifier_make(costs[i], "alice", &secret, account.entries[2].verifier),
                         ASP_OK);
        typed.capitals = true;
        proof = prove_with(&account, &typed, costs[i], NULL);
        ck_assert_int_eq(proof.verdict, ASP_WRONG_CASE);
        ck_assert_ptr_eq(proof.entry, &account.entries[2]);
        ck_assert_uint_eq(proof.argons, slow);
        ck_assert_uint_eq(proof.hmacs, 1 - slow);

        wrong_letter(&typed);
        proof = prove_with(&account, &typed, costs[i], NULL);
        ck_assert_int_eq(proof.verdict, ASP_NOT_AN_APP_PASSWORD);
        ck_assert_ptr_null(proof.entry);
        ck_assert_uint_eq(proof.hmacs + proof.argons, 1);

        memcpy(typed.id, "zz", sizeof typed.id);
        proof = prove_with(&account, &typed, costs[i], NULL);
        ck_assert_int_eq(proof.verdict, ASP_NOT_AN_APP_PASSWORD);
        ck_assert_ptr_null(proof.entry);
        ck_assert_uint_eq(proof.hmacs + proof.argons, 1);
    }
    asp_account_free(&account);
}
END_TEST

START_TEST(the_wrong_case_is_told_before_the_state_of_the_entry)
{
    struct asp_account account;
    struct asp_secret secret = account_of(&account, 2);

    secret.capitals = true;
    ck_assert(asp_entry_revoke(&account.entries[1], 2000, "ann", "lost", false));
    ck_assert_int_eq(prove(&account, &secret).verdict, ASP_WRONG_CASE);
    asp_account_free(&account);
}
END_TEST

START_TEST(what_is_not_shaped_like_ours_is_not_hashed)
{
    struct asp_account account;
    struct proof proof;

    (void)account_of(&account, 3);
    proof = prove(&account, NULL);
    ck_assert_int_eq(proof.verdict, ASP_NOT_AN_APP_PASSWORD);
    ck_assert_ptr_null(proof.entry);
    ck_assert_uint_eq(proof.hmacs + proof.argons, 0);
    asp_account_free(&account);
}
END_TEST

START_TEST(all_schemes_are_recognised_at_all_times)
{
    struct asp_account account;
    struct asp_secret secret = account_of(&account, 2);
    struct proof proof;

    proof = prove_with(&account, &secret, &argon, NULL);
    ck_assert_int_eq(proof.verdict, ASP_ACCEPTED);
    ck_assert_uint_eq(proof.hmacs, 1);
    ck_assert_uint_eq(proof.argons, 0);

    ck_assert_int_eq(asp_verifier_make(&argon, "alice", &secret, account.entries[1].verifier),
                     ASP_OK);
    proof = prove(&account, &secret);
    ck_assert_int_eq(proof.verdict, ASP_ACCEPTED);
    ck_assert_ptr_eq(proof.entry, &account.entries[1]);
    ck_assert_uint_eq(proof.hmacs, 0);
    ck_assert_uint_eq(proof.argons, 1);
    wrong_letter(&secret);
    proof = prove(&account, &secret);
    ck_assert_int_eq(proof.verdict, ASP_WRONG_SECRET);
    ck_assert_uint_eq(proof.hmacs, 0);
    ck_assert_uint_eq(proof.argons, 1);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_line_copied_from_another_user_or_entry_proves_nothing)
{
    struct asp_account account;
    struct asp_secret secret = account_of(&account, 2);

    strcpy(account.entries[0].verifier, account.entries[1].verifier);
    memcpy(secret.id, account.entries[0].id, sizeof secret.id);
    ck_assert_int_eq(prove(&account, &secret).verdict, ASP_WRONG_SECRET);
    memcpy(secret.id, account.entries[1].id, sizeof secret.id);
    ck_assert_int_eq(prove(&account, &secret).verdict, ASP_ACCEPTED);
    strcpy(account.user, "bob");
    ck_assert_int_eq(prove(&account, &secret).verdict, ASP_WRONG_SECRET);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_revoked_entry_is_still_the_one_whose_secret_it_is)
{
    struct asp_account account;
    struct asp_secret secret = account_of(&account, 2);
    struct proof proof;

    ck_assert(asp_entry_revoke(&account.entries[1], 2000, "ann", "lost", false));
    proof = prove(&account, &secret);
    ck_assert_int_eq(proof.verdict, ASP_ACCEPTED);
    ck_assert_ptr_eq(proof.entry, &account.entries[1]);
    asp_account_free(&account);
}
END_TEST

/* Never a wrong secret, and never a right one. */
START_TEST(without_memory_for_the_hash_it_cannot_be_told)
{
    static const struct unit_plan no_memory = {
        .call = "crypto_pwhash", .first = 1, .number = ENOMEM};
    struct asp_account account;
    struct asp_secret secret = account_of(&account, 2);
    struct asp_secret unknown = {.id = "zz", .key = "abcdefghjkmnpqrstvwxyz0"};
    struct proof proof;

    ck_assert_int_eq(asp_verifier_make(&argon, "alice", &secret, account.entries[1].verifier),
                     ASP_OK);
    proof = prove_with(&account, &secret, &hmac, &no_memory);
    ck_assert_int_eq(proof.verdict, ASP_UNAVAILABLE);
    ck_assert_ptr_null(proof.entry);
    wrong_letter(&secret);
    proof = prove_with(&account, &secret, &hmac, &no_memory);
    ck_assert_int_eq(proof.verdict, ASP_UNAVAILABLE);
    ck_assert_ptr_null(proof.entry);
    proof = prove_with(&account, &unknown, &argon, &no_memory);
    ck_assert_int_eq(proof.verdict, ASP_UNAVAILABLE);
    ck_assert_ptr_null(proof.entry);
    asp_account_free(&account);
}
END_TEST

START_TEST(a_verifier_that_is_none_cannot_be_told_either)
{
    static const char *const verifiers[] = {"", "*", "$hmac-sha256$",
                                            "$argon2id$v=19$m=4294967295,t=1,p=1$x$y"};
    struct asp_account account;
    struct asp_secret secret = account_of(&account, 1);

    for (size_t i = 0; i < UNIT_COUNT(verifiers); i++) {
        struct proof proof;

        strcpy(account.entries[0].verifier, verifiers[i]);
        proof = prove(&account, &secret);
        ck_assert_int_eq(proof.verdict, ASP_UNAVAILABLE);
        ck_assert_ptr_null(proof.entry);
    }
    asp_account_free(&account);
}
END_TEST

static void give(struct asp_account *account, size_t index, const struct asp_cost *cost)
{
    const struct asp_secret secret = {.id = "zz", .key = "abcdefghjkmnpqrstvwxyz0"};

    ck_assert_int_eq(
        asp_verifier_make(cost, account->user, &secret, account->entries[index].verifier), ASP_OK);
}

/* Before it is hashed: by the line that will be, as configured where there is none. */
START_TEST(that_a_hash_will_be_slow_is_told_by_the_line_that_is_hashed)
{
    struct asp_secret unknown = {.id = "zz"};
    struct asp_account account;
    struct asp_secret last;
    struct asp_secret first = {.id = ""};

    asp_account_init(&account, "alice");
    ck_assert(asp_check_is_slow(&account, &unknown, &argon));
    ck_assert(!asp_check_is_slow(&account, &unknown, &hmac));
    asp_account_free(&account);

    last = account_of(&account, 1);
    give(&account, 0, &argon);
    ck_assert(asp_check_is_slow(&account, &unknown, &blake));
    ck_assert(asp_check_is_slow(&account, &last, &blake));
    asp_account_free(&account);

    last = account_of(&account, 3);
    memcpy(first.id, account.entries[0].id, sizeof first.id);
    for (size_t i = 0; i < 2; i++)
        give(&account, i, &argon);
    ck_assert(asp_check_is_slow(&account, &first, &blake));
    ck_assert(!asp_check_is_slow(&account, &last, &argon));
    ck_assert(!asp_check_is_slow(&account, &unknown, &argon));
    asp_account_free(&account);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, one_hash_is_run_whatever_the_number_of_entries, 5);
    unit_loop(suite, an_unknown_id_costs_the_same_as_one_of_the_account_and_is_not_ours, 3);
    unit_add(suite, an_unknown_id_is_never_right);
    unit_add(suite, a_right_secret_with_capitals_is_the_wrong_case_and_a_wrong_one_is_none_of_ours);
    unit_add(suite, the_wrong_case_is_told_before_the_state_of_the_entry);
    unit_add(suite, what_is_not_shaped_like_ours_is_not_hashed);
    unit_add(suite, all_schemes_are_recognised_at_all_times);
    unit_add(suite, a_line_copied_from_another_user_or_entry_proves_nothing);
    unit_add(suite, a_revoked_entry_is_still_the_one_whose_secret_it_is);
    unit_add(suite, without_memory_for_the_hash_it_cannot_be_told);
    unit_add(suite, a_verifier_that_is_none_cannot_be_told_either);
    unit_add(suite, that_a_hash_will_be_slow_is_told_by_the_line_that_is_hashed);
}

int main(void)
{
    return unit_run("check_secret", fill);
}
