/* The one-way hash of a secret: what it is of, what it refuses, and what it says without memory. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * Known answers, computed apart from this program. The message is "asp v=1", the user, the id "7k"
 * and the key, each after one byte with its length; the salt is the bytes 0 to 15. With Python:
 *
 *   lp = lambda *parts: b"".join(bytes([len(p)]) + p for p in parts)
 *   message = lp(b"asp v=1", b"alice", b"7k", b"abcdefghjkmnpqrstvwxyz0")
 *   hashlib.blake2b(message, digest_size=32, key=bytes(range(16)), person=b"pam_asp verifier")
 *   hmac.new(bytes(range(16)), message, hashlib.sha256).digest()
 *   argon2.low_level.hash_secret_raw(message, bytes(range(16)), t, m, 1, 32, Type.ID, 19)
 */
#define SALT "AAECAwQFBgcICQoLDA0ODw"
#define BLAKE_ALICE "$blake2b$" SALT "$ZCk75NR503mKseKnjGtQFgO+Ot3yyNvHRsNcTquE8Ew"
#define BLAKE_OTHER "$blake2b$" SALT "$cRCkTct+ykRi7oxhSp8EElSfQOujEoQq3axmFOOAIuc"
#define HMAC_ALICE "$hmac-sha256$" SALT "$fAZMErx2Qb6ZB8BH8Ls9N3wIz2ziII0QjgzoFoLp4XY"
#define HMAC_OTHER "$hmac-sha256$" SALT "$n9Qdd49sqB8Q9W7Aw1CdlHWaq62hUEteZtm3XqabuQY"
#define ARGON_TAG "jqyEGZXmh5Dkskz0E4yUgQq9D5956V7LharGHcQGV9o"
#define ARGON_ALICE "$argon2id$v=19$m=8192,t=1,p=1$" SALT "$" ARGON_TAG
#define ARGON_ALICE_3                                                                              \
    "$argon2id$v=19$m=8192,t=3,p=1$" SALT "$oSPgr82pg4+fQ/IkDViXmsv7y3JmcO2WfUlxOxVvmFA"
#define ARGON_OTHER                                                                                \
    "$argon2id$v=19$m=8192,t=1,p=1$" SALT "$oH7qZ0OXyg7BGH2Kstb/2tiLWZmI8DD+8DQj+V9rmIs"
#define OTHER "a b\xc3\xa9"

static const struct asp_secret secret = {.id = "7k", .key = "abcdefghjkmnpqrstvwxyz0"};
static const struct asp_cost blake = {ASP_BLAKE2B, 19456, 2};
static const struct asp_cost hmac = {ASP_HMAC_SHA256, 19456, 2};
static const struct asp_cost argon = {ASP_ARGON2ID, 8192, 1};

/* Every scheme, with the call that is its one hash. */
static const struct {
    const struct asp_cost *cost;
    const char *prefix;
    const char *alice;
    const char *other;
    const char *call;
} schemes[] = {
    {&blake, "$blake2b$", BLAKE_ALICE, BLAKE_OTHER, "blake2b"},
    {&hmac, "$hmac-sha256$", HMAC_ALICE, HMAC_OTHER, "hmac"},
    {&argon, "$argon2id$v=19$m=8192,t=1,p=1$", ARGON_ALICE, ARGON_OTHER, "crypto_pwhash"},
};

enum { SCHEMES = UNIT_COUNT(schemes) };

static unsigned hashes(void)
{
    return unit_calls("blake2b") + unit_calls("hmac") + unit_calls("crypto_pwhash");
}

START_TEST(the_hash_is_that_of_the_standards_over_user_id_and_secret)
{
    for (size_t i = 0; i < SCHEMES; i++) {
        ck_assert_int_eq(asp_verifier_check(schemes[i].alice, "alice", &secret), ASP_OK);
        ck_assert_int_eq(asp_verifier_check(schemes[i].other, OTHER, &secret), ASP_OK);
    }
    ck_assert_int_eq(asp_verifier_check(ARGON_ALICE_3, "alice", &secret), ASP_OK);
}
END_TEST

