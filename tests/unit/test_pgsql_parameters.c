/* What libpq is told of one host. */
#include "unit.h"

#include "asp/pgsql/parameters.h"

#include <libpq-fe.h>
#include <string.h>

/* What is so of one is not so of the other. */
static const struct asp_database_host both[] = {
    {"", "/run/postgresql", 5433},
    {"db1.example", "192.0.2.1", 5432},
};
static const struct asp_database_host *const by_socket = &both[0];
static const struct asp_database_host *const by_address = &both[1];
static struct asp_database database;
static struct pgsql_parameters parameters;
static int version; /* of a library that is not this one; 0: it is */

int __real_PQlibVersion(void);
int __wrap_PQlibVersion(void);
int __wrap_PQlibVersion(void)
{
    return version != 0 ? version : __real_PQlibVersion();
}

static void begin(void)
{
    version = 0;
    database = (struct asp_database){
        .hosts = both,
        .host_count = UNIT_COUNT(both),
        .name = "asp",
        .tls = true,
        .ca = "/etc/asp/db/ca.crt",
        .cert = "",
        .key = "",
        .passfile = "",
        .wait = 800,
    };
}

static void give(const struct asp_database_host *host, const char *password)
{
    pgsql_parameters_give(&parameters, &database, host, "asp_node", "asp-broker", password);
}

/* NULL: it is not given, or empty, which is the same to libpq. */
static const char *given(const char *key)
{
    for (size_t i = 0; parameters.keys[i] != NULL; i++) {
        const char *value = parameters.values[i];

        if (strcmp(parameters.keys[i], key) == 0)
            return value == NULL || value[0] == '\0' ? NULL : value;
    }
    return NULL;
}

/* Those that cannot be given: pgsql_forget_environment is for them. The library of GSSAPI is one of
 * Windows. */
static bool is_left(const char *key, const struct asp_database_host *host)
{
    return strcmp(key, "service") == 0 || strcmp(key, "options") == 0 ||
           strcmp(key, "requirepeer") == 0 || strcmp(key, "password") == 0 ||
           strcmp(key, "gsslib") == 0 || (host == by_socket && strcmp(key, "hostaddr") == 0);
}

START_TEST(whatever_libpq_would_take_from_elsewhere_is_given)
{
    const struct asp_database_host *const hosts[] = {by_address, by_socket};
    PQconninfoOption *options = PQconndefaults();
    size_t seen = 0;

    ck_assert_ptr_nonnull(options);
    begin();
    for (size_t i = 0; i < UNIT_COUNT(hosts); i++) {
        give(hosts[i], NULL);
        for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
            if (option->envvar == NULL || is_left(option->keyword, hosts[i]))
                continue;
            ck_assert_msg(given(option->keyword) != NULL, "%s is not given", option->keyword);
            seen++;
        }
    }
    ck_assert_uint_gt(seen, 40);
    PQconninfoFree(options);
}
END_TEST

START_TEST(what_is_given_libpq_knows)
{
    PQconninfoOption *options = PQconndefaults();

    begin();
    give(by_address, "a password");
    for (size_t i = 0; parameters.keys[i] != NULL; i++) {
        const PQconninfoOption *option = options;

        while (option->keyword != NULL && strcmp(option->keyword, parameters.keys[i]) != 0)
            option++;
        ck_assert_msg(option->keyword != NULL, "libpq has no %s", parameters.keys[i]);
    }
    ck_assert_uint_lt(parameters.count, PGSQL_PARAMETERS);
    PQconninfoFree(options);
}
END_TEST

START_TEST(a_host_is_verified_by_its_name_and_reached_by_its_address)
{
    begin();
    give(by_address, "a password");
    ck_assert_str_eq(given("host"), "db1.example");
    ck_assert_str_eq(given("hostaddr"), "192.0.2.1");
    ck_assert_str_eq(given("port"), "5432");
    ck_assert_str_eq(given("sslmode"), "verify-full");
    ck_assert_str_eq(given("sslrootcert"), "/etc/asp/db/ca.crt");
    ck_assert_str_eq(given("password"), "a password");
    ck_assert_str_eq(given("channel_binding"), "require");
    ck_assert_str_eq(given("tcp_user_timeout"), "800");
    ck_assert_str_eq(given("application_name"), "asp-broker");
}
END_TEST

START_TEST(at_a_socket_there_is_neither_tls_nor_a_password)
{
    begin();
    give(by_socket, "a password");
    ck_assert_str_eq(given("host"), "/run/postgresql");
    ck_assert_ptr_null(given("hostaddr"));
    ck_assert_str_eq(given("port"), "5433");
    ck_assert_str_eq(given("sslmode"), "disable");
    ck_assert_ptr_null(given("password"));
}
END_TEST

START_TEST(a_password_needs_a_channel_that_is_bound_with_tls_or_without)
{
    begin();
    for (int tls = 0; tls <= 1; tls++) {
        database.tls = tls == 1;
        give(by_address, "a password");
        ck_assert_str_eq(given("sslmode"), tls == 1 ? "verify-full" : "disable");
        ck_assert_str_eq(given("channel_binding"), "require");
    }
}
END_TEST

/* Each from its first release on; what an older one does not know, it would refuse. */
static const struct {
    const char *key;
    int version;
    const char *value;
    const char *with_password; /* and a certificate */
} later[] = {
    {"load_balance_hosts", 160000, "disable", "disable"},
    {"gssdelegation", 160000, "0", "0"},
    {"sslcertmode", 160000, "disable", "allow"},
    {"require_auth", 160000, "none", "scram-sha-256"},
    {"sslnegotiation", 170000, "postgres", "postgres"},
    {"min_protocol_version", 180000, "3.0", "3.0"},
    {"max_protocol_version", 180000, "3.0", "3.0"},
};

