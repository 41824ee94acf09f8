/* asp.conf: the account page in a browser. */
#include "unit.h"

#include "asp/conf.h"

#include <stdio.h>

START_TEST(each_key_goes_where_it_belongs)
{
    struct asp_conf *conf =
        unit_conf("self_service: { web_user = \"asp-web\"; web_socket = \"/run/w\"; };\n"
                  "web: { origin = \"https://passwords.example.org\"; address_header = "
                  "\"X-Forwarded-For\"; };\n");

    ck_assert_str_eq(conf->self_web_user, "asp-web");
    ck_assert_str_eq(conf->self_web_socket, "/run/w");
    ck_assert_str_eq(conf->web_origin, "https://passwords.example.org");
    ck_assert_str_eq(conf->web_address_header, "X-Forwarded-For");
    asp_conf_free(conf);
}
END_TEST

START_TEST(an_origin_is_what_a_browser_says)
{
    static const char *const right[] = {"",
                                        "https://a",
                                        "https://a.example.org:8443",
                                        "https://192.0.2.1",
                                        "https://[2001:db8::443]",
                                        "https://[2001:db8::1]:444"};
    static const char *const wrong[] = {
        "a",           "http://a",        "https://",          "https://a/",  "https://a/b",
        "https://a:0", "https://a:443",   "https://a:08443",   "https://A",   "HTTPS://a",
        "https://a?b", "https://u@a.b",   "https://a:",        "https://a b", "https://a#",
        "https://a.",  "https://a:8443/", "https://[::1]:443",
    };
    char text[256];

    for (size_t i = 0; i < UNIT_COUNT(right); i++) {
        (void)snprintf(text, sizeof text, "web: { origin = \"%s\"; };", right[i]);
        asp_conf_free(unit_conf(text));
    }
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        (void)snprintf(text, sizeof text, "limit = 3;\nweb: { origin = \"%s\"; };", wrong[i]);
        unit_conf_is_bad(text, 2, "web.origin must be an origin, https://HOST[:PORT]");
    }
}
END_TEST

START_TEST(what_is_no_name_of_a_header_is_an_error_with_its_line)
{
    static const char *const wrong[] = {"X Forwarded", "a:", "a\\tb", "\xc3\xa4", "a,b"};
    char text[256];

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        (void)snprintf(text, sizeof text, "\nweb: { address_header = \"%s\"; };", wrong[i]);
        unit_conf_is_bad(text, 2, "web.address_header must be the name of a header");
    }
    (void)snprintf(text, sizeof text, "web: { address_header = \"%065d\"; };", 0);
    unit_conf_is_bad(text, 1, "must be the name of a header");
    unit_conf_is_bad("self_service: { web_socket = \"run/w\"; };", 1, "absolute path");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, each_key_goes_where_it_belongs);
    unit_add(suite, an_origin_is_what_a_browser_says);
    unit_add(suite, what_is_no_name_of_a_header_is_an_error_with_its_line);
}

int main(void)
{
    return unit_run("conf_web", fill);
}
