/* The cookie of the account page, and its token. */
#include "unit.h"

#include "asp-web/cookie.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 1000 };

static struct cookie_jar jar;

static void open_jar(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    cookie_jar_open(&jar);
}

/* As a browser sends it. */
static bool send_back(const struct cookie *cookie, struct cookie *received)
{
    char text[COOKIE_TEXT_SIZE];
    char header[COOKIE_TEXT_SIZE + 32];

    cookie_write(cookie, text);
    (void)snprintf(header, sizeof header, "other=1; __Host-asp=%s; more=2", text);
    return cookie_read(header, received);
}

START_TEST(a_cookie_comes_back_as_it_was_made)
{
    struct cookie cookie;
    struct cookie received;

    open_jar();
    cookie_make_fresh(&jar, NOW, &cookie);
    ck_assert(send_back(&cookie, &received));
    ck_assert_uint_eq(received.length, COOKIE_FRESH_BYTES);
    ck_assert_mem_eq(received.bytes, cookie.bytes, cookie.length);
    ck_assert(cookie_is_fresh(&jar, NOW, &received));
    cookie_make(&cookie);
    ck_assert(send_back(&cookie, &received));
    ck_assert_uint_eq(received.length, COOKIE_RANDOM);
    ck_assert_mem_eq(received.bytes, cookie.bytes, cookie.length);
    ck_assert(!cookie_is_fresh(&jar, NOW, &received));
}
END_TEST

