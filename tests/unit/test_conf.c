/* The configuration: which keys there are, and what each may be. */
#include "unit.h"

#include "asp/conf.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* One key with one value, inside GROUP where that is not empty. */
static void key_with(char *text, size_t size, const char *group, const char *key, const char *value)
{
    int length = group[0] == '\0'
                     ? snprintf(text, size, "\n%s = %s;\n", key, value)
                     : snprintf(text, size, "%s: {\n  %s = %s;\n};\n", group, key, value);

    ck_assert_int_lt(length, (int)size);
}

static void accepts(const char *group, const char *key, const char *value)
{
    char text[PATH_MAX + 256];

    key_with(text, sizeof text, group, key, value);
    unit_conf_is_good(text);
}

static void refuses(const char *group, const char *key, const char *value)
{
    char text[PATH_MAX + 256];

    key_with(text, sizeof text, group, key, value);
    unit_conf_is_bad(text, 2, key);
}

/* Numbers */

static const struct {
    const char *group;
    const char *key;
    long least;
    long most;
} numbers[] = {
    {"", "limit", 1, 500},
    {"", "history", 0, 500},
    {"", "usage_interval", 0, 86400},
    {"hash", "memory", 8192, 1048576},
    {"hash", "passes", 1, 10},
    {"primary", "interval", 10, 86400},
    {"hooks", "timeout", 1, 300},
    {"broker", "workers", 1, 64},
};

START_TEST(a_number_is_within_its_bounds)
{
    const char *group = numbers[_i].group;
    const char *key = numbers[_i].key;
    const long good[] = {numbers[_i].least, numbers[_i].least + 1, numbers[_i].most};
    const long bad[] = {numbers[_i].least - 1, numbers[_i].most + 1, -1, INT_MAX, INT_MIN};
    static const char *const wrong[] = {"\"25\"", "25.0", "true", "25L",  "0x19L", "[25]",
                                        "(25)",   "{}",   "25.",  "\"\"", "1.5e1"};
    char value[32];

    for (size_t i = 0; i < UNIT_COUNT(good); i++) {
        (void)snprintf(value, sizeof value, "%ld", good[i]);
        accepts(group, key, value);
        (void)snprintf(value, sizeof value, "0x%lx", good[i]);
        accepts(group, key, value);
    }
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        (void)snprintf(value, sizeof value, "%ld", bad[i]);
        refuses(group, key, value);
    }
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++)
        refuses(group, key, wrong[i]);
}
END_TEST

START_TEST(a_number_goes_where_it_belongs)
{
    struct asp_conf *conf =
        unit_conf("limit = 101; history = 102; usage_interval = 103;\n"
                  "hash: { memory = 10004; passes = 5; }; primary: { interval = 106; };\n"
                  "hooks: { timeout = 107; }; broker: { workers = 18; };\n");

    ck_assert_int_eq(conf->limit, 101);
    ck_assert_int_eq(conf->history, 102);
    ck_assert_int_eq(conf->usage_interval, 103);
    ck_assert_uint_eq(conf->cost.memory, 10004);
    ck_assert_uint_eq(conf->cost.passes, 5);
    ck_assert_int_eq(conf->primary_interval, 106);
    ck_assert_int_eq(conf->hook_timeout, 107);
    ck_assert_int_eq(conf->broker_workers, 18);
    asp_conf_free(conf);
}
END_TEST

/* Words and switches */

static const struct {
    const char *group;
    const char *key;
    const char *words[4];
} worded[] = {
    {"", "user_name", {"exact", "lower"}},
    {"", "log", {"all", "refused"}},
    {"hash", "scheme", {"blake2b", "hmac-sha256", "argon2id"}},
    {"primary", "source", {"shadow", "none"}},
};

START_TEST(a_word_is_one_of_a_few)
{
    static const char *const wrong[] = {"\"\"",    "\"other\"", "\"Exact\"", "\"all \"",  "\"ALL\"",
                                        "\"non\"", "1",         "true",      "[\"all\"]", "{}"};
    char value[64];

    for (size_t i = 0; worded[_i].words[i] != NULL; i++) {
        (void)snprintf(value, sizeof value, "\"%s\"", worded[_i].words[i]);
        accepts(worded[_i].group, worded[_i].key, value);
    }
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++)
        refuses(worded[_i].group, worded[_i].key, wrong[i]);
}
END_TEST

