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

START_TEST(a_token_is_that_of_one_cookie)
{
    struct cookie cookie;
    struct cookie other;
    char token[COOKIE_TOKEN_SIZE];
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
    unit_add(suite, a_fresh_cookie_is_good_once_for_an_hour_and_from_here);
    unit_add(suite, none_is_good_again_when_it_is_forgotten_that_it_was_used);
    unit_add(suite, a_token_is_that_of_one_cookie);
}

int main(void)
{
    return unit_run("web_cookie", fill);
}
