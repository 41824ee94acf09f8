/* The app that a password is to be made for: one that is known, one that its maker may name. */
#include "app.h"

#include "asp/buffer.h"
#include "asp/scope.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool app_is_unknown(const struct asp_conf *conf, const char *app)
{
    static const char *const folders[] = {"/etc/pam.d/", "/usr/lib/pam.d/"};
    char path[32 + ASP_SERVICE_MAX];

    if (asp_scope_is_group(conf, app) || asp_app_is_reserved(app))
        return false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        (void)snprintf(path, sizeof path, "%s%s", folders[i], app);
        if (access(path, F_OK) == 0)
            return false;
    }
    return true;
}

enum asp_status app_check(const struct admin *admin, const char *app, struct asp_error *error)
{
    struct asp_buffer names = {0};
    enum asp_status status;

    if (admin->apps == NULL)
        return ASP_OK;
    for (size_t i = 0; i < admin->apps->count; i++) {
        if (strcmp(admin->apps->names[i], app) == 0) {
            asp_buffer_free(&names);
            return ASP_OK;
        }
        asp_buffer_add(&names, i == 0 ? "" : ", ");
        asp_buffer_add(&names, admin->apps->names[i]);
    }
    status = asp_fail(error, ASP_DENIED, "the app is %s, and yours can be: %.800s", app,
                      names.failed || names.text == NULL ? "none" : names.text);
    asp_buffer_free(&names);
    return status;
}