START_TEST(what_is_no_cookie_of_ours_is_none)
{
    static const char *const headers[] = {
        "",
        "__Host-asp",
        "__Host-asp=",
        "__Host-asp=AAAA",
        "__Host-asp=AAAA\x8d"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "__Host-asp =AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "__Host-asp= AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "x__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "__Host-aspx=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "__host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "__Host-asp=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
        "__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
        "__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
        "__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; "
        "__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    struct cookie cookie;

    ck_assert(!cookie_read(NULL, &cookie));
    for (size_t i = 0; i < UNIT_COUNT(headers); i++)
        ck_assert_msg(!cookie_read(headers[i], &cookie), "%s", headers[i]);
    ck_assert(cookie_read("__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &cookie));
}
END_TEST

static const char zeros[] = "__Host-asp=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static bool reads_zeros(const char *header)
{
    static const uint8_t nothing[COOKIE_RANDOM];
    struct cookie cookie;

    return cookie_read(header, &cookie) && cookie.length == sizeof nothing &&
           memcmp(cookie.bytes, nothing, sizeof nothing) == 0;
}

START_TEST(a_cookie_is_found_beside_others)
{
    static const char *const before[] = {
        "",        "a=1; ",           "a=1;",        "; ; ",         " ",
        "a; b=; ", "__Host-aspx=1; ", "__Host-as; ", "__Host-asp; ", "__Host-asq=1; ",
    };
    char header[256];

    for (size_t i = 0; i < UNIT_COUNT(before); i++) {
        (void)snprintf(header, sizeof header, "%s%s", before[i], zeros);
        ck_assert_msg(reads_zeros(header), "%s", header);
        (void)snprintf(header, sizeof header, "%s%s; c=3; ", before[i], zeros);
        ck_assert_msg(reads_zeros(header), "%s", header);
    }
    /* What stands before the header is not of it. */
    (void)snprintf(header, sizeof header, "; ; ; ; a=1; %s", zeros);
    ck_assert(reads_zeros(header + strlen("; ; ; ; ")));
}
END_TEST

START_TEST(where_none_is_read_there_is_none)
{
    struct cookie cookie;

    cookie_make(&cookie);
    ck_assert(!cookie_read(NULL, &cookie));
    ck_assert_uint_eq(cookie.length, 0);
    cookie_make(&cookie);
    ck_assert(!cookie_read("other=1", &cookie));
    ck_assert_uint_eq(cookie.length, 0);
}
END_TEST

START_TEST(a_jar_is_empty_whatever_was_there_and_leaves_nothing)
{
    static const struct cookie_jar nothing;
    struct cookie cookie;
    struct cookie other;

    memset(&jar, 0x7f, sizeof jar);
    open_jar();
    /* Also in the first moment that there is. */
    cookie_make_fresh(&jar, 0, &cookie);
    cookie_make_fresh(&jar, 0, &other);
    ck_assert(cookie_is_fresh(&jar, 0, &cookie));
    cookie_use_up(&jar, &cookie);
    ck_assert(cookie_is_fresh(&jar, 0, &other));
    cookie_jar_close(&jar);
    ck_assert_mem_eq(&jar, &nothing, sizeof nothing);
}
END_TEST

/* Else whoever is shown a token of some bytes has the sign of a fresh cookie of them. */
START_TEST(a_token_is_no_sign_of_a_fresh_cookie)
{
    enum { SIGNED = COOKIE_FRESH_BYTES - COOKIE_DIGEST };
    struct cookie fresh;
    struct cookie part;
    char token[COOKIE_TOKEN_SIZE];
    uint8_t digest[COOKIE_DIGEST];

    open_jar();
    cookie_make_fresh(&jar, NOW, &fresh);
    part = fresh;
    part.length = SIGNED;
    cookie_token(&jar, &part, token);
    ck_assert_int_eq(sodium_base642bin(digest, sizeof digest, token, strlen(token), NULL, NULL,
                                       NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    ck_assert_mem_ne(digest, fresh.bytes + SIGNED, sizeof digest);
}
END_TEST

START_TEST(a_fresh_cookie_is_good_once_for_an_hour_and_from_here)
{
    struct cookie cookie;
    struct cookie other;
    struct cookie_jar elsewhere;

    open_jar();
    cookie_make_fresh(&jar, NOW, &cookie);
    ck_assert(cookie_is_fresh(&jar, NOW + COOKIE_FRESH_MS, &cookie));
    ck_assert(!cookie_is_fresh(&jar, NOW + COOKIE_FRESH_MS + 1, &cookie));
    cookie_jar_open(&elsewhere);
    ck_assert(!cookie_is_fresh(&elsewhere, NOW, &cookie));
    for (size_t i = 0; i < cookie.length; i++) {
        other = cookie;
        other.bytes[i] ^= 1;
        ck_assert_msg(!cookie_is_fresh(&jar, NOW, &other), "byte %zu", i);
    }
    cookie_use_up(&jar, &cookie);
    ck_assert(!cookie_is_fresh(&jar, NOW, &cookie));
}
END_TEST

START_TEST(none_is_good_again_when_it_is_forgotten_that_it_was_used)
{
    struct cookie first;
    struct cookie same_time;
    struct cookie later;
    struct cookie cookie;

    open_jar();
    cookie_make_fresh(&jar, NOW, &first);
    cookie_make_fresh(&jar, NOW, &same_time);
    cookie_make_fresh(&jar, NOW + 1, &later);
    cookie_use_up(&jar, &first);
    for (int i = 1; i < COOKIE_USED; i++) {
        cookie_make_fresh(&jar, NOW + 2, &cookie);
        cookie_use_up(&jar, &cookie);
        unit_need(!cookie_is_fresh(&jar, NOW + 2, &cookie), "it is good again");
    }
    ck_assert(!cookie_is_fresh(&jar, NOW + 2, &first));
    ck_assert(cookie_is_fresh(&jar, NOW + 2, &same_time));
    cookie_make_fresh(&jar, NOW + 2, &cookie);
    cookie_use_up(&jar, &cookie);
    ck_assert(!cookie_is_fresh(&jar, NOW + 2, &first));
    ck_assert(!cookie_is_fresh(&jar, NOW + 2, &same_time));
    ck_assert(cookie_is_fresh(&jar, NOW + 2, &later));
}
END_TEST

START_TEST(of_many_that_are_forgotten_none_is_good_again_in_whatever_order_they_were_made)
{
    enum { FORGOTTEN = 4 };
    static const int64_t made[FORGOTTEN] = {NOW + 5, NOW, NOW + 7, NOW + 1};
    struct cookie forgotten[FORGOTTEN];
    struct cookie cookie;

    open_jar();
    for (int i = 0; i < COOKIE_USED + FORGOTTEN; i++) {
        cookie_make_fresh(&jar, i < FORGOTTEN ? made[i] : NOW, &cookie);
        if (i < FORGOTTEN)
            forgotten[i] = cookie;
        cookie_use_up(&jar, &cookie);
        for (int j = 0; j < FORGOTTEN && j <= i; j++)
            unit_need(!cookie_is_fresh(&jar, NOW, &forgotten[j]), "%d is good after %d", j, i);
    }
    cookie_make_fresh(&jar, NOW + 8, &cookie);
    ck_assert(cookie_is_fresh(&jar, NOW + 8, &cookie));
}
END_TEST

START_TEST(each_fresh_cookie_is_another)
{
    struct cookie one = {0};
    struct cookie other = {0};

    open_jar();
    cookie_make_fresh(&jar, NOW, &one);
    cookie_make_fresh(&jar, NOW, &other);
    ck_assert_mem_ne(one.bytes, other.bytes, COOKIE_RANDOM);
    /* One that a session has is none, whatever stands behind it. */
    one.length = COOKIE_RANDOM;
    ck_assert(!cookie_is_fresh(&jar, NOW, &one));
}
END_TEST

/* Of the cookie that names a session, of one that is fresh, and of the key by which it is ours. */
START_TEST(every_bit_of_a_cookie_and_of_a_key_is_drawn)
{
    uint8_t set[3][COOKIE_RANDOM] = {{0}};
    uint8_t clear[3][COOKIE_RANDOM] = {{0}};

    ck_assert_uint_eq(sizeof set[0] * 8, 256);
    ck_assert_uint_eq(sizeof jar.key, sizeof set[0]);
    for (int tries = 0; tries < 100; tries++) {
        struct cookie cookie;
        struct cookie fresh;

        open_jar();
        cookie_make(&cookie);
        cookie_make_fresh(&jar, NOW, &fresh);
        for (size_t i = 0; i < COOKIE_RANDOM; i++) {
            const uint8_t drawn[3] = {cookie.bytes[i], fresh.bytes[i], jar.key[i]};

            for (size_t k = 0; k < UNIT_COUNT(drawn); k++) {
                set[k][i] |= drawn[k];
                clear[k][i] |= (uint8_t)~drawn[k];
            }
        }
    }
    for (size_t i = 0; i < sizeof set; i++)
        ck_assert_int_eq(set[i / COOKIE_RANDOM][i % COOKIE_RANDOM] &
                             clear[i / COOKIE_RANDOM][i % COOKIE_RANDOM],
                         0xff);
}
END_TEST

START_TEST(a_token_is_that_of_one_cookie)
{
    struct cookie cookie;
    struct cookie other;
    char token[COOKIE_TOKEN_SIZE];
    char longer[COOKIE_TOKEN_SIZE + 1];
    char text[COOKIE_TEXT_SIZE];
    uint8_t digest[COOKIE_DIGEST];

    open_jar();
    cookie_make(&cookie);
    cookie_make(&other);
    cookie_token(&jar, &cookie, token);
    ck_assert_uint_eq(strlen(token), COOKIE_TOKEN_SIZE - 1);
    ck_assert(cookie_token_is(&jar, &cookie, token));
    ck_assert(!cookie_token_is(&jar, &other, token));
    ck_assert(!cookie_token_is(&jar, &cookie, NULL));
    ck_assert(!cookie_token_is(&jar, &cookie, ""));
    (void)snprintf(longer, sizeof longer, "%sA", token);
    ck_assert(!cookie_token_is(&jar, &cookie, longer));
    for (size_t i = 0; i < COOKIE_TOKEN_SIZE - 1; i++) {
        token[i] ^= 1;
        ck_assert(!cookie_token_is(&jar, &cookie, token));
        token[i] ^= 1;
    }
    /* Neither the cookie nor what is kept of it says what the token is. */
    cookie_write(&cookie, text);
    cookie_digest(&cookie, digest);
    ck_assert_str_ne(text, token);
    cookie_jar_close(&jar);
    open_jar();
    ck_assert(!cookie_token_is(&jar, &cookie, token));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_cookie_comes_back_as_it_was_made);
    unit_add(suite, what_is_no_cookie_of_ours_is_none);
    unit_add(suite, a_cookie_is_found_beside_others);
    unit_add(suite, where_none_is_read_there_is_none);
    unit_add(suite, a_jar_is_empty_whatever_was_there_and_leaves_nothing);
    unit_add(suite, a_token_is_no_sign_of_a_fresh_cookie);
    unit_add(suite, a_fresh_cookie_is_good_once_for_an_hour_and_from_here);
    unit_add(suite, none_is_good_again_when_it_is_forgotten_that_it_was_used);
    unit_add(suite, of_many_that_are_forgotten_none_is_good_again_in_whatever_order_they_were_made);
    unit_add(suite, each_fresh_cookie_is_another);
    unit_add(suite, every_bit_of_a_cookie_and_of_a_key_is_drawn);
    unit_add(suite, a_token_is_that_of_one_cookie);
}

int main(void)
{
    return unit_run("web_cookie", fill);
}