START_TEST(a_line_copied_to_another_user_or_id_does_not_verify)
{
    static const char *const users[] = {"", "a", "alic", "alicd", "alice ", "Alice", OTHER};
    char made[ASP_VERIFIER_SIZE];
    struct asp_secret other = secret;

    /* Made here: one that is written down is right for nobody where user or id are not hashed. */
    ck_assert_int_eq(asp_verifier_make(schemes[_i].cost, "alice", &secret, made), ASP_OK);
    ck_assert_int_eq(asp_verifier_check(made, "alice", &secret), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(users); i++)
        unit_need(asp_verifier_check(made, users[i], &secret) == ASP_MISMATCH, "%s", users[i]);
    strcpy(other.id, "k7");
    ck_assert_int_eq(asp_verifier_check(made, "alice", &other), ASP_MISMATCH);
    strcpy(other.id, "7m");
    ck_assert_int_eq(asp_verifier_check(made, "alice", &other), ASP_MISMATCH);
}
END_TEST

/* Lesson: pam_userdb CVE-2013-7041, CVE-2026-54411. */
START_TEST(a_secret_with_one_other_letter_does_not_verify)
{
    for (size_t at = 0; at < ASP_KEY_CHARS; at++) {
        struct asp_secret other = secret;

        other.key[at] = other.key[at] == '5' ? '6' : '5';
        ck_assert_int_eq(asp_verifier_check(BLAKE_ALICE, "alice", &other), ASP_MISMATCH);
        ck_assert_int_eq(asp_verifier_check(HMAC_ALICE, "alice", &other), ASP_MISMATCH);
    }
}
END_TEST

/* A name of the greatest length counts to its last byte. */
START_TEST(the_whole_of_a_long_name_counts)
{
    char user[ASP_USER_MAX + 1];
    char verifier[ASP_VERIFIER_SIZE];

    memset(user, 'a', ASP_USER_MAX);
    user[ASP_USER_MAX] = '\0';
    ck_assert_int_eq(asp_verifier_make(schemes[_i].cost, user, &secret, verifier), ASP_OK);
    ck_assert_int_eq(asp_verifier_check(verifier, user, &secret), ASP_OK);
    user[ASP_USER_MAX - 1] = 'b';
    ck_assert_int_eq(asp_verifier_check(verifier, user, &secret), ASP_MISMATCH);
    user[ASP_USER_MAX - 1] = '\0';
    ck_assert_int_eq(asp_verifier_check(verifier, user, &secret), ASP_MISMATCH);
}
END_TEST

START_TEST(what_is_made_verifies_and_has_a_salt_of_its_own)
{
    const struct asp_cost *cost = schemes[_i].cost;
    const char *prefix = schemes[_i].prefix;
    size_t skip = strlen(prefix);
    char a[ASP_VERIFIER_SIZE];
    char b[ASP_VERIFIER_SIZE];

    ck_assert_int_eq(asp_verifier_make(cost, "alice", &secret, a), ASP_OK);
    ck_assert_int_eq(asp_verifier_make(cost, "alice", &secret, b), ASP_OK);
    ck_assert(asp_verifier_valid(a));
    ck_assert_int_eq(strncmp(a, prefix, skip), 0);
    ck_assert_uint_eq(strlen(a), skip + 22 + 1 + 43);
    ck_assert_int_eq(asp_verifier_check(a, "alice", &secret), ASP_OK);
    ck_assert_int_eq(asp_verifier_check(b, "alice", &secret), ASP_OK);
    ck_assert_mem_ne(a + skip, b + skip, 22);
    ck_assert_mem_ne(a + skip + 23, b + skip + 23, 43);
}
END_TEST

static void salt_of_0_to_15(void *bytes, size_t length)
{
    ck_assert_uint_eq(length, 16);
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)bytes)[i] = (unsigned char)i;
}

START_TEST(the_whole_salt_is_of_the_generator)
{
    char verifier[ASP_VERIFIER_SIZE];

    unit_random_bytes = salt_of_0_to_15;
    for (size_t i = 0; i < SCHEMES; i++) {
        ck_assert_int_eq(asp_verifier_make(schemes[i].cost, OTHER, &secret, verifier), ASP_OK);
        ck_assert_str_eq(verifier, schemes[i].other);
    }
}
END_TEST

START_TEST(the_longest_line_has_its_place)
{
    char longest[ASP_VERIFIER_SIZE];
    int length =
        snprintf(longest, sizeof longest, "$argon2id$v=19$m=%d,t=%d,p=1$" SALT "$" ARGON_TAG,
                 ASP_MEMORY_MAX, ASP_PASSES_MAX);

    ck_assert_int_lt(length, ASP_VERIFIER_SIZE);
    ck_assert(asp_verifier_valid(longest));
}
END_TEST

