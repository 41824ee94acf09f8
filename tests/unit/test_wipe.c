/*
 * What is left of a secret on the stack when a function has returned: nothing. Each runs on a stack
 * of its own, which is searched afterwards.
 */
#include "own_stack.h"
#include "unit.h"

#include "asp/login.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 8 };

static const struct asp_cost blake = {ASP_BLAKE2B, 19456, 2};
static const struct asp_cost hmac = {ASP_HMAC_SHA256, 19456, 2};
static const struct asp_cost argon = {ASP_ARGON2ID, 8192, 1};

/* Where they come from and go to: none of it is on that stack. */
static struct asp_secret secret = {.id = "7k", .key = "0123456789abcdefghjkmnp"};
static struct asp_secret made;
static char typed[] = "7k012-34567-89abc-defgh-jkmnp\n";
static char typed_wide[] = "7k012\xc2\xa0"
                           "3456789abcdefghjkmnp";
static char shown[ASP_SECRET_SHOWN + 1];
static char verifier[ASP_VERIFIER_SIZE];
static const struct asp_cost *cost;
static bool taken[ASP_IDS];
static struct asp_conf *conf;
static struct asp_request request;
static struct asp_outcome outcome;

/* No piece of the key, and none of the tag that a verifier is compared with. */
static void nothing_is_left(const char *what)
{
    for (size_t at = 0; at + PIECE <= ASP_KEY_CHARS; at++)
        ck_assert_msg(!own_stack_has(secret.key + at, PIECE), "%s leaves %.8s", what,
                      secret.key + at);
}

static void leave_it(void)
{
    char copy[sizeof secret.key];

    memcpy(copy, secret.key, sizeof copy);
    __asm__ volatile("" : : "r"(copy) : "memory");
}

/* That what is left would be found. */
START_TEST(a_copy_on_the_stack_is_found)
{
    own_stack_run(leave_it);
    ck_assert(own_stack_has(secret.key, PIECE));
}
END_TEST

static void random_letters(void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((char *)bytes)[i] = (char)(0xa0 + i);
}

static void do_make(void)
{
    if (asp_secret_make(taken, &made) != ASP_OK)
        abort();
}

START_TEST(making_a_secret_leaves_neither_it_nor_its_random_bytes)
{
    char random[ASP_KEY_CHARS];

    random_letters(random, sizeof random);
    unit_random_bytes = random_letters;
    own_stack_run(do_make);
    ck_assert_uint_eq(strlen(made.key), ASP_KEY_CHARS);
    ck_assert(!own_stack_has(made.key, PIECE));
    ck_assert(!own_stack_has(random, PIECE));
    ck_assert(!own_stack_has(random + ASP_KEY_CHARS - PIECE, PIECE));
}
END_TEST

static void do_read(void)
{
    if (!asp_secret_read(typed, sizeof typed - 1, &made))
        abort();
}

static void do_read_wide(void)
{
    if (!asp_secret_read(typed_wide, sizeof typed_wide - 1, &made))
        abort();
}

static void do_show(void)
{
    asp_secret_show(&secret, shown);
}

START_TEST(reading_and_showing_leave_nothing)
{
    own_stack_run(do_read);
    ck_assert_str_eq(made.key, secret.key);
    nothing_is_left("asp_secret_read");
    own_stack_run(do_read_wide);
    ck_assert_str_eq(made.key, secret.key);
    nothing_is_left("asp_secret_read");
    /* What was looked at to tell that character. */
    ck_assert(!own_stack_has("\xc2\xa0"
                             "34",
                             4));
    own_stack_run(do_show);
    nothing_is_left("asp_secret_show");
}
END_TEST

static void do_verifier_make(void)
{
    if (asp_verifier_make(cost, "alice", &secret, verifier) != ASP_OK)
        abort();
}

static void do_check(void)
{
    if (asp_verifier_check(verifier, "alice", &secret) != ASP_OK)
        abort();
}

static void do_decoy(void)
{
    if (asp_verifier_decoy(cost, "alice", &secret) != ASP_MISMATCH)
        abort();
}

START_TEST(hashing_leaves_nothing)
{
    static const struct asp_cost *const costs[] = {&blake, &hmac, &argon};

    cost = costs[_i];
    own_stack_run(do_verifier_make);
    nothing_is_left("asp_verifier_make");
    own_stack_run(do_check);
    nothing_is_left("asp_verifier_check");
    own_stack_run(do_decoy);
    nothing_is_left("asp_verifier_decoy");
}
END_TEST