START_TEST(words_and_switches_go_where_they_belong)
{
    struct asp_conf *conf =
        unit_conf("user_name = \"lower\"; virtual_users = true; log = \"refused\";\n"
                  "hash: { scheme = \"argon2id\"; };\n"
                  "primary: { source = \"command\"; command = \"/bin/x\"; };\n"
                  "self_service: { enabled = false; group = \"staff\"; silent = true; };\n");

    ck_assert(conf->fold_user_names);
    ck_assert(conf->virtual_users);
    ck_assert(!conf->log_accepted);
    ck_assert_int_eq(conf->cost.scheme, ASP_ARGON2ID);
    ck_assert_int_eq(conf->primary_source, ASP_SOURCE_COMMAND);
    ck_assert_str_eq(conf->primary_command, "/bin/x");
    ck_assert(!conf->self_enabled);
    ck_assert_str_eq(conf->self_group, "staff");
    ck_assert(conf->self_silent);
    asp_conf_free(conf);

    conf = unit_conf("user_name = \"exact\"; virtual_users = false; log = \"all\";\n"
                     "hash: { scheme = \"hmac-sha256\"; }; primary: { source = \"none\"; };\n"
                     "self_service: { enabled = true; };\n");
    ck_assert(!conf->fold_user_names);
    ck_assert(!conf->virtual_users);
    ck_assert(conf->log_accepted);
    ck_assert_int_eq(conf->cost.scheme, ASP_HMAC_SHA256);
    ck_assert_int_eq(conf->primary_source, ASP_SOURCE_NONE);
    ck_assert(conf->self_enabled);
    asp_conf_free(conf);
}
END_TEST

START_TEST(a_switch_is_true_or_false)
{
    static const char *const good[] = {"true", "false", "TRUE", "False"};
    static const char *const bad[] = {"1", "0", "\"true\"", "[true]"};

    for (size_t i = 0; i < UNIT_COUNT(good); i++) {
        accepts("", "virtual_users", good[i]);
        accepts("self_service", "enabled", good[i]);
    }
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        refuses("", "virtual_users", bad[i]);
        refuses("self_service", "enabled", bad[i]);
    }
    unit_conf_is_bad("\nvirtual_users = yes;\n", 2, "must be true or false");
}
END_TEST

/* Paths, durations, names */

static void path_of(char *value, size_t length)
{
    value[0] = '"';
    value[1] = '/';
    memset(value + 2, 'a', length - 1);
    strcpy(value + 1 + length, "\"");
}

START_TEST(a_path_is_absolute_and_plain)
{
    static const struct {
        const char *group;
        const char *key;
        bool optional;
        size_t most;
    } paths[] = {
        {"", "store", false, PATH_MAX - 1},
        {"primary", "command", true, PATH_MAX - 1},
        {"hooks", "created", true, PATH_MAX - 1},
        {"hooks", "revoked", true, PATH_MAX - 1},
        {"broker", "socket", false, sizeof((struct sockaddr_un *)NULL)->sun_path - 1},
        {"self_service", "socket", false, sizeof((struct sockaddr_un *)NULL)->sun_path - 1},
    };
    static const char *const wrong[] = {"\"a\"",      "\"a/b\"", "\"./a\"", "\"/a/../b\"",
                                        "\"/a/./b\"", "\"/..\"", "\" /a\"", "\"~/a\"",
                                        "1",          "true",    "[\"/a\"]"};
    char value[PATH_MAX + 8];

    for (size_t i = 0; i < UNIT_COUNT(paths); i++) {
        accepts(paths[i].group, paths[i].key, "\"/a/b.c/..d\"");
        if (paths[i].optional)
            accepts(paths[i].group, paths[i].key, "\"\"");
        else
            refuses(paths[i].group, paths[i].key, "\"\"");
        for (size_t k = 0; k < UNIT_COUNT(wrong); k++)
            refuses(paths[i].group, paths[i].key, wrong[k]);
        path_of(value, paths[i].most);
        accepts(paths[i].group, paths[i].key, value);
        path_of(value, paths[i].most + 1);
        refuses(paths[i].group, paths[i].key, value);
    }
}
END_TEST

