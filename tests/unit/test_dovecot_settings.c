/* What doveconf prints, of Dovecot 2.3 and of 2.4, and what it means for app passwords. */
#include "unit.h"

#include "asp-admin/doctor/dovecot_settings.h"

#include <stdio.h>
#include <string.h>

static struct dovecot_settings settings;

static void read_text(const char *text)
{
    static char room[2048];

    ck_assert_uint_lt(strlen(text), sizeof room);
    (void)snprintf(room, sizeof room, "%s", text);
    dovecot_settings_read(room, &settings);
}

#define PAM_2_3(args) "passdb {\n  args = " args "\n  deny = no\n  driver = pam\n  name = \n}\n"
#define PAM_2_4(name) "passdb pam {\n  " name "\n  fields {\n    x = y\n  }\n}\n"

START_TEST(a_passdb_of_pam_is_seen_in_both_ways_of_writing)
{
    read_text("auth_cache_size = 0\n" PAM_2_3("dovecot"));
    ck_assert(settings.asks_pam && settings.keeps_pam && !settings.has_cache);
    read_text("auth_cache_size = 10 M\n" PAM_2_4("use_cache = no"));
    ck_assert(settings.asks_pam && !settings.keeps_pam && settings.has_cache);
    read_text("passdb own {\n  driver = pam\n}\n");
    ck_assert(settings.asks_pam);
    read_text("");
    ck_assert(!settings.asks_pam);
    ck_assert_str_eq(settings.primary, "");
}
END_TEST

START_TEST(a_service_that_is_the_protocol_is_told_from_a_name)
{
    static const char *const by_protocol[] = {
        PAM_2_3("%s"),
        PAM_2_3("*"),
        PAM_2_3("session=yes cache_key=%u%s %Ls"),
        PAM_2_4("service_name = %{protocol}"),
        PAM_2_4("service_name = %{protocol | lower}"),
        "passdb own {\n  driver = pam\n  pam_service_name = %{service}\n}\n",
        "passdb_pam {\n  service_name = %{protocol}\n  session = yes\n}\n" PAM_2_4("skip = never"),
        PAM_2_4("") "passdb_pam {\n  service_name = %{protocol}\n}\n",
        "protocol imap {\n  passdb pam {\n    service_name = %{protocol}\n  }\n}\n",
    };
    static const char *const by_name[] = {
        PAM_2_3("dovecot"),
        PAM_2_3(""),
        PAM_2_3("cache_key=%u%s dovecot"),
        PAM_2_4("service_name = dovecot"),
        PAM_2_4("use_cache = no"),
        PAM_2_4("service_name = mail-%{protocol}"),
        "passdb_pam {\n  service_name = %{protocol}\n}\n" PAM_2_4("service_name = dovecot"),
        "protocol imap {\n  passdb_pam {\n    service_name = %{protocol}\n  }\n}\n" PAM_2_4(""),
    };

    for (size_t i = 0; i < UNIT_COUNT(by_protocol); i++) {
        read_text(by_protocol[i]);
        ck_assert_msg(settings.by_protocol, "%s", by_protocol[i]);
    }
    for (size_t i = 0; i < UNIT_COUNT(by_name); i++) {
        read_text(by_name[i]);
        ck_assert_msg(!settings.by_protocol, "%s", by_name[i]);
    }
}
END_TEST

/* As doveconf 2.4.1 prints what is said for all of them. */
START_TEST(what_is_said_of_the_cache_for_all_holds_for_who_does_not_say_it)
{
    static const struct {
        const char *text;
        bool kept;
    } samples[] = {
        {"passdb_use_cache = no\n" PAM_2_4(""), false},
        {PAM_2_4("") "passdb_use_cache = no\n", false},
        {"passdb_use_cache = no\n" PAM_2_4("use_cache = yes"), true},
        {"passdb_use_cache = no\n" PAM_2_4(
             "") "passdb own {\n  driver = pam\n  use_cache = yes\n}\n",
         true},
        {"passdb_use_cache = yes\n" PAM_2_4("use_cache = no"), false},
        {"passdb_fields {\n  cached_by = %{password | substr(0, 0)}\n}\n" PAM_2_4(""), false},
        {"protocol imap {\n  passdb_use_cache = no\n}\n" PAM_2_4(""), true},
    };

    for (size_t i = 0; i < UNIT_COUNT(samples); i++) {
        read_text(samples[i].text);
        ck_assert_msg(settings.keeps_pam == samples[i].kept, "%s", samples[i].text);
    }
}
END_TEST

START_TEST(protocols_are_a_line_or_a_block)
{
    read_text("protocols = imap lmtp  sieve\n");
    ck_assert(settings.has_protocol[0] && !settings.has_protocol[1] && settings.has_protocol[2]);
    read_text(
        "protocols {\n  imap = yes\n  pop3 = no\n  submission = yes\n}\nx {\n  sieve = yes\n}\n");
    ck_assert(settings.has_protocol[0] && !settings.has_protocol[1] && !settings.has_protocol[2] &&
              settings.has_protocol[3]);
    read_text("protocols = pop3imap\n");
    ck_assert(!settings.has_protocol[0] && !settings.has_protocol[1]);
}
END_TEST

START_TEST(what_is_beside_pam_is_named_unless_it_only_denies)
{
    read_text(PAM_2_3("dovecot") "passdb {\n  args = \n  deny = no\n  driver = shadow\n}\n");
    ck_assert_str_eq(settings.primary, "shadow");
    read_text(PAM_2_3("dovecot") "passdb {\n  deny = yes\n  driver = passwd-file\n}\n");
    ck_assert_str_eq(settings.primary, "");
    ck_assert_str_eq(settings.other, "");
    read_text("protocol imap {\n  passdb sql {\n    query = x\n  }\n}\n");
    ck_assert_str_eq(settings.other, "sql");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_passdb_of_pam_is_seen_in_both_ways_of_writing);
    unit_add(suite, a_service_that_is_the_protocol_is_told_from_a_name);
    unit_add(suite, what_is_said_of_the_cache_for_all_holds_for_who_does_not_say_it);
    unit_add(suite, protocols_are_a_line_or_a_block);
    unit_add(suite, what_is_beside_pam_is_named_unless_it_only_denies);
}

int main(void)
{
    return unit_run("dovecot_settings", fill);
}