static void is_given(const char *key, const char *value)
{
    const char *found = given(key);

    unit_need((found == NULL) == (value == NULL), "%s from %d on", key, version);
    if (value != NULL)
        ck_assert_str_eq(found, value);
}

START_TEST(a_later_library_is_told_of_what_it_would_take_from_elsewhere)
{
    for (size_t i = 0; i < UNIT_COUNT(later); i++) {
        begin();
        version = later[i].version - 1;
        give(by_address, NULL);
        is_given(later[i].key, NULL);
        version++;
        give(by_address, NULL);
        is_given(later[i].key, later[i].value);
        database.cert = "/etc/asp/db/node.crt";
        give(by_address, "a password");
        is_given(later[i].key, later[i].with_password);
        ck_assert_uint_lt(parameters.count, PGSQL_PARAMETERS);
    }
}
END_TEST

START_TEST(a_host_that_is_gone_is_noticed)
{
    begin();
    give(by_address, NULL);
    is_given("keepalives", "1");
    is_given("keepalives_idle", "10");
    is_given("keepalives_interval", "3");
    is_given("keepalives_count", "3");
}
END_TEST

START_TEST(without_a_password_no_channel_is_bound)
{
    begin();
    give(by_address, NULL);
    is_given("channel_binding", "disable");
    give(by_socket, "a password");
    is_given("channel_binding", "disable");
}
END_TEST

START_TEST(a_host_without_a_name_is_called_by_its_address)
{
    static const struct asp_database_host short_name = {"d", "192.0.2.1", 5432};

    ck_assert_str_eq(pgsql_host_label(by_socket), "/run/postgresql");
    ck_assert_str_eq(pgsql_host_label(by_address), "db1.example");
    ck_assert_str_eq(pgsql_host_label(&short_name), "d");
}
END_TEST

START_TEST(no_file_of_a_home_is_looked_for)
{
    static const char *const files[] = {"passfile",    "sslcert", "sslkey",
                                        "sslrootcert", "sslcrl",  "sslcrldir"};

    begin();
    database.ca = "";
    give(by_address, NULL);
    for (size_t i = 0; i < UNIT_COUNT(files); i++)
        ck_assert_str_eq(given(files[i]), "/dev/null/none");
}
END_TEST

static bool is_told_the_same(const struct asp_database *other, const char *role)
{
    uint8_t first[PGSQL_PARAMETERS_DIGEST];
    uint8_t second[PGSQL_PARAMETERS_DIGEST];

    pgsql_parameters_digest(&database, "asp_node", first);
    pgsql_parameters_digest(other, role, second);
    return memcmp(first, second, sizeof first) == 0;
}

START_TEST(what_is_told_is_the_same_where_each_word_is)
{
    struct asp_database_host hosts[] = {*by_address, *by_socket};
    struct asp_database_host others[] = {*by_address, *by_socket};
    struct asp_database other;
    struct {
        const char **text;
        const char *value;
    } texts[] = {
        {&other.name, "asp2"},       {&other.ca, "/ca"},         {&other.cert, "/cert"},
        {&other.key, "/key"},        {&other.passfile, "/pass"}, {&others[0].name, "db2.example"},
        {&others[0].address, "::1"}, {&others[1].name, "db3"},
    };

    begin();
    database.hosts = hosts;
    database.host_count = UNIT_COUNT(hosts);
    other = database;
    other.hosts = others;
    other.fence = database.fence + 1; /* libpq is not told of it */
    ck_assert(is_told_the_same(&other, "asp_node"));
    ck_assert(!is_told_the_same(&other, "asp_admin"));
    for (size_t i = 0; i < UNIT_COUNT(texts); i++) {
        const char *before = *texts[i].text;

        *texts[i].text = texts[i].value;
        ck_assert_msg(!is_told_the_same(&other, "asp_node"), "%s", texts[i].value);
        *texts[i].text = before;
    }
    other.name = "as";
    other.ca = "p/etc/asp/db/ca.crt";
    ck_assert(!is_told_the_same(&other, "asp_node"));
    other.name = database.name;
    other.ca = database.ca;
    ck_assert(is_told_the_same(&other, "asp_node"));
    other.wait++;
    ck_assert(!is_told_the_same(&other, "asp_node"));
    other.wait--;
    other.tls = false;
    ck_assert(!is_told_the_same(&other, "asp_node"));
    other.tls = true;
    others[1].port++;
    ck_assert(!is_told_the_same(&other, "asp_node"));
    others[1].port--;
    other.host_count--;
    ck_assert(!is_told_the_same(&other, "asp_node"));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_is_told_is_the_same_where_each_word_is);
    unit_add(suite, whatever_libpq_would_take_from_elsewhere_is_given);
    unit_add(suite, what_is_given_libpq_knows);
    unit_add(suite, a_host_is_verified_by_its_name_and_reached_by_its_address);
    unit_add(suite, at_a_socket_there_is_neither_tls_nor_a_password);
    unit_add(suite, a_password_needs_a_channel_that_is_bound_with_tls_or_without);
    unit_add(suite, a_later_library_is_told_of_what_it_would_take_from_elsewhere);
    unit_add(suite, a_host_that_is_gone_is_noticed);
    unit_add(suite, without_a_password_no_channel_is_bound);
    unit_add(suite, a_host_without_a_name_is_called_by_its_address);
    unit_add(suite, no_file_of_a_home_is_looked_for);
}

int main(void)
{
    return unit_run("pgsql_parameters", fill);
}
