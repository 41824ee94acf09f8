/* The text of a configuration; and the same as libconfig writes it, which says the same. */
#include "fuzz.h"

#include "asp/conf.h"
#include "asp/name.h"

#include <libconfig.h>

const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

/* libconfig 1.5 loses the text that it has just read when it finds a syntax error. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

static void look_at(const struct asp_conf *conf)
{
    FUZZ_NEED(asp_path_valid(conf->store) && asp_path_valid(conf->broker_socket));
    FUZZ_NEED(conf->limit >= 1 && conf->limit <= 500);
    FUZZ_NEED(conf->history >= 0 && conf->history <= 500);
    FUZZ_NEED(conf->usage_interval >= 0 && conf->usage_interval <= 86400);
    FUZZ_NEED(conf->cost.memory >= ASP_MEMORY_MIN && conf->cost.memory <= ASP_MEMORY_MAX);
    FUZZ_NEED(conf->cost.passes >= ASP_PASSES_MIN && conf->cost.passes <= ASP_PASSES_MAX);
    FUZZ_NEED(asp_service_valid(conf->default_app));
    for (size_t i = 0; i < conf->app_count; i++) {
        FUZZ_NEED(asp_service_valid(conf->apps[i].name));
        for (size_t k = 0; k < conf->apps[i].services.count; k++)
            FUZZ_NEED(asp_service_valid(conf->apps[i].services.names[k]));
    }
    for (size_t i = 0; i < conf->guarded.count; i++)
        FUZZ_NEED(asp_service_valid(conf->guarded.names[i]));
}

static void need_same_names(const struct asp_names *one, const struct asp_names *other)
{
    FUZZ_NEED(one->count == other->count);
    for (size_t i = 0; i < one->count; i++)
        FUZZ_NEED(strcmp(one->names[i], other->names[i]) == 0);
}

static void need_same(const struct asp_conf *one, const struct asp_conf *other)
{
    FUZZ_NEED(strcmp(one->store, other->store) == 0);
    FUZZ_NEED(one->limit == other->limit && one->history == other->history);
    FUZZ_NEED(one->usage_interval == other->usage_interval && one->expires == other->expires);
    FUZZ_NEED(one->unused == other->unused && one->log_accepted == other->log_accepted);
    FUZZ_NEED(one->fold_user_names == other->fold_user_names);
    FUZZ_NEED(memcmp(&one->cost, &other->cost, sizeof one->cost) == 0);
    FUZZ_NEED(strcmp(one->default_app, other->default_app) == 0);
    FUZZ_NEED(one->app_count == other->app_count && one->client_count == other->client_count);
    for (size_t i = 0; i < one->app_count; i++) {
        FUZZ_NEED(strcmp(one->apps[i].name, other->apps[i].name) == 0);
        need_same_names(&one->apps[i].services, &other->apps[i].services);
    }
    need_same_names(&one->guarded, &other->guarded);
    need_same_names(&one->user_domains, &other->user_domains);
    need_same_names(&one->self_apps, &other->self_apps);
    FUZZ_NEED(one->primary_source == other->primary_source);
    FUZZ_NEED(strcmp(one->primary_command, other->primary_command) == 0);
    FUZZ_NEED(strcmp(one->hook_revoked, other->hook_revoked) == 0);
    FUZZ_NEED(strcmp(one->broker_socket, other->broker_socket) == 0);
    FUZZ_NEED(strcmp(one->web_origin, other->web_origin) == 0);
    FUZZ_NEED(one->database.host_count == other->database.host_count);
    for (size_t i = 0; i < one->database.host_count; i++)
        FUZZ_NEED(strcmp(one->database.hosts[i].address, other->database.hosts[i].address) == 0 &&
                  one->database.hosts[i].port == other->database.hosts[i].port);
}

/* A comment on the last line needs its line end. */
static void write_again(const char *text, const struct asp_conf *conf)
{
    const size_t size = strlen(text) + 2;
    char *lines = malloc(size);
    struct asp_error error = {0};
    struct asp_conf *again = NULL;
    char *written = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&written, &length);
    config_t tree;

    config_init(&tree);
    FUZZ_NEED(out != NULL && lines != NULL);
    (void)snprintf(lines, size, "%s\n", text);
    FUZZ_NEED(config_read_string(&tree, lines) == CONFIG_TRUE);
    free(lines);
    config_write(&tree, out);
    FUZZ_NEED(fclose(out) == 0);
    config_destroy(&tree);
    if (asp_conf_read("written", written, length, &again, &error) != ASP_OK) {
        (void)fprintf(stderr, "%s\n%s\n", error.text, written);
        abort();
    }
    need_same(conf, again);
    asp_conf_free(again);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct asp_error error = {0};
    struct asp_conf *conf = NULL;
    enum asp_status status = asp_conf_read("fuzz.conf", text, size, &conf, &error);

    FUZZ_NEED(status == ASP_OK || status == ASP_INVALID);
    FUZZ_NEED((status == ASP_OK) == (conf != NULL));
    if (status == ASP_OK) {
        look_at(conf);
        write_again(text, conf);
    } else {
        FUZZ_NEED(strncmp(error.text, "fuzz.conf:", 10) == 0);
    }
    asp_conf_free(conf);
    free(text);
    return 0;
}
