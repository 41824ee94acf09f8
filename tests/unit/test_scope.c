/* Which app a service belongs to, and which entries serve it. */
#include "unit.h"

#include "asp/scope.h"

#include <stdlib.h>
#include <string.h>

static const char conf_text[] =
    "apps: ( { name = \"mail\"; services = [ \"imap\", \"SMTP\", \"login\" ]; },\n"
    "        { name = \"Web\"; services = [ \"nginx\" ]; },\n"
    "        { name = \"post\"; services = [ \"mail\" ]; },\n"
    "        { name = \"alone\"; services = []; } );\n"
    "guarded = [ \"login\", \"Su\", \"gdm-password\" ];\n";

static void is_scope(const char *service, const char *app, const char *expected_service,
                     const char *expected_app, bool guarded)
{
    struct asp_conf *conf = unit_conf(conf_text);
    struct asp_scope scope;

    memset(&scope, 'x', sizeof scope);
    asp_scope_of(conf, service, app, &scope);
    for (size_t i = strlen(scope.app); i < sizeof scope.app; i++)
        unit_need(scope.app[i] == '\0', "something stands behind %s", scope.app);
    ck_assert_str_eq(scope.service, expected_service);
    ck_assert_str_eq(scope.app, expected_app);
    ck_assert_int_eq(scope.guarded, guarded);
    asp_conf_free(conf);
}

/* The own name of a service, beside its app. */
static void is_own(const char *service, const char *app, const char *expected_app,
                   const char *expected_own)
{
    struct asp_conf *conf = unit_conf(conf_text);
    struct asp_scope scope;

    asp_scope_of(conf, service, app, &scope);
    ck_assert_str_eq(scope.app, expected_app);
    ck_assert_str_eq(scope.own, expected_own);
    asp_conf_free(conf);
}

START_TEST(a_service_belongs_to_the_app_that_lists_it_or_is_its_own)
{
    is_scope("imap", NULL, "imap", "mail", false);
    is_scope("smtp", NULL, "smtp", "mail", false);
    is_scope("nginx", NULL, "nginx", "Web", false);
    is_scope("radio", NULL, "radio", "radio", false);
    is_scope("su", NULL, "su", "su", true);
    is_scope("login", NULL, "login", "mail", true);
    is_scope("gdm-password", NULL, "gdm-password", "gdm-password", true);
    is_scope("ima", NULL, "ima", "ima", false);
    is_scope("imaps", NULL, "imaps", "imaps", false);
}
END_TEST

START_TEST(services_compare_in_lower_case)
{
    is_scope("IMAP", NULL, "imap", "mail", false);
    is_scope("Smtp", NULL, "smtp", "mail", false);
    is_scope("SU", NULL, "su", "su", true);
    is_scope("GDM-Password", NULL, "gdm-password", "gdm-password", true);
    is_scope("RADIO", NULL, "radio", "radio", false);
}
END_TEST

/* A service with the name of a word that means something else is no app. */
START_TEST(a_service_named_any_or_first_use_is_served_by_nothing)
{
    struct asp_conf *conf = unit_conf("");
    struct asp_scope scope;

    asp_scope_of(conf, "any", NULL, &scope);
    ck_assert_str_eq(scope.app, "");
    asp_scope_of(conf, "radio", "any", &scope);
    ck_assert_str_eq(scope.app, "");
    asp_conf_free(conf);

    conf = unit_conf("guarded = [ \"any\", \"first-use\" ];");
    asp_scope_of(conf, "first-use", NULL, &scope);
    ck_assert_str_eq(scope.app, "");
    ck_assert(scope.guarded);
    asp_conf_free(conf);

    is_scope("first-use", NULL, "first-use", "", false);
    is_scope("First-Use", NULL, "first-use", "", false);
    is_scope("radio", "first-use", "radio", "", false);
}
END_TEST

/* A service stays guarded: who may come in is asked of the service alone. */
START_TEST(an_app_that_is_named_stands_in_for_the_services)
{
    is_scope("imap", "Web", "imap", "Web", false);
    is_scope("imap", "alone", "imap", "alone", false);
    is_scope("radio", "mail", "radio", "mail", false);
    is_scope("radio", "nginx", "radio", "Web", false); /* a service's name: its app */
    is_scope("radio", "imap", "radio", "mail", false);
    is_scope("radio", "other", "radio", "other", false);
    is_scope("su", "mail", "su", "mail", true);
    is_scope("imap", "su", "imap", "su", false);
    /* The name of a group comes before a service of that name in another. */
    is_scope("radio", "mail", "radio", "mail", false);
    is_scope("mail", NULL, "mail", "post", false);
    is_scope("radio", "other\0garbage", "radio", "other", false);
}
END_TEST

