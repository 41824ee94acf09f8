/* Which services a client of the broker may ask for. */
#include "unit.h"

#include "asp-broker/client_policy.h"

#include <stdlib.h>
#include <string.h>

enum { DAEMON = 1, WWW = 33, OTHER = 1000 };

static const char conf_text[] =
    "apps: ( { name = \"mail\"; services = [ \"imap\", \"smtp\" ]; },\n"
    "        { name = \"calendar\"; services = [ \"nginx\", \"caldav\" ]; } );\n"
    "broker: { clients = ( { user = \"www-data\"; services = [ \"nginx\", \"Wiki\" ]; },\n"
    "                      { user = \"nobody\"; services = []; },\n"
    "                      { user = \"exim\"; services = [ \"exim\" ]; },\n"
    "                      { user = \"www-data\"; services = [ \"apache2\" ]; } ); };\n";

static enum asp_status asks(const char *text, uid_t uid, const char *name, const char *service,
                            const char *app, struct asp_error *error)
{
    struct asp_conf *conf = unit_conf(text);
    struct asp_request request = {.user = "alice", .service = service, .app = app, .via = name};
    enum asp_status status = client_policy_check(conf, uid, name, &request, error);

    asp_conf_free(conf);
    return status;
}

static void may(uid_t uid, const char *name, const char *service, const char *app)
{
    struct asp_error error = {0};

    ck_assert_msg(asks(conf_text, uid, name, service, app, &error) == ASP_OK, "%s", error.text);
}

static void may_not(uid_t uid, const char *name, const char *service, const char *app,
                    const char *why)
{
    struct asp_error error = {0};

    ck_assert_int_eq(asks(conf_text, uid, name, service, app, &error), ASP_DENIED);
    ck_assert_str_eq(error.text, why);
}

START_TEST(without_clients_everybody_may_ask_for_everything)
{
    static const char *const services[] = {"nginx", "imap", "sudo", "", "no service\n"};

    for (size_t i = 0; i < UNIT_COUNT(services); i++) {
        ck_assert_int_eq(asks("", WWW, "www-data", services[i], NULL, NULL), ASP_OK);
        ck_assert_int_eq(asks("", OTHER, "uid 1000", services[i], "mail", NULL), ASP_OK);
        ck_assert_int_eq(asks("", 0, "root", services[i], NULL, NULL), ASP_OK);
    }
}
END_TEST

START_TEST(the_user_by_whom_others_sign_in_may_ask_for_nothing)
{
    static const char text[] =
        "self_service: { web_user = \"asp-web\"; };\n"
        "broker: { clients = ( { user = \"asp-web\"; services = [ \"nginx\" ]; } ); };\n";

    ck_assert_int_eq(asks(text, OTHER, "asp-web", "nginx", NULL, NULL), ASP_DENIED);
    ck_assert_int_eq(
        asks("self_service: { web_user = \"asp-web\"; };", OTHER, "asp-web", "nginx", NULL, NULL),
        ASP_DENIED);
    ck_assert_int_eq(
        asks("self_service: { web_user = \"asp-web\"; };", OTHER, "www-data", "nginx", NULL, NULL),
        ASP_OK);
}
END_TEST

/* What web servers are told is asked for by a process that anybody can speak to by them. */
START_TEST(who_asks_for_web_servers_has_to_be_listed_and_gets_no_guarded_service)
{
    static const char text[] =
        "guarded: [ \"sudo\" ];\n"
        "broker: { clients = ( { user = \"asp-authorize\"; services = [ \"wiki\", \"sudo\" ]; },\n"
        "                      { user = \"www-data\"; services = [ \"sudo\", \"blog\" ]; } ); };\n";
    static const char *const nobody[] = {"", "broker: { clients = (); };"};
    struct asp_error error = {0};

    for (size_t i = 0; i < UNIT_COUNT(nobody); i++) {
        ck_assert_int_eq(asks(nobody[i], OTHER, "asp-authorize", "wiki", NULL, &error), ASP_DENIED);
        ck_assert_str_eq(error.text, "asp-authorize is none of broker.clients: put it there, with "
                                     "the services it may ask for");
        ck_assert_int_eq(asks(nobody[i], 0, "asp-authorize", "wiki", NULL, NULL), ASP_DENIED);
    }
    ck_assert_int_eq(asks(text, OTHER, "asp-authorize", "wiki", NULL, NULL), ASP_OK);
    ck_assert_int_eq(asks(text, OTHER, "asp-authorize", "blog", NULL, NULL), ASP_DENIED);
    ck_assert_int_eq(asks(text, OTHER, "asp-authorize", "sudo", NULL, &error), ASP_DENIED);
    ck_assert_str_eq(error.text, "asp-authorize may not ask for the guarded service sudo");
    ck_assert_int_eq(asks(text, OTHER, "asp-authorize", "SUDO", NULL, NULL), ASP_DENIED);
    ck_assert_int_eq(asks(text, WWW, "www-data", "sudo", NULL, NULL), ASP_OK);
}
END_TEST

START_TEST(a_client_may_ask_for_its_services_in_either_case)
{
    may(WWW, "www-data", "nginx", NULL);
    may(WWW, "www-data", "NGINX", NULL);
    may(WWW, "www-data", "wiki", NULL);
    may(OTHER, "exim", "exim", NULL);
}
END_TEST