/* Flips one bit of a line. Never may it verify. */
static void flip(const char *line, size_t bit)
{
    char flipped[ASP_VERIFIER_SIZE];
    enum asp_status status;

    strcpy(flipped, line);
    flipped[bit / 8] = (char)(flipped[bit / 8] ^ 1 << bit % 8);
    status = asp_verifier_check(flipped, "alice", &secret);
    unit_need(status == ASP_MISMATCH || status == ASP_CORRUPT, "%s: %d", flipped, status);
}

START_TEST(a_line_with_any_bit_flipped_never_verifies)
{
    size_t head = strlen("$argon2id$v=19$m=8192,t=1,p=1$") * 8;
    size_t step = unit_is_watched() ? 83 : 5;

    for (size_t bit = 0; bit < strlen(BLAKE_ALICE) * 8; bit++)
        flip(BLAKE_ALICE, bit);
    for (size_t bit = 0; bit < strlen(HMAC_ALICE) * 8; bit++)
        flip(HMAC_ALICE, bit);
    for (size_t bit = 0; bit < head; bit++)
        flip(ARGON_ALICE, bit);
    for (size_t bit = head; bit < strlen(ARGON_ALICE) * 8; bit += step)
        flip(ARGON_ALICE, bit);
}
END_TEST

/* Refused at once: as a line of a file, and without a hash when it is checked all the same. */
static void refused(const char *line)
{
    enum asp_status status;
    bool valid;

    unit_calls_begin(NULL);
    valid = asp_verifier_valid(line);
    status = asp_verifier_check(line, "alice", &secret);
    (void)unit_calls_end();
    unit_need(!valid && status == ASP_CORRUPT, "%s: %d", line, status);
    ck_assert_uint_eq(hashes(), 0);
}

/* Lesson: libsodium. */
START_TEST(a_cost_over_the_caps_is_refused_before_anything_is_run)
{
    static const char *const costs[] = {
        "m=8191,t=1,p=1",
        "m=1048577,t=1,p=1",
        "m=9999999,t=1,p=1",
        "m=10485760,t=1,p=1",
        "m=0,t=1,p=1",
        "m=4294975488,t=1,p=1",
        "m=18446744073709559808,t=1,p=1",
        "m=8192,t=0,p=1",
        "m=8192,t=11,p=1",
        "m=8192,t=99,p=1",
        "m=8192,t=4294967297,p=1",
        "m=8192,t=1,p=0",
        "m=8192,t=1,p=2",
        "m=8192,t=1,p=11",
        "m=08192,t=1,p=1",
        "m=8192,t=01,p=1",
        "m=8192,t=1,p=01",
        "m=+8192,t=1,p=1",
        "m=-8192,t=1,p=1",
        "m= 8192,t=1,p=1",
        "m=8192 ,t=1,p=1",
        "m=0x2000,t=1,p=1",
        "m=8192.0,t=1,p=1",
        "m=8:92,t=1,p=1",
        "m=81;2,t=1,p=1",
        "m=,t=1,p=1",
        "m=8192,t=,p=1",
        "m=8192,t=1,p=",
        "m=8192,t=1",
        "t=1,m=8192,p=1",
        "m=8192,t=1,p=1,x=1",
        "m=8192t=1,p=1",
        "m=8192;t=1,p=1",
        "m=8192,t=1p=1",
        "",
    };
    char line[200];

    for (size_t i = 0; i < UNIT_COUNT(costs); i++) {
        (void)snprintf(line, sizeof line, "$argon2id$v=19$%s$" SALT "$" ARGON_TAG, costs[i]);
        refused(line);
    }
}
END_TEST

START_TEST(the_caps_themselves_are_within)
{
    ck_assert(asp_verifier_valid("$argon2id$v=19$m=8192,t=1,p=1$" SALT "$" ARGON_TAG));
    ck_assert(asp_verifier_valid("$argon2id$v=19$m=1048576,t=10,p=1$" SALT "$" ARGON_TAG));
}
END_TEST

