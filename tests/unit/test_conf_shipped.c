/* The configuration that is shipped: it says what is built in, and is read or refused as a whole.
 */
#include "unit.h"

#include "asp/conf.h"
#include "asp/time_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void same_names(const struct asp_names *a, const struct asp_names *b)
{
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        ck_assert_str_eq(a->names[i], b->names[i]);
}

static void same_database(const struct asp_database *a, const struct asp_database *b)
{
    ck_assert_uint_eq(a->host_count, b->host_count);
    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->user, b->user);
    ck_assert_str_eq(a->admin, b->admin);
    ck_assert_int_eq(a->tls, b->tls);
    ck_assert_str_eq(a->ca, b->ca);
    ck_assert_str_eq(a->cert, b->cert);
    ck_assert_str_eq(a->key, b->key);
    ck_assert_str_eq(a->passfile, b->passfile);
    ck_assert_int_eq(a->wait, b->wait);
    ck_assert_int_eq(a->fence, b->fence);
}

static void same_conf(const struct asp_conf *a, const struct asp_conf *b)
{
    ck_assert_str_eq(a->store, b->store);
    ck_assert_int_eq(a->limit, b->limit);
    ck_assert_int_eq(a->history, b->history);
    ck_assert_int_eq(a->usage_interval, b->usage_interval);
    ck_assert_int_eq(a->fold_user_names, b->fold_user_names);
    same_names(&a->user_domains, &b->user_domains);
    ck_assert_int_eq(a->virtual_users, b->virtual_users);
    ck_assert_str_eq(a->default_app, b->default_app);
    ck_assert_int_eq(a->expires, b->expires);
    ck_assert_int_eq(a->unused, b->unused);
    ck_assert_int_eq(a->log_accepted, b->log_accepted);
    ck_assert_int_eq(a->cost.scheme, b->cost.scheme);
    ck_assert_uint_eq(a->cost.memory, b->cost.memory);
    ck_assert_uint_eq(a->cost.passes, b->cost.passes);
    ck_assert_uint_eq(a->app_count, b->app_count);
    for (size_t i = 0; i < a->app_count; i++) {
        ck_assert_str_eq(a->apps[i].name, b->apps[i].name);
        same_names(&a->apps[i].services, &b->apps[i].services);
    }
    same_names(&a->guarded, &b->guarded);
    ck_assert_int_eq(a->primary_source, b->primary_source);
    ck_assert_str_eq(a->primary_command, b->primary_command);
    ck_assert_int_eq(a->primary_interval, b->primary_interval);
    ck_assert_str_eq(a->primary_realm, b->primary_realm);
    ck_assert_str_eq(a->hook_created, b->hook_created);
    ck_assert_str_eq(a->hook_revoked, b->hook_revoked);
    ck_assert_int_eq(a->hook_timeout, b->hook_timeout);
    ck_assert_str_eq(a->broker_socket, b->broker_socket);
    ck_assert_int_eq(a->broker_workers, b->broker_workers);
    ck_assert_uint_eq(a->client_count, b->client_count);
    ck_assert_int_eq(a->self_enabled, b->self_enabled);
    ck_assert_str_eq(a->self_socket, b->self_socket);
    ck_assert_str_eq(a->self_group, b->self_group);
    ck_assert_int_eq(a->self_silent, b->self_silent);
    same_names(&a->self_apps, &b->self_apps);
    ck_assert_str_eq(a->self_web_user, b->self_web_user);
    ck_assert_str_eq(a->self_web_socket, b->self_web_socket);
    ck_assert_str_eq(a->web_origin, b->web_origin);
    ck_assert_str_eq(a->web_address_header, b->web_address_header);
    same_database(&a->database, &b->database);
    for (size_t i = 0; i < sizeof a->profile / sizeof(char *); i++)
        ck_assert_str_eq(((const char *const *)&a->profile)[i],
                         ((const char *const *)&b->profile)[i]);
}

static char *shipped_text(void)
{
    const char *path = getenv("ASP_CONF");
    size_t length;

    ck_assert_msg(path != NULL, "ASP_CONF must name conf/asp.conf");
    return unit_read(path, &length);
}

/* Takes the # away before each setting; a remark has a blank behind it, and a part of a setting
 * two. */
static char *uncommented(void)
{
    char *text = shipped_text();

    for (char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (line[0] == '#' && line[1] != '\n' && (line[1] != ' ' || line[2] == ' '))
            line[0] = ' ';
    }
    return text;
}

/* Lesson: a snippet that breaks what it is added to. */
START_TEST(the_shipped_file_is_all_comments)
{
    char *text = shipped_text();

    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        ck_assert_msg(strchr("#\n", *line) != NULL, "no comment: %.60s", line);
    }
    free(text);
}
END_TEST

