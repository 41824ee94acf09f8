/* asp.conf: the database of many machines. */
#include "unit.h"

#include "asp/conf.h"

#include <stdio.h>

#define SOURCE "primary: { source = \"none\"; };\n"
#define FOLDER "hosts = ( { address = \"/run/postgresql\"; } ); "
#define FAR "hosts = ( { name = \"db1\"; address = \"192.0.2.11\"; } ); "

#ifdef ASP_HAS_DATABASE
static const bool has_engine = true;
#else
static const bool has_engine = false;
#endif

static struct asp_conf *conf_of(const char *keys)
{
    char text[1024];

    (void)snprintf(text, sizeof text, SOURCE "database: { %s };\n", keys);
    return unit_conf(text);
}

/* In the second line. */
static void is_bad(const char *keys, const char *why)
{
    char text[1024];

    (void)snprintf(text, sizeof text, SOURCE "database: { %s };\n", keys);
    unit_conf_is_bad(text, 2, why);
}

START_TEST(without_a_host_accounts_are_in_files)
{
    struct asp_conf *conf = unit_conf("");

    ck_assert_uint_eq(conf->database.host_count, 0);
    ck_assert_str_eq(conf->database.name, "asp");
    ck_assert_str_eq(conf->database.user, "asp_node");
    ck_assert_str_eq(conf->database.admin, "asp_admin");
    ck_assert(conf->database.tls);
    ck_assert_int_eq(conf->database.wait, 800);
    ck_assert_int_eq(conf->database.fence, 10);
    ck_assert_str_eq(conf->primary_realm, "");
    asp_conf_free(conf);
    asp_conf_free(unit_conf("database: { hosts = (); tls = \"none\"; };"));
}
END_TEST

START_TEST(each_key_goes_where_it_belongs)
{
    struct asp_conf *conf = unit_conf(
        "primary: { realm = \"office\"; };\n"
        "database: { hosts = ( { name = \"db1.example\"; address = \"192.0.2.11\"; port = 5433; },"
        " { name = \"db2.example\"; address = \"2001:db8::2\"; } );\n"
        "name = \"a\"; user = \"b_1\"; admin = \"c-d\"; tls = \"verify-full\"; ca = \"/ca\";"
        " cert = \"/cert\"; key = \"/key\"; passfile = \"/pass\"; wait = 100; fence = 0; };\n");
    const struct asp_database *database = &conf->database;

    ck_assert_str_eq(conf->primary_realm, "office");
    ck_assert_uint_eq(database->host_count, 2);
    ck_assert_str_eq(database->hosts[0].name, "db1.example");
    ck_assert_str_eq(database->hosts[0].address, "192.0.2.11");
    ck_assert_int_eq(database->hosts[0].port, 5433);
    ck_assert_str_eq(database->hosts[1].address, "2001:db8::2");
    ck_assert_int_eq(database->hosts[1].port, 5432);
    ck_assert_str_eq(database->name, "a");
    ck_assert_str_eq(database->user, "b_1");
    ck_assert_str_eq(database->admin, "c-d");
    ck_assert(database->tls);
    ck_assert_str_eq(database->ca, "/ca");
    ck_assert_str_eq(database->cert, "/cert");
    ck_assert_str_eq(database->key, "/key");
    ck_assert_str_eq(database->passfile, "/pass");
    ck_assert_int_eq(database->wait, 100);
    ck_assert_int_eq(database->fence, 0);
    asp_conf_free(conf);
}
END_TEST

START_TEST(a_host_has_an_address_and_no_name_is_looked_up)
{
    static const char *const wrong[] = {
        "localhost", "db.example", "", "run", "/run/", "/run/../x", "/", "192.0.2.1/24", "192.0.2",
    };
    char keys[512];

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        (void)snprintf(keys, sizeof keys, "hosts = ( { name = \"a\"; address = \"%s\"; } );",
                       wrong[i]);
        is_bad(keys, "it must be an IP address, or the folder of a Unix socket");
    }
    (void)snprintf(keys, sizeof keys, "hosts = ( { address = \"/%0100d\"; } );", 0);
    is_bad(keys, "it must be an IP address, or the folder of a Unix socket");
    is_bad("hosts = ( { name = \"a\"; } );", "database.hosts holds a host without an address");
    is_bad("hosts = ( { address = \"192.0.2.1\"; name = \"a b\"; } );", "which is no host's");
    is_bad("hosts = ( { address = \"::1\"; }, { address = \"::1\"; } );",
           "has the address \"::1\" twice");
    asp_conf_free(conf_of("tls = \"none\"; hosts = ( { address = \"::1\"; }, "
                          "{ address = \"::1\"; port = 5433; } );"));
}
END_TEST