/* Lesson: pam_pwdfile. */
START_TEST(other_forms_are_no_verifiers)
{
    static const char *const lines[] = {
        "",
        "$",
        "x",
        "*",
        "!",
        SALT "$" ARGON_TAG,
        "$" SALT "$" ARGON_TAG,
        "hmac-sha256$" SALT "$" ARGON_TAG,
        "$hmac-sha25$" SALT "$" ARGON_TAG,
        "$hmac-sha512$" SALT "$" ARGON_TAG,
        "$HMAC-SHA256$" SALT "$" ARGON_TAG,
        "blake2b$" SALT "$" ARGON_TAG,
        "$blake2$" SALT "$" ARGON_TAG,
        "$blake2bp$" SALT "$" ARGON_TAG,
        "$BLAKE2b$" SALT "$" ARGON_TAG,
        "$blake2b$",
        "$blake2b$" SALT,
        "$blake2b$" SALT "$" ARGON_TAG "A",
        "$blake2b$v=1$" SALT "$" ARGON_TAG,
        "$hmac-sha256$",
        "$hmac-sha256$$",
        "$hmac-sha256$" SALT,
        "$hmac-sha256$" SALT "$",
        "$hmac-sha256$$" ARGON_TAG,
        "$hmac-sha256$" SALT "$$" ARGON_TAG,
        "$hmac-sha256$" SALT "$" SALT,
        "$hmac-sha256$" SALT "$" ARGON_TAG "A",
        "$hmac-sha256$" SALT "$" ARGON_TAG "=",
        "$hmac-sha256$" SALT "$" ARGON_TAG "\n",
        "$hmac-sha256$" SALT "$" ARGON_TAG "$",
        "$hmac-sha256$" SALT "A$" ARGON_TAG,
        "$hmac-sha256$" SALT "==$" ARGON_TAG,
        " $hmac-sha256$" SALT "$" ARGON_TAG,
        "$hmac-sha256$v=1$" SALT "$" ARGON_TAG,
        "$argon2i$v=19$m=8192,t=1,p=1$" SALT "$" ARGON_TAG,
        "$argon2d$v=19$m=8192,t=1,p=1$" SALT "$" ARGON_TAG,
        "$argon2id$v=16$m=8192,t=1,p=1$" SALT "$" ARGON_TAG,
        "$argon2id$m=8192,t=1,p=1$" SALT "$" ARGON_TAG,
        "$argon2id$v=19$m=8192,t=1,p=1$" SALT,
        "$argon2id$v=19$m=8192,t=1,p=1$$" ARGON_TAG,
        "$6$abcdefgh$abcdefghijklmnopqrstuvwxyz",
        "$y$j9T$abc$def",
        "$2b$10$abcdefghijklmnopqrstuv",
        /* base64 of another alphabet, and white space in it */
        "$hmac-sha256$AAECAwQFBgcICQoLDA0-Dw$" ARGON_TAG,
        "$hmac-sha256$AAECAwQFBgcICQoLDA0_Dw$" ARGON_TAG,
        "$hmac-sha256$AAECAwQFBgcICQoLDA0 Dw$" ARGON_TAG,
        "$hmac-sha256$AAECAwQFBgcICQoLDA0.Dw$" ARGON_TAG,
        "$hmac-sha256$-AECAwQFBgcICQoLDA0ODw$" ARGON_TAG,
        "$hmac-sha256$" SALT "$-" ARGON_TAG,
        "$hmac-sha256$" SALT "." ARGON_TAG,
    };

    for (size_t i = 0; i < UNIT_COUNT(lines); i++)
        refused(lines[i]);
}
END_TEST

/* Lesson: pam_userdb CVE-2013-7041, CVE-2026-54411. */
START_TEST(a_line_cut_anywhere_is_no_verifier)
{
    const char *line = schemes[_i].alice;
    char cut[ASP_VERIFIER_SIZE];

    for (size_t length = 0; length < strlen(line); length++) {
        memcpy(cut, line, length);
        cut[length] = '\0';
        refused(cut);
    }
}
END_TEST

/* The last character of 16 bytes has four bits to spare, that of 32 bytes two: they must be 0. */
static void last_character(size_t at, unsigned spare)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char line[ASP_VERIFIER_SIZE];

    for (size_t value = 0; value < 64; value++) {
        enum asp_status status;

        strcpy(line, HMAC_ALICE);
        line[at] = base64[value];
        status = asp_verifier_check(line, "alice", &secret);
        if (value % (1U << spare) != 0)
            unit_need(status == ASP_CORRUPT, "%s: %d", line, status);
        else
            unit_need(status == (line[at] == HMAC_ALICE[at] ? ASP_OK : ASP_MISMATCH), "%s: %d",
                      line, status);
    }
}

START_TEST(base64_that_is_not_canonical_is_refused)
{
    last_character(strlen("$hmac-sha256$" SALT) - 1, 4);
    last_character(strlen(HMAC_ALICE) - 1, 2);
}
END_TEST

