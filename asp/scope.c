/* The app of a service, and whether an entry serves it. */
#include "scope.h"

#include "time_text.h"

#include <string.h>

/* What the configuration says of a service, or NULL. */
static const struct asp_service *find_service(const struct asp_conf *conf, const char *name)
{
    size_t low = 0;
    size_t high = conf->service_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = asp_service_compare(name, conf->services[middle].name);

        if (order == 0)
            return &conf->services[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *asp_scope_listed(const struct asp_conf *conf, const char *service)
{
    const struct asp_service *found = find_service(conf, service);

    return found != NULL ? found->app : NULL;
}

bool asp_scope_is_guarded(const struct asp_conf *conf, const char *service)
{
    const struct asp_service *found = find_service(conf, service);

    return found != NULL && found->guarded;
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

static void fold(const char *name, char folded[ASP_SERVICE_MAX + 1])
{
    for (size_t i = 0; i == 0 || name[i - 1] != '\0'; i++)
        folded[i] = asp_fold(name[i]);
}

void asp_scope_app(const struct asp_conf *conf, const char *name, char app[ASP_SERVICE_MAX + 1])
{
    if (asp_scope_is_group(conf, name))
        memcpy(app, name, strlen(name) + 1);
    else
        fold(name, app);
}

void asp_scope_of(const struct asp_conf *conf, const char *service, const char *app,
                  struct asp_scope *scope)
{
    const struct asp_service *found;
    const char *name;

    memset(scope, 0, sizeof *scope);
    if (!asp_service_valid(service) || (app != NULL && !asp_service_valid(app)))
        return;
    fold(service, scope->service);
    found = find_service(conf, scope->service);
    scope->guarded = found != NULL && found->guarded;
    if (app != NULL && asp_scope_is_group(conf, app)) {
        memcpy(scope->app, app, strlen(app) + 1);
        return;
    }
    if (app != NULL)
        found = find_service(conf, app);
    else
        app = scope->service;
    /* A word with a meaning of its own: a service of that name is no app. */
    if ((found == NULL || found->app == NULL) && asp_app_is_reserved(app))
        return;
    fold(app, scope->own);
    name = found != NULL && found->app != NULL ? found->app : scope->own;
    memcpy(scope->app, name, strlen(name) + 1);
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
