#include "scope.h"

#include <string.h>

bool asp_names_contain(const struct asp_names *names, size_t count, const char *service)
{
    for (size_t i = 0; i < count; i++) {
        if (asp_service_equal(names->names[i], service))
            return true;
    }
    return false;
}

const char *asp_scope_listed(const struct asp_conf *conf, const char *service)
{
    for (size_t i = 0; i < conf->app_count; i++) {
        if (asp_names_contain(&conf->apps[i].services, conf->apps[i].services.count, service))
            return conf->apps[i].name;
    }
    return NULL;
}

bool asp_scope_is_group(const struct asp_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->app_count; i++) {
        if (strcmp(conf->apps[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Copies a well-formed name. */
static void copy_name(char to[ASP_SERVICE_MAX + 1], const char *from)
{
    memcpy(to, from, strlen(from) + 1);
}

void asp_scope_of(const struct asp_conf *conf, const char *service, const char *app,
                  struct asp_scope *scope)
{
    const char *listed;

    memset(scope, 0, sizeof *scope);
    if (!asp_service_valid(service) || (app != NULL && !asp_service_valid(app)))
        return;
    for (size_t i = 0; service[i] != '\0'; i++)
        scope->service[i] = asp_fold(service[i]);
    scope->guarded = asp_names_contain(&conf->guarded, conf->guarded.count, scope->service);

    if (app != NULL && asp_scope_is_group(conf, app)) {
        copy_name(scope->app, app);
        return;
    }
    if (app == NULL)
        app = scope->service;
    listed = asp_scope_listed(conf, app);
    if (listed == NULL && (strcmp(app, ASP_APP_ANY) == 0 || strcmp(app, ASP_APP_FIRST_USE) == 0))
        return; /* a word with a meaning of its own: a service of that name is no app */
    copy_name(scope->app, listed != NULL ? listed : app);
}

enum asp_admission asp_scope_admits(const struct asp_scope *scope, const struct asp_entry *entry)
{
    bool bound = entry->bound != ASP_NEVER;

    if (scope->app[0] == '\0')
        return ASP_ADMIT_NO;
    if (strcmp(entry->app, ASP_APP_ANY) == 0)
        return scope->guarded ? ASP_ADMIT_NO : ASP_ADMIT_YES;
    if (strcmp(entry->app, ASP_APP_FIRST_USE) == 0)
        return scope->guarded ? ASP_ADMIT_NO : ASP_ADMIT_BIND;
    if (strcmp(entry->app, scope->app) != 0 || (scope->guarded && bound))
        return ASP_ADMIT_NO;
    return ASP_ADMIT_YES;
}