/* What was made while a service was in no group has that name. A group of that name is another app,
 * and so is what the service was told to be. */
START_TEST(a_service_in_a_group_is_known_by_its_own_name_too)
{
    is_own("imap", NULL, "mail", "imap");
    is_own("SMTP", NULL, "mail", "smtp");
    is_own("login", NULL, "mail", "login");
    is_own("radio", NULL, "radio", "radio");
    is_own("mail", NULL, "post", "");
    is_own("MAIL", NULL, "post", "");
    is_own("radio", "Mail", "post", "");
    is_own("radio", "IMAP", "mail", "imap");
    is_own("radio", "other", "other", "other");
    is_own("imap", "Web", "Web", "");
    is_own("imap", "alone", "alone", "");
    is_own("any", NULL, "", "");
    is_own("imap", "first-use", "", "");
    is_own("im ap", NULL, "", "");
}
END_TEST

START_TEST(an_entry_of_a_services_own_name_serves_it_in_a_group_too)
{
    static const struct {
        const char *app;
        bool bound;
        bool guarded;
        enum asp_admission admission;
    } cases[] = {
        {"exim", false, false, ASP_ADMIT_YES}, {"exim", true, false, ASP_ADMIT_YES},
        {"exim", false, true, ASP_ADMIT_YES},  {"exim", true, true, ASP_ADMIT_NO},
        {"mail", false, false, ASP_ADMIT_YES}, {"imap", false, false, ASP_ADMIT_NO},
        {"exi", false, false, ASP_ADMIT_NO},   {"", false, false, ASP_ADMIT_NO},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_scope scope = {"exim", "mail", cases[i].guarded, "exim"};
        struct asp_entry entry;

        unit_plain_entry(&entry, "7k", "Phone");
        strcpy(entry.app, cases[i].app);
        if (cases[i].bound)
            entry.bound = 0;
        ck_assert_int_eq(asp_scope_admits(&scope, &entry), cases[i].admission);
        scope.own[0] = '\0';
        if (strcmp(cases[i].app, "mail") != 0)
            ck_assert_int_eq(asp_scope_admits(&scope, &entry), ASP_ADMIT_NO);
    }
}
END_TEST

/* A group's name is as it is written there; any other is a service's, in lower case. */
START_TEST(an_apps_name_has_one_form)
{
    static const char *const names[][2] = {
        {"mail\0!", "mail"}, {"Web\0!", "Web"}, {"web", "web"}, {"Radio\0!", "radio"}, {"X", "x"}};
    struct asp_conf *conf = unit_conf(conf_text);
    char app[ASP_SERVICE_MAX + 1];

    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        memset(app, 'x', sizeof app);
        asp_scope_app(conf, names[i][0], app);
        ck_assert_str_eq(app, names[i][1]);
        ck_assert_int_eq(app[strlen(app) + 1], 'x');
    }
    asp_conf_free(conf);
}
END_TEST

START_TEST(an_ill_formed_name_gives_a_scope_that_nothing_serves)
{
    static const char *const names[] = {"",      " ",  "a b", "a\"",      "a\\", "a/b",
                                        "../su", "a%", "a,b", "\xc3\xa9", "a\n", "a\x7f"};
    char longest[ASP_SERVICE_MAX + 2];
    struct asp_scope scope;
    struct asp_entry entry;

    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        is_scope(names[i], NULL, "", "", false);
        is_scope("imap", names[i], "", "", false);
        is_scope(names[i], "mail", "", "", false);
    }
    memset(longest, 's', sizeof longest);
    longest[ASP_SERVICE_MAX] = '\0';
    is_scope(longest, NULL, longest, longest, false);
    longest[ASP_SERVICE_MAX] = 's';
    longest[ASP_SERVICE_MAX + 1] = '\0';
    is_scope(longest, NULL, "", "", false);

    memset(&scope, 0, sizeof scope);
    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(asp_scope_admits(&scope, &entry), ASP_ADMIT_NO);
    strcpy(entry.app, ASP_APP_ANY);
    ck_assert_int_eq(asp_scope_admits(&scope, &entry), ASP_ADMIT_NO);
    entry.app[0] = '\0';
    ck_assert_int_eq(asp_scope_admits(&scope, &entry), ASP_ADMIT_NO);
}
END_TEST