START_TEST(a_host_is_a_group_of_three_keys)
{
    is_bad("hosts = \"/run\";", "database.hosts must be a list of groups");
    is_bad("hosts = ( \"/run\" );", "must hold groups, { name");
    is_bad("hosts = ( { adress = \"/run\"; } );", "did you mean address?");
    is_bad("hosts = ( { address = 5; } );", "must be a text in quotes");
    is_bad("hosts = ( { address = \"/run\"; port = 0; } );", "a whole number from 1 to 65535");
    is_bad("hosts = ( { address = \"/run\"; port = 65536; } );", "a whole number from 1 to 65535");
    is_bad("hosts = ( { address = \"/run\"; port = \"5432\"; } );", "a whole number from 1");
}
END_TEST

START_TEST(over_a_network_it_is_known_who_answers)
{
    is_bad(FAR "tls = \"none\";", "has tls = \"none\" and the address 192.0.2.11");
    is_bad("tls = \"none\"; passfile = \"/pass\"; hosts = ( { address = \"/run/postgresql\"; },"
           " { address = \"127.0.0.9\"; } );",
           "has a passfile and the address 127.0.0.9 with tls = \"none\"");
    is_bad(FAR, "has no ca: say who certifies");
    is_bad("ca = \"/ca\"; hosts = ( { address = \"192.0.2.11\"; } );",
           "has the address 192.0.2.11 without a name");
    is_bad("ca = \"/ca\"; hosts = ( { address = \"127.0.0.1\"; } );",
           "has the address 127.0.0.1 without a name");
    asp_conf_free(conf_of(FAR "ca = \"/ca\";"));
    asp_conf_free(conf_of(FOLDER));
    asp_conf_free(conf_of(FOLDER "tls = \"none\";"));
    asp_conf_free(conf_of(FOLDER "tls = \"none\"; passfile = \"/pass\";"));
    asp_conf_free(conf_of("tls = \"none\"; hosts = ( { address = \"127.0.0.9\"; } );"));
    is_bad("cert = \"/cert\";", "has one of cert and key");
    is_bad("key = \"/key\";", "has one of cert and key");
}
END_TEST

START_TEST(a_role_is_a_plain_word)
{
    static const char *const wrong[] = {"", "1a", "-a", "_a", "a b", "a\\\"b", "a'b", "\xc3\xa4"};
    char keys[256];

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        (void)snprintf(keys, sizeof keys, "user = \"%s\";", wrong[i]);
        is_bad(keys, "database.user must begin with a letter, and be 1 to 63 letters");
    }
    (void)snprintf(keys, sizeof keys, "name = \"a%063d\";", 0);
    is_bad(keys, "database.name must begin with a letter");
    is_bad("tls = \"prefer\";", "database.tls must be \"none\" or \"verify-full\"");
    is_bad("wait = 99;", "from 100 to 5000");
    is_bad("fence = 301;", "from 0 to 300");
}
END_TEST

START_TEST(shadow_files_of_many_machines_need_a_realm)
{
    unit_conf_is_bad("\ndatabase: { " FOLDER " };", 2, "and no realm");
    unit_conf_is_bad("primary: { realm = \"a b\"; };", 1,
                     "primary.realm is not a well-formed name");
    asp_conf_free(unit_conf("primary: { realm = \"office\"; }; database: { " FOLDER " };"));
    asp_conf_free(unit_conf("database: { name = \"x\"; };"));
}
END_TEST

START_TEST(last_uses_are_written_more_seldom_unless_it_is_said_how_often)
{
    struct asp_conf *conf = conf_of(FOLDER);

    ck_assert_int_eq(conf->usage_interval, 900);
    asp_conf_free(conf);
    conf = unit_conf("usage_interval = 60; " SOURCE "database: { " FOLDER " };");
    ck_assert_int_eq(conf->usage_interval, 60);
    asp_conf_free(conf);
    conf = conf_of("");
    ck_assert_int_eq(conf->usage_interval, 60);
    asp_conf_free(conf);
}
END_TEST

/* Built without the engine: whatever else is said of a database, none is used. */
START_TEST(a_host_is_an_error_of_its_own_where_no_engine_was_built)
{
    is_bad(FOLDER, "database has hosts, and this pam_asp was built without a database");
    is_bad(FAR, "database has hosts, and this pam_asp was built without a database");
    asp_conf_free(conf_of("name = \"x\";"));
}
END_TEST

static void fill(Suite *suite)
{
    if (!has_engine) {
        unit_add(suite, a_host_is_an_error_of_its_own_where_no_engine_was_built);
        return;
    }
    unit_add(suite, without_a_host_accounts_are_in_files);
    unit_add(suite, each_key_goes_where_it_belongs);
    unit_add(suite, a_host_has_an_address_and_no_name_is_looked_up);
    unit_add(suite, a_host_is_a_group_of_three_keys);
    unit_add(suite, over_a_network_it_is_known_who_answers);
    unit_add(suite, a_role_is_a_plain_word);
    unit_add(suite, shadow_files_of_many_machines_need_a_realm);
    unit_add(suite, last_uses_are_written_more_seldom_unless_it_is_said_how_often);
}

int main(void)
{
    return unit_run("conf_database", fill);
}
