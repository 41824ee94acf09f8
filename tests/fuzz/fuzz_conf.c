/* The text of a configuration. */
#include "fuzz.h"

#include "asp/conf.h"
#include "asp/name.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct asp_error error = {0};
    struct asp_conf *conf = NULL;
    enum asp_status status = asp_conf_read("fuzz.conf", text, size, &conf, &error);

    FUZZ_NEED(status == ASP_OK || status == ASP_INVALID);
    FUZZ_NEED((status == ASP_OK) == (conf != NULL));
    if (status == ASP_OK)
        look_at(conf);
    else
        FUZZ_NEED(strncmp(error.text, "fuzz.conf:", 10) == 0);
    asp_conf_free(conf);
    free(text);
    return 0;
}
