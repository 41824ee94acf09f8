/* The app of a service, and whether an entry serves it. */
#include "scope.h"

#include "time_text.h"

#include <string.h>

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
        /* Every app has one. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        if (strcmp(conf->apps[i].name, name) == 0)
            return true;
    }
    return false;
}

void asp_scope_app(const struct asp_conf *conf, const char *name, char app[ASP_SERVICE_MAX + 1])
{
    bool fold = !asp_scope_is_group(conf, name);

    for (size_t i = 0; i == 0 || name[i - 1] != '\0'; i++)
        app[i] = fold ? asp_fold(name[i]) : name[i];
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

    if (app == NULL)
        app = scope->service;
    else if (asp_scope_is_group(conf, app)) {
        asp_scope_app(conf, app, scope->app);
        return;
    }
    listed = asp_scope_listed(conf, app);
    /* A word with a meaning of its own: a service of that name is no app. */
    if (listed == NULL && asp_app_is_reserved(app))
        return;
    asp_scope_app(conf, listed != NULL ? listed : app, scope->app);
    asp_scope_app(conf, app, scope->own);
    /* Where a group is called like the service, entries of that name are the group's. */
    if (asp_scope_is_group(conf, scope->own))
        memset(scope->own, 0, sizeof scope->own);
}

/* The app as it is, or as it was before a group took the service in. */
static bool is_app(const struct asp_scope *scope, const char *app)
{
    return strcmp(app, scope->app) == 0 || (app[0] != '\0' && strcmp(app, scope->own) == 0);
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
    if (!is_app(scope, entry->app) || (scope->guarded && bound))
        return ASP_ADMIT_NO;
    return ASP_ADMIT_YES;
}
