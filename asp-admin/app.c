/* The app that a password is to be made for: one that is known, one that its maker may name. */
#include "app.h"

#include "asp/buffer.h"
#include "asp/scope.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool app_is_own_service(const char *service)
{
    return asp_service_equal(service, SERVICE_TERMINAL) || asp_service_equal(service, SERVICE_WEB);
}

bool app_is_unknown(const struct asp_conf *conf, const char *app)
{
    static const char *const folders[] = {"/etc/pam.d/", "/usr/lib/pam.d/"};
    char name[ASP_SERVICE_MAX + 1];
    char path[32 + ASP_SERVICE_MAX];
    struct stat st;

    asp_scope_app(conf, app, name);
    if (asp_scope_is_group(conf, name) || asp_scope_listed(conf, name) != NULL ||
        asp_app_is_reserved(name))
        return false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        (void)snprintf(path, sizeof path, "%s%s", folders[i], name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return false;
    }
    return true;
}

/* An app of the list, or a service that opens no more than one of them does. */
static bool is_allowed(const struct asp_conf *conf, const struct asp_names *apps, const char *app)
{
    const char *listed = asp_scope_listed(conf, app);
    char name[ASP_SERVICE_MAX + 1];

    for (size_t i = 0; i < apps->count; i++) {
        asp_scope_app(conf, apps->names[i], name);
        if (strcmp(name, app) == 0 ||
            (listed != NULL && !asp_scope_is_group(conf, app) && strcmp(name, listed) == 0))
            return true;
    }
    return false;
}

enum asp_status app_check(const struct admin *admin, const char *app, struct asp_error *error)
{
    struct asp_buffer names = {0};
    enum asp_status status;

    if (admin->apps == NULL || is_allowed(admin->conf, admin->apps, app))
        return ASP_OK;
    for (size_t i = 0; i < admin->apps->count; i++) {
        asp_buffer_add(&names, i == 0 ? "" : ", ");
        asp_buffer_add(&names, admin->apps->names[i]);
    }
    status = asp_fail(error, ASP_DENIED, "the app is %s, and yours can be: %.800s", app,
                      names.failed || names.text == NULL ? "none" : names.text);
    asp_buffer_free(&names);
    return status;
}