static void no_bytes(void *bytes, size_t length)
{
    memset(bytes, 0, length);
}

static void do_check_of_another(void)
{
    if (asp_verifier_check(verifier, "bob", &secret) != ASP_MISMATCH)
        abort();
}

static void do_decoy_of_another(void)
{
    if (asp_verifier_decoy(cost, "bob", &secret) != ASP_MISMATCH)
        abort();
}

/* What is hashed may be a primary password. The salt of a decoy is 0, and here each one is. */
START_TEST(hashing_leaves_no_hash_of_what_was_typed)
{
    static const struct asp_cost *const costs[] = {&blake, &hmac, &argon};
    char bobs[ASP_VERIFIER_SIZE];
    unsigned char tag[32];

    cost = costs[_i];
    unit_random_bytes = no_bytes;
    ck_assert_int_eq(asp_verifier_make(cost, "alice", &secret, verifier), ASP_OK);
    ck_assert_int_eq(asp_verifier_make(cost, "bob", &secret, bobs), ASP_OK);
    ck_assert_int_eq(sodium_base642bin(tag, sizeof tag, strrchr(bobs, '$') + 1, 43, NULL, NULL,
                                       NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING),
                     0);
    for (int decoy = 0; decoy < 2; decoy++) {
        own_stack_run(decoy == 1 ? do_decoy_of_another : do_check_of_another);
        for (size_t at = 0; at + PIECE <= sizeof tag; at++)
            ck_assert_msg(!own_stack_has(tag + at, PIECE), "from byte %zu", at);
    }
}
END_TEST

static void do_login(void)
{
    asp_login(conf, unit_kept(), &unit_strangers, &request, 2000, &outcome);
}

/* Lesson: linux-pam CVE-2024-10041. */
START_TEST(a_login_leaves_nothing_whatever_the_verdict)
{
    static const struct {
        const char *user;
        bool capitals;
        enum asp_verdict verdict;
    } logins[] = {{"alice", false, ASP_ACCEPTED},   {"bob", false, ASP_WRONG_SECRET},
                  {"carol", false, ASP_NO_ACCOUNT}, {"../x", false, ASP_NO_ACCOUNT},
                  {"alice", true, ASP_WRONG_CASE},  {"bob", true, ASP_NOT_AN_APP_PASSWORD}};
    char capitals[sizeof typed];
    struct asp_store store;
    struct asp_entry entry;
    char text[1024];

    unit_store(&store);
    (void)snprintf(text, sizeof text, "store = \"%s\"; primary: { source = \"none\"; };",
                   store.path);
    conf = unit_conf(text);
    unit_plain_entry(&entry, "7k", "Phone");
    unit_put(&store, "bob", &entry, 1);
    ck_assert_int_eq(asp_verifier_make(&blake, "alice", &secret, entry.verifier), ASP_OK);
    unit_put(&store, "alice", &entry, 1);
    request =
        (struct asp_request){.service = "imap", .secret = typed, .secret_length = sizeof typed - 1};
    for (size_t i = 0; i < sizeof typed; i++)
        capitals[i] = (char)toupper((unsigned char)typed[i]);
    for (size_t i = 0; i < UNIT_COUNT(logins); i++) {
        request.user = logins[i].user;
        request.secret = logins[i].capitals ? capitals : typed;
        own_stack_run(do_login);
        ck_assert_int_eq(outcome.verdict, logins[i].verdict);
        nothing_is_left(logins[i].user);
        /* Nor what an entry keeps of it. */
        ck_assert(!own_stack_has(strrchr(entry.verifier, '$'), PIECE));
    }
    asp_conf_free(conf);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_copy_on_the_stack_is_found);
    unit_add(suite, making_a_secret_leaves_neither_it_nor_its_random_bytes);
    unit_add(suite, reading_and_showing_leave_nothing);
    unit_loop(suite, hashing_leaves_nothing, 3);
    unit_loop(suite, hashing_leaves_no_hash_of_what_was_typed, 3);
    unit_add_on_engines(suite, a_login_leaves_nothing_whatever_the_verdict);
}

int main(void)
{
    if (unit_is_watched()) {
        (void)puts("a sanitizer or valgrind has stacks of its own");
        return 77;
    }
    return unit_run("wipe", fill);
}