static unsigned char six_bits;

/* The same six bits again and again: in base64 one character. */
static void salt_of_six_bits(void *bytes, size_t length)
{
    const unsigned char three[] = {(unsigned char)(six_bits << 2 | six_bits >> 4),
                                   (unsigned char)(six_bits << 4 | six_bits >> 2),
                                   (unsigned char)(six_bits << 6 | six_bits)};

    for (size_t i = 0; i < length; i++)
        ((unsigned char *)bytes)[i] = three[i % 3];
}

START_TEST(each_character_of_base64_is_read_as_it_is_written)
{
    const size_t at = strlen("$blake2b$");
    char verifier[ASP_VERIFIER_SIZE];

    unit_random_bytes = salt_of_six_bits;
    for (six_bits = 0; six_bits < 64; six_bits++) {
        ck_assert_int_eq(asp_verifier_make(&blake, "alice", &secret, verifier), ASP_OK);
        ck_assert_int_eq(verifier[at], verifier[at + 20]);
        ck_assert_int_eq(asp_verifier_check(verifier, "alice", &secret), ASP_OK);
    }
}
END_TEST

/* Lesson: pam_userdb CVE-2013-7041, CVE-2026-54411. */
START_TEST(one_hash_is_run_and_one_comparison_in_constant_time)
{
    unit_calls_begin(NULL);
    ck_assert_int_eq(asp_verifier_check(schemes[_i].alice, "alice", &secret), ASP_OK);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls(schemes[_i].call), 1);
    ck_assert_uint_eq(hashes(), 1);
    ck_assert_uint_eq(unit_calls("sodium_memcmp"), 1);
}
END_TEST

/* The result of its comparison is forced to be that of equal tags. */
/* Lesson: linux-pam CVE-2020-27780. */
START_TEST(the_decoy_is_never_right_whatever_it_compares)
{
    static const struct unit_plan equal = {
        .call = "sodium_memcmp", .first = 1, .returns = true, .result = 0};
    const struct asp_cost *cost = schemes[_i].cost;
    bool none_taken[ASP_IDS] = {false};
    struct asp_secret any;

    for (size_t n = 0; n < (cost == &argon ? 3 : 1000); n++) {
        ck_assert_int_eq(asp_secret_make(none_taken, &any), ASP_OK);
        ck_assert_int_eq(asp_verifier_decoy(cost, "alice", &any), ASP_MISMATCH);
        unit_calls_begin(&equal);
        ck_assert_int_eq(asp_verifier_decoy(cost, "alice", &any), ASP_MISMATCH);
        (void)unit_calls_end();
    }
}
END_TEST

/* That the force of the test above is one. */
START_TEST(equal_tags_make_a_secret_right)
{
    static const struct unit_plan equal = {
        .call = "sodium_memcmp", .first = 1, .returns = true, .result = 0};

    unit_calls_begin(&equal);
    ck_assert_int_eq(asp_verifier_check(HMAC_ALICE, "bob", &secret), ASP_OK);
    ck_assert(unit_calls_end());
}
END_TEST

START_TEST(the_decoy_runs_the_one_hash_of_its_scheme)
{
    unit_calls_begin(NULL);
    (void)asp_verifier_decoy(schemes[_i].cost, "alice", &secret);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls(schemes[_i].call), 1);
    ck_assert_uint_eq(hashes(), 1);
    ck_assert_uint_eq(unit_calls("sodium_memcmp"), schemes[_i].cost == &argon ? 0 : 1);
}
END_TEST

static void costs(const char *line, enum asp_scheme scheme, uint32_t memory, uint32_t passes)
{
    struct asp_cost cost;

    memset(&cost, 'x', sizeof cost);
    asp_verifier_cost(line, &cost);
    ck_assert_int_eq(cost.scheme, scheme);
    ck_assert_uint_eq(cost.memory, memory);
    ck_assert_uint_eq(cost.passes, passes);
}

START_TEST(what_a_line_costs_is_told_without_a_hash)
{
    costs(BLAKE_ALICE, ASP_BLAKE2B, 0, 0);
    costs(HMAC_ALICE, ASP_HMAC_SHA256, 0, 0);
    costs(ARGON_ALICE_3, ASP_ARGON2ID, 8192, 3);
    costs("damaged", ASP_BLAKE2B, 0, 0);
}
END_TEST

