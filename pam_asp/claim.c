#include "claim.h"

#include "asp/scope.h"

#include <string.h>

static const struct asp_client *find_client(const struct asp_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->client_count; i++) {
        if (strcmp(conf->clients[i].user, name) == 0)
            return &conf->clients[i];
    }
    return NULL;
}

/* An app in place of the service's must be one that a service of the client is in. */
static bool may_name_app(const struct asp_conf *conf, const struct asp_client *client,
                         const char *service, const char *app)
{
    struct asp_scope claimed;
    struct asp_scope own;

    asp_scope_of(conf, service, app, &claimed);
    for (size_t i = 0; i < client->services.count; i++) {
        asp_scope_of(conf, client->services.names[i], NULL, &own);
        if (strcmp(own.app, claimed.app) == 0)
            return true;
    }
    return false;
}

enum asp_status claim_check(const struct asp_conf *conf, uid_t uid, const char *name,
                            const struct asp_request *request, struct asp_error *error)
{
    const struct asp_client *client = find_client(conf, name);

    if (client == NULL && (conf->client_count == 0 || uid == 0))
        return ASP_OK;
    if (client == NULL)
        return asp_fail(error, ASP_DENIED,
                        "%s is none of broker.clients: put it there, with the services it may ask "
                        "for",
                        name);
    if (!asp_names_contain(&client->services, client->services.count, request->service))
        return asp_fail(error, ASP_DENIED,
                        "%s may not ask for the service %.*s: see broker.clients in asp.conf(5)",
                        name, ASP_SERVICE_MAX, request->service);
    if (request->app != NULL && !may_name_app(conf, client, request->service, request->app))
        return asp_fail(error, ASP_DENIED,
                        "%s may not ask for the app %.*s: see broker.clients in asp.conf(5)", name,
                        ASP_SERVICE_MAX, request->app);
    return ASP_OK;
}
