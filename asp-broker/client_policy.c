/* Which services a client may ask for. */
#include "client_policy.h"

#include "asp/broker_login.h"
#include "asp/scope.h"

#include <string.h>

/* True for an app that a service of the client is in. */
static bool has_app(const struct asp_conf *conf, const struct asp_client *client, const char *app)
{
    struct asp_scope own;

    for (size_t i = 0; i < client->services.count; i++) {
        asp_scope_of(conf, client->services.names[i], NULL, &own);
        if (strcmp(own.app, app) == 0)
            return true;
    }
    return false;
}

/* What a user may do. One may stand among the clients more than once. */
struct permission {
    bool listed;
    bool service;
    bool app; /* the one that stands in for the service's */
};

static struct permission look_up(const struct asp_conf *conf, const char *name,
                                 const struct asp_request *request)
{
    struct permission permission = {.app = request->app == NULL};
    struct asp_scope claimed;

    asp_scope_of(conf, request->service, request->app, &claimed);
    for (size_t i = 0; i < conf->client_count; i++) {
        const struct asp_client *client = &conf->clients[i];

        if (strcmp(client->user, name) != 0)
            continue;
        permission.listed = true;
        if (asp_names_contain(&client->services, client->services.count, request->service))
            permission.service = true;
        if (has_app(conf, client, claimed.app))
            permission.app = true;
    }
    return permission;
}

enum asp_status client_policy_check(const struct asp_conf *conf, uid_t uid, const char *name,
                                    const struct asp_request *request, struct asp_error *error)
{
    const struct permission permission = look_up(conf, name, request);
    const bool is_authorizer = strcmp(name, ASP_BROKER_AUTHORIZER) == 0;

    if (strcmp(conf->self_web_user, name) == 0)
        return asp_fail(error, ASP_DENIED,
                        "%s is self_service.web_user, by whom users sign in: it may not ask for "
                        "their logins too",
                        name);
    if (is_authorizer && asp_scope_is_guarded(conf, request->service))
        return asp_fail(error, ASP_DENIED, "%s may not ask for the guarded service %.*s", name,
                        ASP_SERVICE_MAX, request->service);
    if (!permission.listed && !is_authorizer && (conf->client_count == 0 || uid == 0))
        return ASP_OK;
    if (!permission.listed)
        return asp_fail(error, ASP_DENIED,
                        "%s is none of broker.clients: put it there, with the services it may ask "
                        "for",
                        name);
    if (!permission.service)
        return asp_fail(error, ASP_DENIED,
                        "%s may not ask for the service %.*s: see broker.clients in asp.conf(5)",
                        name, ASP_SERVICE_MAX, request->service);
    if (!permission.app)
        return asp_fail(error, ASP_DENIED,
                        "%s may not ask for the app %.*s: see broker.clients in asp.conf(5)", name,
                        ASP_SERVICE_MAX, request->app);
    return ASP_OK;
}
