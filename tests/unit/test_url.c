/* Addresses of servers, as asp.conf has them. */
#include "unit.h"

#include "asp/url.h"

#include <string.h>

static const char *const mail[] = {"imaps", "imap", "submissions", "submission", NULL};
static const char *const web[] = {"https", NULL};

START_TEST(an_address_is_taken_apart_and_has_the_port_of_its_scheme)
{
    static const struct {
        const char *text;
        const char *scheme;
        const char *host;
        unsigned port;
        bool tls;
        const char *path;
    } cases[] = {
        {"imaps://mail.example.org", "imaps", "mail.example.org", 993, true, ""},
        {"imap://mail.example.org/", "imap", "mail.example.org", 143, false, "/"},
        {"submissions://a", "submissions", "a", 465, true, ""},
        {"submission://a:2509", "submission", "a", 2509, false, ""},
        {"imaps://192.0.2.1:65535", "imaps", "192.0.2.1", 65535, true, ""},
        {"imaps://[2001:db8::1]:1", "imaps", "2001:db8::1", 1, true, ""},
    };
    struct asp_url url;

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        ck_assert_msg(asp_url_read(cases[i].text, mail, &url), "%s", cases[i].text);
        ck_assert_str_eq(url.scheme, cases[i].scheme);
        ck_assert_str_eq(url.host, cases[i].host);
        ck_assert_uint_eq(url.port, cases[i].port);
        ck_assert(url.tls == cases[i].tls);
        ck_assert_str_eq(url.path, cases[i].path);
    }
    ck_assert(asp_url_read("https://dav.example.org/cal/%u/", web, &url));
    ck_assert_str_eq(url.path, "/cal/%u/");
    ck_assert_uint_eq(url.port, 443);
}
END_TEST

START_TEST(what_is_no_address_of_these_schemes_is_none)
{
    static const char *const texts[] = {
        "",
        "imaps",
        "imaps:",
        "imaps:/mail",
        "imaps://",
        "imaps://:993",
        "IMAPS://mail",
        "https://mail",
        "imapsx://mail",
        "imaps://mail:",
        "imaps://mail:0",
        "imaps://mail:65536",
        "imaps://mail:4294968289", /* 2^32 + 993 */
        "imaps://mail:99999999999999999999",
        "imaps://mail:9a",
        "imaps://mail:-1",
        "imaps://-mail",
        "imaps://mail.",
        "imaps://a..b",
        "imaps://a b",
        "imaps://alice@mail",
        "imaps://alice:x@mail",
        "imaps://b\303\274cher",
        "imaps://[::1",
        "imaps://[::1\0/",
        "imaps://[mail]",
        "imaps://[]",
        "imaps://[::1]x",
        "imaps://::1",
        "imaps://mail/a b",
        "imaps://mail/<",
        "imaps://mail/\"",
        "imaps://mail/#a",
        "imaps://mail?x",
        " imaps://mail",
    };
    struct asp_url url;

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        ck_assert_msg(!asp_url_read(texts[i], mail, &url), "%s", texts[i]);
}
END_TEST

START_TEST(a_host_is_as_long_as_a_name_can_be)
{
    char text[ASP_URL_HOST_MAX + 16] = "imaps://";
    struct asp_url url;

    memset(text + 8, 'a', ASP_URL_HOST_MAX);
    ck_assert(asp_url_read(text, mail, &url));
    ck_assert_uint_eq(strlen(url.host), ASP_URL_HOST_MAX);
    text[8 + ASP_URL_HOST_MAX] = 'a';
    ck_assert(!asp_url_read(text, mail, &url));
}
END_TEST

static bool is_letter_or_digit(unsigned byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

START_TEST(a_host_has_letters_digits_dashes_and_dots_alone)
{
    char text[] = "imaps://a.b/";
    struct asp_url url;

    for (unsigned byte = 1; byte < 256; byte++) {
        text[9] = (char)byte;
        ck_assert_msg(asp_url_read(text, mail, &url) ==
                          (is_letter_or_digit(byte) || byte == '-' || byte == '.' || byte == '/'),
                      "byte %u", byte);
    }
    text[9] = 'a';
    for (unsigned byte = 1; byte < 256; byte++) {
        text[8] = (char)byte;
        ck_assert_msg(asp_url_read(text, mail, &url) == is_letter_or_digit(byte), "byte %u", byte);
    }
}
END_TEST

/* Whether char has a sign or not: what is beyond ASCII is written as %XX. */
START_TEST(a_path_has_what_rfc_3986_leaves_to_it_alone)
{
    char text[] = "imaps://a/x";
    struct asp_url url;

    for (unsigned byte = 1; byte < 256; byte++) {
        text[10] = (char)byte;
        ck_assert_msg(
            asp_url_read(text, mail, &url) ==
                (is_letter_or_digit(byte) || strchr("!$%&'()*+,-./:;=?@[]_~", (int)byte) != NULL),
            "byte %u", byte);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, an_address_is_taken_apart_and_has_the_port_of_its_scheme);
    unit_add(suite, what_is_no_address_of_these_schemes_is_none);
    unit_add(suite, a_host_is_as_long_as_a_name_can_be);
    unit_add(suite, a_host_has_letters_digits_dashes_and_dots_alone);
    unit_add(suite, a_path_has_what_rfc_3986_leaves_to_it_alone);
}

int main(void)
{
    return unit_run("url", fill);
}