START_TEST(paths_durations_and_the_default_app_go_where_they_belong)
{
    struct asp_conf *conf = unit_conf(
        "store = \"/s\"; expires = \"90d\"; unused = \"2h\"; default_app = \"mail\";\n"
        "primary: { command = \"/c\"; }; hooks: { created = \"/h1\"; revoked = \"/h2\"; };\n"
        "broker: { socket = \"/b\"; }; self_service: { socket = \"/e\"; };\n");

    ck_assert_str_eq(conf->store, "/s");
    ck_assert_int_eq(conf->expires, 90 * 86400);
    ck_assert_int_eq(conf->unused, 7200);
    ck_assert_str_eq(conf->default_app, "mail");
    ck_assert_str_eq(conf->primary_command, "/c");
    ck_assert_str_eq(conf->hook_created, "/h1");
    ck_assert_str_eq(conf->hook_revoked, "/h2");
    ck_assert_str_eq(conf->broker_socket, "/b");
    ck_assert_str_eq(conf->self_socket, "/e");
    asp_conf_free(conf);
}
END_TEST

START_TEST(a_duration_is_one_or_never)
{
    static const char *const keys[] = {"expires", "unused"};
    static const char *const good[] = {"\"never\"", "\"1s\"", "\"90d\"", "\"36500d\""};
    static const char *const bad[] = {"\"\"",       "\"0d\"",  "\"90\"", "\"Never\"",
                                      "\"36501d\"", "\"-1d\"", "90",     "true"};

    for (size_t i = 0; i < UNIT_COUNT(keys); i++) {
        for (size_t k = 0; k < UNIT_COUNT(good); k++)
            accepts("", keys[i], good[k]);
        for (size_t k = 0; k < UNIT_COUNT(bad); k++)
            refuses("", keys[i], bad[k]);
    }
}
END_TEST

START_TEST(the_default_app_is_first_use_or_an_app)
{
    static const char *const bad[] = {"\"any\"", "\"imap\"", "\"IMAP\"", "\"\"", "\"a b\"", "1"};

    accepts("", "default_app", "\"first-use\"");
    accepts("", "default_app", "\"mail\"");
    accepts("", "default_app", "\"radio\""); /* a service in no group is an app of its own */
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        refuses("", "default_app", bad[i]);
    unit_conf_is_good(
        "default_app = \"web\"; apps: ( { name = \"web\"; services = [ \"x\" ]; } );");
    unit_conf_is_bad("default_app = \"x\";\napps: ( { name = \"web\"; services = [ \"x\" ]; } );",
                     1, "default_app");
}
END_TEST

START_TEST(a_source_that_is_a_command_has_one)
{
    unit_conf_is_good("primary: { source = \"command\"; command = \"/bin/x\"; };");
    unit_conf_is_bad("\n\nprimary: { source = \"command\"; };", 3, "command");
    unit_conf_is_bad("primary: { source = \"command\"; command = \"\"; };", 1, "command");
}
END_TEST

/* Lists */

START_TEST(apps_are_groups_with_a_name_and_services)
{
    struct asp_conf *conf = unit_conf("apps: ( { services = [ \"b\", \"C\" ]; name = \"one\"; },\n"
                                      "        { name = \"two\"; services = ( \"d\" ); },\n"
                                      "        { name = \"three\"; services = []; } );");

    ck_assert_uint_eq(conf->app_count, 3);
    ck_assert_str_eq(conf->apps[0].name, "one");
    ck_assert_uint_eq(conf->apps[0].services.count, 2);
    ck_assert_str_eq(conf->apps[0].services.names[1], "C");
    ck_assert_str_eq(conf->apps[1].name, "two");
    ck_assert_uint_eq(conf->apps[1].services.count, 1);
    ck_assert_str_eq(conf->apps[2].name, "three");
    ck_assert_uint_eq(conf->apps[2].services.count, 0);
    asp_conf_free(conf);

    conf = unit_conf("apps = ();");
    ck_assert_uint_eq(conf->app_count, 0);
    asp_conf_free(conf);
}
END_TEST

