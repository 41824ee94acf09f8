/* The words behind pam_asp.so in a PAM file. */
#include "arguments.h"

#include "asp/conf.h"
#include "asp/entry.h"

#include <string.h>

/* The value behind "KEY=", or NULL. */
static const char *value_of(const char *argument, const char *key)
{
    size_t length = strlen(key);

    return strncmp(argument, key, length) == 0 ? argument + length : NULL;
}

static bool is_app_name(const char *name)
{
    return asp_service_valid(name) && !asp_app_is_reserved(name);
}

static bool read_one(const char *argument, struct arguments *arguments)
{
    const char *value;

    if (strcmp(argument, "use_first_pass") == 0) {
        arguments->use_first_pass = true;
    } else if (strcmp(argument, "try_first_pass") == 0) {
        arguments->use_first_pass = false;
    } else if (strcmp(argument, "debug") == 0) {
        arguments->debug = true;
    } else if ((value = value_of(argument, "config=")) != NULL) {
        arguments->conf_path = value;
        arguments->conf_required = true;
        return value[0] == '/';
    } else if ((value = value_of(argument, "app=")) != NULL) {
        arguments->app = value;
        return is_app_name(value);
    } else {
        return false;
    }
    return true;
}

const char *arguments_read(int argc, const char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){.conf_path = ASP_CONF_DEFAULT};
    for (int i = 0; i < argc; i++) {
        if (!read_one(argv[i], arguments))
            return argv[i];
    }
    return NULL;
}