START_TEST(an_entry_serves_its_own_app_and_no_other)
{
    static const struct {
        const char *app;
        bool bound;
        bool guarded;
        enum asp_admission admission;
    } cases[] = {
        {"mail", false, false, ASP_ADMIT_YES},
        {"mail", true, false, ASP_ADMIT_YES},
        {"mail", false, true, ASP_ADMIT_YES},
        {"mail", true, true, ASP_ADMIT_NO},
        {"web", false, false, ASP_ADMIT_NO},
        {"web", false, true, ASP_ADMIT_NO},
        {"Mail", false, false, ASP_ADMIT_NO},
        {"mai", false, false, ASP_ADMIT_NO},
        {"mails", false, false, ASP_ADMIT_NO},
        {"imap", false, false, ASP_ADMIT_NO},
        {ASP_APP_ANY, false, false, ASP_ADMIT_YES},
        {ASP_APP_ANY, false, true, ASP_ADMIT_NO},
        {ASP_APP_FIRST_USE, false, false, ASP_ADMIT_BIND},
        {ASP_APP_FIRST_USE, false, true, ASP_ADMIT_NO},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct asp_scope scope = {"imap", "mail", cases[i].guarded, ""};
        struct asp_entry entry;

        unit_plain_entry(&entry, "7k", "Phone");
        strcpy(entry.app, cases[i].app);
        if (cases[i].bound) {
            entry.bound = 0;
            strcpy(entry.bound_service, "imap");
        }
        ck_assert_int_eq(asp_scope_admits(&scope, &entry), cases[i].admission);
    }
    {
        struct asp_scope scope = {"x", "x", false, "x"};
        struct asp_entry entry;

        unit_plain_entry(&entry, "7k", "Phone");
        strcpy(entry.app, "x");
        ck_assert_int_eq(asp_scope_admits(&scope, &entry), ASP_ADMIT_YES);
    }
}
END_TEST

START_TEST(groups_and_lists_are_looked_up)
{
    struct asp_conf *conf = unit_conf(conf_text);

    ck_assert_str_eq(asp_scope_listed(conf, "imap"), "mail");
    ck_assert_str_eq(asp_scope_listed(conf, "NGINX"), "Web");
    ck_assert_str_eq(asp_scope_listed(conf, "mail"), "post");
    ck_assert_ptr_null(asp_scope_listed(conf, "web"));
    ck_assert_ptr_null(asp_scope_listed(conf, ""));
    ck_assert(asp_scope_is_group(conf, "mail"));
    ck_assert(asp_scope_is_group(conf, "Web"));
    ck_assert(!asp_scope_is_group(conf, "imap"));
    ck_assert(!asp_scope_is_group(conf, "web"));
    ck_assert(!asp_scope_is_group(conf, ""));
    ck_assert(asp_scope_is_guarded(conf, "su"));
    ck_assert(asp_scope_is_guarded(conf, "LOGIN"));
    ck_assert(!asp_scope_is_guarded(conf, "imap"));
    ck_assert(!asp_scope_is_guarded(conf, "radio"));
    ck_assert(asp_names_contain(&conf->guarded, conf->guarded.count, "su"));
    ck_assert(!asp_names_contain(&conf->guarded, 1, "su"));
    ck_assert(!asp_names_contain(&conf->guarded, 0, "login"));
    asp_conf_free(conf);
}
END_TEST

/* What is built in: no service that gives a shell or root is opened by first use or by `any`. */
START_TEST(the_services_that_give_a_shell_are_guarded)
{
    static const char *const guarded[] = {
        "login",    "su",      "su-l",      "sudo",    "sudo-i", "runuser",      "runuser-l",
        "polkit-1", "passwd",  "chsh",      "chfn",    "cron",   "gdm-password", "lightdm",
        "sddm",     "cockpit", "asp-admin", "asp-web", "sshd"};
    struct asp_conf *conf = unit_conf("");
    struct asp_scope scope;

    ck_assert_uint_eq(conf->guarded.count, UNIT_COUNT(guarded));
    for (size_t i = 0; i < UNIT_COUNT(guarded); i++) {
        asp_scope_of(conf, guarded[i], NULL, &scope);
        unit_need(scope.guarded, "%s", guarded[i]);
    }
    asp_scope_of(conf, "imap", NULL, &scope);
    ck_assert(!scope.guarded);
    asp_conf_free(conf);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_service_belongs_to_the_app_that_lists_it_or_is_its_own);
    unit_add(suite, services_compare_in_lower_case);
    unit_add(suite, a_service_named_any_or_first_use_is_served_by_nothing);
    unit_add(suite, an_app_that_is_named_stands_in_for_the_services);
    unit_add(suite, a_service_in_a_group_is_known_by_its_own_name_too);
    unit_add(suite, an_entry_of_a_services_own_name_serves_it_in_a_group_too);
    unit_add(suite, an_apps_name_has_one_form);
    unit_add(suite, an_ill_formed_name_gives_a_scope_that_nothing_serves);
    unit_add(suite, an_entry_serves_its_own_app_and_no_other);
    unit_add(suite, groups_and_lists_are_looked_up);
    unit_add(suite, the_services_that_give_a_shell_are_guarded);
}

int main(void)
{
    return unit_run("scope", fill);
}