START_TEST(a_user_who_is_there_twice_may_ask_for_both)
{
    may(WWW, "www-data", "apache2", NULL);
    may(WWW, "www-data", "nginx", NULL);
    may(WWW, "www-data", "nginx", "apache2");
}
END_TEST

START_TEST(a_client_may_ask_for_no_other_service)
{
    static const char *const why = "www-data may not ask for the service ";
    static const char *const services[] = {"imap", "caldav", "exim",    "sudo", "ngin", "nginxx",
                                           "",     "nginx ", "nginx\n", "any",  "*"};

    for (size_t i = 0; i < UNIT_COUNT(services); i++) {
        struct asp_error error = {0};

        ck_assert_int_eq(asks(conf_text, WWW, "www-data", services[i], NULL, &error), ASP_DENIED);
        ck_assert(strncmp(error.text, why, strlen(why)) == 0);
    }
    may_not(WWW, "www-data", "imap", NULL,
            "www-data may not ask for the service imap: see broker.clients in asp.conf(5)");
    may_not(OTHER, "nobody", "nginx", NULL,
            "nobody may not ask for the service nginx: see broker.clients in asp.conf(5)");
}
END_TEST

/* Else app=mail in a stack of its own would open to www-data what is not its own. */
START_TEST(an_app_in_place_of_the_services_must_be_one_of_its_own)
{
    may(WWW, "www-data", "nginx", "calendar");
    may(WWW, "www-data", "wiki", "calendar");
    may(WWW, "www-data", "nginx", "nginx");
    /* These stand for the same. */
    may(WWW, "www-data", "nginx", "caldav");
    may(WWW, "www-data", "nginx", "Calendar");
    may(WWW, "www-data", "nginx", "wiki");
    may(WWW, "www-data", "nginx", "WIKI");
    may_not(WWW, "www-data", "nginx", "mail",
            "www-data may not ask for the app mail: see broker.clients in asp.conf(5)");
    may_not(WWW, "www-data", "nginx", "imap",
            "www-data may not ask for the app imap: see broker.clients in asp.conf(5)");
    may_not(WWW, "www-data", "nginx", "exim",
            "www-data may not ask for the app exim: see broker.clients in asp.conf(5)");
    may_not(OTHER, "exim", "exim", "calendar",
            "exim may not ask for the app calendar: see broker.clients in asp.conf(5)");
    /* The app does not help to a service that is another's. */
    may_not(WWW, "www-data", "imap", "calendar",
            "www-data may not ask for the service imap: see broker.clients in asp.conf(5)");
}
END_TEST

START_TEST(with_clients_nobody_else_may_ask)
{
    may_not(OTHER, "mallory", "nginx", NULL,
            "mallory is none of broker.clients: put it there, with the services it may ask for");
    may_not(DAEMON, "daemon", "nginx", NULL,
            "daemon is none of broker.clients: put it there, with the services it may ask for");
    may_not(OTHER, "uid 1000", "nginx", NULL,
            "uid 1000 is none of broker.clients: put it there, with the services it may ask for");
    may_not(OTHER, "www-dat", "nginx", NULL,
            "www-dat is none of broker.clients: put it there, with the services it may ask for");
    may_not(OTHER, "WWW-DATA", "nginx", NULL,
            "WWW-DATA is none of broker.clients: put it there, with the services it may ask for");
}
END_TEST

/* Who can read the store itself needs no leave; what is written down for root holds all the same.
 */
START_TEST(root_may_ask_for_everything_unless_it_is_a_client_itself)
{
    static const char root_too[] =
        "broker: { clients = ( { user = \"root\"; services = [ \"nginx\" ]; } ); };";

    may(0, "root", "imap", NULL);
    may(0, "root", "imap", "calendar");
    may(0, "uid 0", "sudo", NULL);
    ck_assert_int_eq(asks(root_too, 0, "root", "nginx", NULL, NULL), ASP_OK);
    ck_assert_int_eq(asks(root_too, 0, "root", "imap", NULL, NULL), ASP_DENIED);
}
END_TEST

START_TEST(a_long_service_is_cut_in_what_is_told)
{
    char service[2 * ASP_SERVICE_MAX];
    struct asp_error error = {0};

    memset(service, 'a', sizeof service - 1);
    service[sizeof service - 1] = '\0';
    ck_assert_int_eq(asks(conf_text, WWW, "www-data", service, NULL, &error), ASP_DENIED);
    ck_assert_ptr_null(strstr(error.text, service));
    service[ASP_SERVICE_MAX] = '\0';
    ck_assert_ptr_nonnull(strstr(error.text, service));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, without_clients_everybody_may_ask_for_everything);
    unit_add(suite, the_user_by_whom_others_sign_in_may_ask_for_nothing);
    unit_add(suite, who_asks_for_web_servers_has_to_be_listed_and_gets_no_guarded_service);
    unit_add(suite, a_client_may_ask_for_its_services_in_either_case);
    unit_add(suite, a_user_who_is_there_twice_may_ask_for_both);
    unit_add(suite, a_client_may_ask_for_no_other_service);
    unit_add(suite, an_app_in_place_of_the_services_must_be_one_of_its_own);
    unit_add(suite, with_clients_nobody_else_may_ask);
    unit_add(suite, root_may_ask_for_everything_unless_it_is_a_client_itself);
    unit_add(suite, a_long_service_is_cut_in_what_is_told);
}

int main(void)
{
    return unit_run("client_policy", fill);
}