START_TEST(apps_that_are_wrong_are_refused_where_they_are)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *word;
    } cases[] = {
        {"apps = 3;", 1, "apps"},
        {"apps = \"mail\";", 1, "apps"},
        {"apps: { name = \"a\"; services = []; };", 1, "apps"},
        {"apps = [ \"mail\" ];", 1, "apps"},
        {"apps: (\n \"mail\" );", 2, "apps"},
        {"apps: (\n { } );", 2, "name"},
        {"apps: (\n { name = \"a\"; } );", 2, "services"},
        {"apps: (\n { services = [ \"a\" ]; } );", 2, "name"},
        {"apps: ( { name = \"a\"; services = [];\n other = 1; } );", 2, "other"},
        {"apps: ( { name = \"a\"; services = [];\n user = \"x\"; } );", 2, "user"},
        {"apps: ( {\n name = 1; services = []; } );", 2, "name"},
        {"apps: ( {\n name = \"\"; services = []; } );", 2, "name"},
        {"apps: (\n { name = \"a b\"; services = []; } );", 2, "apps"},
        {"apps: (\n { name = \"any\"; services = []; } );", 2, "any"},
        {"apps: (\n { name = \"first-use\"; services = []; } );", 2, "first-use"},
        {"apps: ( { name = \"a\";\n services = \"b\"; } );", 2, "services"},
        {"apps: ( { name = \"a\"; services = (\n 1 ); } );", 2, "services"},
        {"apps: ( { name = \"a\"; services = [\n \"b c\" ]; } );", 2, "services"},
        {"apps: ( { name = \"a\"; services = [\n \"\" ]; } );", 2, "services"},
        {"apps: ( { name = \"a\"; services = [\"b\"]; },\n { name = \"a\"; services = []; } );", 2,
         "twice"},
        {"apps: ( { name = \"a\"; services = [\"b\"]; },\n { name = \"c\"; services = [\"b\"]; } "
         ");",
         2, "twice"},
        {"apps: ( { name = \"a\"; services = [\"b\"]; },\n { name = \"c\"; services = [\"B\"]; } "
         ");",
         2, "twice"},
        {"apps: (\n { name = \"a\"; services = [\"b\", \"c\", \"b\"]; } );", 2, "twice"},
        {"apps: (\n { name = \"a\"; services = [\"b\", \"B\"]; } );", 2, "twice"},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        unit_conf_is_bad(cases[i].text, cases[i].line, cases[i].word);
}
END_TEST

START_TEST(the_other_lists_hold_well_formed_names)
{
    struct asp_conf *conf =
        unit_conf("guarded = [ \"su\", \"X\" ];\n"
                  "broker: { clients = ( { user = \"www-data\"; services = [ \"nginx\" ]; } ); };\n"
                  "self_service: { apps = [ \"mail\", \"ssh\" ]; };\n");

    ck_assert_uint_eq(conf->guarded.count, 2);
    ck_assert_str_eq(conf->guarded.names[1], "X");
    ck_assert_uint_eq(conf->client_count, 1);
    ck_assert_str_eq(conf->clients[0].user, "www-data");
    ck_assert_str_eq(conf->clients[0].services.names[0], "nginx");
    ck_assert_uint_eq(conf->self_apps.count, 2);
    ck_assert_str_eq(conf->self_apps.names[0], "mail");
    asp_conf_free(conf);

    conf = unit_conf("guarded = [];");
    ck_assert_uint_eq(conf->guarded.count, 0);
    asp_conf_free(conf);

    refuses("", "guarded", "\"su\"");
    refuses("", "guarded", "(1)");
    refuses("", "guarded", "[\"a b\"]");
    refuses("", "guarded", "{}");
    refuses("self_service", "apps", "\"mail\"");
    refuses("self_service", "apps", "[\"\"]");
    refuses("broker", "clients", "\"www-data\"");
    refuses("broker", "clients", "[\"www-data\"]");
    unit_conf_is_bad("broker: { clients = (\n { user = \"x\"; } ); };", 2, "services");
    unit_conf_is_bad("broker: { clients = ( {\n name = \"x\"; services = []; } ); };", 2, "name");
}
END_TEST