/* What 0.1.0 does not know is known to be so. */
START_TEST(the_schemes_of_0_1_0_are_two)
{
    ck_assert(asp_verifier_is_beyond_1(BLAKE_ALICE));
    ck_assert(!asp_verifier_is_beyond_1(HMAC_ALICE));
    ck_assert(!asp_verifier_is_beyond_1(ARGON_ALICE));
}
END_TEST

START_TEST(a_hash_without_memory_says_so_and_nothing_of_the_secret)
{
    static const struct unit_plan no_memory = {
        .call = "crypto_pwhash", .first = 1, .number = ENOMEM};
    char verifier[ASP_VERIFIER_SIZE] = "";

    unit_calls_begin(&no_memory);
    ck_assert_int_eq(asp_verifier_check(ARGON_ALICE, "alice", &secret), ASP_NO_MEMORY);
    ck_assert_int_eq(asp_verifier_check(ARGON_ALICE, "bob", &secret), ASP_NO_MEMORY);
    ck_assert_int_eq(asp_verifier_decoy(&argon, "alice", &secret), ASP_NO_MEMORY);
    ck_assert_int_eq(asp_verifier_make(&argon, "alice", &secret, verifier), ASP_NO_MEMORY);
    ck_assert(unit_calls_end());
    ck_assert_uint_eq(unit_calls("crypto_pwhash"), 4);
    ck_assert_str_eq(verifier, "");
}
END_TEST

/* 1 GiB is asked for where there are 256 MiB. */
static void starve(void *context)
{
    static const char line[] = "$argon2id$v=19$m=1048576,t=1,p=1$" SALT "$" ARGON_TAG;
    const struct asp_cost cost = {ASP_ARGON2ID, 1048576, 1};
    const struct rlimit limit = {256UL << 20, 256UL << 20};
    char verifier[ASP_VERIFIER_SIZE];

    (void)context;
    if (setrlimit(RLIMIT_AS, &limit) != 0 ||
        asp_verifier_check(line, "alice", &secret) != ASP_NO_MEMORY ||
        asp_verifier_decoy(&cost, "alice", &secret) != ASP_NO_MEMORY ||
        asp_verifier_make(&cost, "alice", &secret, verifier) != ASP_NO_MEMORY ||
        asp_verifier_check(ARGON_ALICE, "alice", &secret) != ASP_OK)
        abort();
}

/* Lesson: libsodium. */
START_TEST(a_real_lack_of_memory_is_told_from_a_mismatch)
{
    unit_forked(starve, NULL);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_hash_is_that_of_the_standards_over_user_id_and_secret);
    unit_loop(suite, a_line_copied_to_another_user_or_id_does_not_verify, SCHEMES);
    unit_add(suite, a_secret_with_one_other_letter_does_not_verify);
    unit_loop(suite, the_whole_of_a_long_name_counts, SCHEMES);
    unit_loop(suite, what_is_made_verifies_and_has_a_salt_of_its_own, SCHEMES);
    unit_add(suite, the_whole_salt_is_of_the_generator);
    unit_add(suite, the_longest_line_has_its_place);
    unit_add(suite, a_line_with_any_bit_flipped_never_verifies);
    unit_add(suite, a_cost_over_the_caps_is_refused_before_anything_is_run);
    unit_add(suite, the_caps_themselves_are_within);
    unit_add(suite, other_forms_are_no_verifiers);
    unit_loop(suite, a_line_cut_anywhere_is_no_verifier, SCHEMES);
    unit_add(suite, base64_that_is_not_canonical_is_refused);
    unit_add(suite, each_character_of_base64_is_read_as_it_is_written);
    unit_loop(suite, one_hash_is_run_and_one_comparison_in_constant_time, SCHEMES);
    unit_loop(suite, the_decoy_is_never_right_whatever_it_compares, SCHEMES);
    unit_add(suite, equal_tags_make_a_secret_right);
    unit_loop(suite, the_decoy_runs_the_one_hash_of_its_scheme, SCHEMES);
    unit_add(suite, what_a_line_costs_is_told_without_a_hash);
    unit_add(suite, the_schemes_of_0_1_0_are_two);
    unit_add(suite, a_hash_without_memory_says_so_and_nothing_of_the_secret);
    if (!unit_is_watched())
        unit_add(suite, a_real_lack_of_memory_is_told_from_a_mismatch);
}

int main(void)
{
    return unit_run("verifier", fill);
}
