/* asp.conf: what a device is told, in groups of a group. */
#include "unit.h"

#include "asp/conf.h"

#include <stdio.h>

START_TEST(nothing_is_said_where_the_file_says_nothing)
{
    struct asp_conf *conf = unit_conf("");
    const char *const *texts = (const char *const *)&conf->profile;

    for (size_t i = 0; i < sizeof conf->profile / sizeof *texts; i++)
        ck_assert_str_eq(texts[i], "");
    asp_conf_free(conf);
}
END_TEST

START_TEST(each_key_goes_where_it_belongs)
{
    struct asp_conf *conf =
        unit_conf("profile: { organization = \"O\"; name = \"N & <M>\";\n"
                  "mail: { address = \"%u@example.org\"; user = \"%u\"; imap = \"imaps://i\"; smtp "
                  "= \"submissions://s\"; };\n"
                  "calendar: { url = \"https://d/%u/100%%\"; user = \"u\"; };\n"
                  "sign: { certificate = \"/c\"; key = \"/k\"; }; };\n");

    ck_assert_str_eq(conf->profile.organization, "O");
    ck_assert_str_eq(conf->profile.name, "N & <M>");
    ck_assert_str_eq(conf->profile.mail_address, "%u@example.org");
    ck_assert_str_eq(conf->profile.mail_user, "%u");
    ck_assert_str_eq(conf->profile.mail_imap, "imaps://i");
    ck_assert_str_eq(conf->profile.mail_smtp, "submissions://s");
    ck_assert_str_eq(conf->profile.calendar_url, "https://d/%u/100%%");
    ck_assert_str_eq(conf->profile.calendar_user, "u");
    ck_assert_str_eq(conf->profile.sign_certificate, "/c");
    ck_assert_str_eq(conf->profile.sign_key, "/k");
    asp_conf_free(conf);
}
END_TEST

START_TEST(a_value_that_no_device_could_use_is_an_error_with_its_line)
{
    static const char *const wrong[][2] = {
        {"profile = 1;", "group"},
        {"profile: { mail = 1; };", "profile.mail must be a group"},
        {"profile: { mail: { imap = \"mail.example.org\"; }; };",
         "imaps://HOST[:PORT] or imap://HOST[:PORT]"},
        {"profile: { mail: { imap = \"submissions://a\"; }; };",
         "imaps://HOST[:PORT] or imap://HOST[:PORT]"},
        {"profile: { mail: { smtp = \"imaps://a\"; }; };",
         "submissions://HOST[:PORT] or submission://HOST[:PORT]"},
        {"profile: { mail: { address = \"%n@example.org\"; }; };", "%u, for the user"},
        {"profile: { mail: { address = \"100%\"; }; };", "%u, for the user"},
        {"profile: { calendar: { url = \"http://a\"; }; };", "https://HOST[:PORT]/..."},
        {"profile: { calendar: { url = \"https://a/%d\"; }; };", "%u, for the user"},
        {"profile: { name = \"a\\nb\"; };", "without control characters"},
        {"profile: { name = \"\xff\"; };", "UTF-8"},
        {"profile: { name = 3; };", "in quotes"},
        {"profile: { sign: { certificate = \"c\"; key = \"/k\"; }; };", "absolute path"},
        {"profile: { sign: { key = \"/k\"; }; };", "both are needed"},
    };

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        char text[256];

        (void)snprintf(text, sizeof text, "limit = 3;\n%s\n", wrong[i][0]);
        unit_conf_is_bad(text, 2, wrong[i][1]);
    }
}
END_TEST

START_TEST(a_key_in_the_wrong_group_is_told_where_it_belongs)
{
    static const char *const wrong[][2] = {
        {"mail: {};", "write it in profile: { ... };"},
        {"imap = \"imaps://a\";", "write it in profile: { mail: { ... }; };"},
        {"profile: { imap = \"imaps://a\"; };", "write it in profile: { mail: { ... }; };"},
        {"profile: { maill: {}; };", "did you mean mail?"},
        {"profile: { mail: { imapp = \"\"; }; };", "did you mean imap?"},
        {"profile: { profile: {}; };", "write profile outside of profile"},
        {"profile: { mail: { mail: {}; }; };", "write it in profile: { ... };"},
        {"profile: { mail: { imap = imaps; }; };", "write imap = \"imaps\""},
    };

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++)
        unit_conf_is_bad(wrong[i][0], 1, wrong[i][1]);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, nothing_is_said_where_the_file_says_nothing);
    unit_add(suite, each_key_goes_where_it_belongs);
    unit_add(suite, a_value_that_no_device_could_use_is_an_error_with_its_line);
    unit_add(suite, a_key_in_the_wrong_group_is_told_where_it_belongs);
}

int main(void)
{
    return unit_run("conf_profile", fill);
}