START_TEST(the_domains_of_users_are_texts_without_the_signs_that_part_them_from_a_name)
{
    static const char *const bad[] = {
        "\"example.org\"", "(1)",         "[\"\"]", "[\"a b\"]", "[\"@a\"]", "[\"a\\\\\"]",
        "[\"a/b\"]",       "[\"a\\tb\"]", "{}",     "[\"a:b\"]", "[\"a*\"]", "[\"\\x7f\"]"};
    struct asp_conf *conf = unit_conf("user_domains = [ \"example.org\", \"EXAMPLE\" ];");
    char value[300] = "[\"";

    ck_assert_uint_eq(conf->user_domains.count, 2);
    ck_assert_str_eq(conf->user_domains.names[0], "example.org");
    ck_assert_str_eq(conf->user_domains.names[1], "EXAMPLE");
    asp_conf_free(conf);
    accepts("", "user_domains", "()");
    accepts("", "user_domains",
            "[\"b\xc3\xbc"
            "cher.example\"]");
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        refuses("", "user_domains", bad[i]);
    refuses("self_service", "user_domains", "()");

    memset(value + 2, 'd', 253);
    strcpy(value + 2 + 253, "\"]");
    accepts("", "user_domains", value);
    strcpy(value + 2 + 253, "d\"]");
    refuses("", "user_domains", value);
}
END_TEST

/* Keys */

START_TEST(a_key_that_is_not_known_is_an_error_at_every_level)
{
    static const char *const groups[] = {"", "hash", "primary", "hooks", "broker", "self_service"};
    /* Each of them is a key, elsewhere. */
    static const char *const keys[] = {"other", "Limit",    "limits", "lim",
                                       "name",  "services", "user"};

    for (size_t i = 0; i < UNIT_COUNT(groups); i++) {
        for (size_t k = 0; k < UNIT_COUNT(keys); k++)
            refuses(groups[i], keys[k], "1");
        if (groups[i][0] != '\0') {
            refuses(groups[i], "limit", "25");
            refuses(groups[i], "store", "\"/a\"");
            refuses(groups[i], "guarded", "[]");
            refuses(groups[i], groups[i], "{}");
        }
    }
    refuses("", "scheme", "\"argon2id\"");
    refuses("", "interval", "300");
    refuses("", "clients", "()");
    refuses("hash", "apps", "()");
    refuses("broker", "apps", "[]");
}
END_TEST

START_TEST(a_group_is_a_group)
{
    static const char *const groups[] = {"hash", "primary", "hooks", "broker", "self_service"};

    for (size_t i = 0; i < UNIT_COUNT(groups); i++) {
        accepts("", groups[i], "{}");
        refuses("", groups[i], "1");
        refuses("", groups[i], "\"x\"");
        refuses("", groups[i], "()");
        refuses("", groups[i], "[]");
    }
}
END_TEST

START_TEST(a_key_given_twice_is_an_error)
{
    unit_conf_is_bad("limit = 1;\nlimit = 2;\n", 2, "");
    unit_conf_is_bad("hash: {};\nhash: {};\n", 2, "");
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, a_number_is_within_its_bounds, UNIT_COUNT(numbers));
    unit_add(suite, a_number_goes_where_it_belongs);
    unit_loop(suite, a_word_is_one_of_a_few, UNIT_COUNT(worded));
    unit_add(suite, words_and_switches_go_where_they_belong);
    unit_add(suite, a_switch_is_true_or_false);
    unit_add(suite, a_path_is_absolute_and_plain);
    unit_add(suite, paths_durations_and_the_default_app_go_where_they_belong);
    unit_add(suite, a_duration_is_one_or_never);
    unit_add(suite, the_default_app_is_first_use_or_an_app);
    unit_add(suite, a_source_that_is_a_command_has_one);
    unit_add(suite, apps_are_groups_with_a_name_and_services);
    unit_add(suite, apps_that_are_wrong_are_refused_where_they_are);
    unit_add(suite, the_other_lists_hold_well_formed_names);
    unit_add(suite, the_domains_of_users_are_texts_without_the_signs_that_part_them_from_a_name);
    unit_add(suite, a_key_that_is_not_known_is_an_error_at_every_level);
    unit_add(suite, a_group_is_a_group);
    unit_add(suite, a_key_given_twice_is_an_error);
}

int main(void)
{
    return unit_run("conf", fill);
}