START_TEST(the_shipped_file_says_what_is_built_in)
{
    char *text = uncommented();
    struct asp_conf *shipped = unit_conf(text);
    struct asp_conf *built_in = unit_conf("");

    same_conf(shipped, built_in);
    asp_conf_free(shipped);
    asp_conf_free(built_in);
    free(text);
}
END_TEST

START_TEST(what_is_built_in_is_what_the_manual_says)
{
    struct asp_conf *conf = unit_conf("");

    ck_assert_str_eq(conf->store, "/var/lib/asp");
    ck_assert_int_eq(conf->limit, 25);
    ck_assert_int_eq(conf->history, 100);
    ck_assert_int_eq(conf->usage_interval, 60);
    ck_assert(!conf->fold_user_names && !conf->virtual_users && conf->log_accepted);
    ck_assert_uint_eq(conf->user_domains.count, 0);
    ck_assert_str_eq(conf->default_app, "first-use");
    ck_assert_int_eq(conf->expires, ASP_NEVER);
    ck_assert_int_eq(conf->unused, ASP_NEVER);
    ck_assert_int_eq(conf->cost.scheme, ASP_BLAKE2B);
    ck_assert_uint_eq(conf->cost.memory, 19456);
    ck_assert_uint_eq(conf->cost.passes, 2);
    ck_assert_uint_eq(conf->app_count, 3);
    ck_assert_int_eq(conf->primary_source, ASP_SOURCE_SHADOW);
    ck_assert_str_eq(conf->primary_command, "");
    ck_assert_int_eq(conf->primary_interval, 300);
    ck_assert_str_eq(conf->hook_created, "");
    ck_assert_str_eq(conf->hook_revoked, "");
    ck_assert_int_eq(conf->hook_timeout, 10);
    ck_assert_str_eq(conf->broker_socket, "/run/asp/broker.sock");
    ck_assert_int_eq(conf->broker_workers, 8);
    ck_assert_uint_eq(conf->client_count, 0);
    ck_assert(conf->self_enabled);
    ck_assert_str_eq(conf->self_socket, "/run/asp/self.sock");
    ck_assert_str_eq(conf->self_group, "");
    ck_assert(!conf->self_silent);
    ck_assert_uint_eq(conf->self_apps.count, 0);
    ck_assert_str_eq(conf->self_web_user, "");
    ck_assert_str_eq(conf->self_web_socket, "/run/asp/self-web.sock");
    ck_assert_str_eq(conf->web_origin, "");
    ck_assert_str_eq(conf->web_address_header, "");
    asp_conf_free(conf);
}
END_TEST

/* The shipped file cut at every byte: read or refused, and never worse. */
START_TEST(a_file_cut_anywhere_is_read_or_refused)
{
    char *text = uncommented();
    size_t length = strlen(text);
    size_t step = unit_is_watched() ? 17 : 1;

    for (size_t cut = 0; cut < length; cut += step) {
        struct asp_conf *conf = NULL;
        struct asp_error error = {0};
        char *exact = malloc(cut + 1);
        enum asp_status status;

        unit_need(exact != NULL, "no memory");
        memcpy(exact, text, cut);
        exact[cut] = '\0';
        status = asp_conf_read("test.conf", exact, cut, &conf, &error);
        unit_need(status == ASP_OK || (status == ASP_INVALID && conf == NULL &&
                                       strncmp(error.text, "test.conf:", 10) == 0),
                  "%zu: %d %s", cut, status, error.text);
        asp_conf_free(conf);
        free(exact);
    }
    free(text);
}
END_TEST

/* Lesson: libconfig. */
START_TEST(without_memory_it_says_so_and_keeps_nothing)
{
    char *text = uncommented();
    size_t length = strlen(text);
    unsigned nth = 0;

    for (bool reached = true; reached;) {
        struct unit_plan plan = {.call = "malloc", .first = ++nth, .times = 1, .number = ENOMEM};
        struct asp_conf *conf = NULL;
        enum asp_status status;

        unit_calls_begin(&plan);
        status = asp_conf_read("test.conf", text, length, &conf, NULL);
        reached = unit_calls_end();
        ck_assert_int_eq(status, reached ? ASP_NO_MEMORY : ASP_OK);
        ck_assert_int_eq(conf == NULL, reached);
        asp_conf_free(conf);
    }
    ck_assert_uint_gt(nth, 5);
    free(text);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_shipped_file_is_all_comments);
    unit_add(suite, the_shipped_file_says_what_is_built_in);
    unit_add(suite, what_is_built_in_is_what_the_manual_says);
    unit_add(suite, a_file_cut_anywhere_is_read_or_refused);
    unit_add(suite, without_memory_it_says_so_and_keeps_nothing);
}

int main(void)
{
    return unit_run("conf_shipped", fill);
}
