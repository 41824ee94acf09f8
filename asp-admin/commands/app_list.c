/* The apps of this machine, from asp.conf and the files of PAM. */
#include "app_list.h"

#include "asp-admin/app.h"
#include "asp-admin/doctor/pam_service.h"
#include "asp/scope.h"

#include <stdlib.h>
#include <string.h>

/* What we ship to be brought in: where nothing does so yet, it is no service all the same. */
static bool is_stack(const char *name)
{
    static const char *const stacks[] = {"asp-only",        "asp-either",        "asp-enrolled",
                                         "asp-sshd-either", "asp-sshd-enrolled", "asp-sshd-only"};

    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
        if (strcmp(stacks[i], name) == 0)
            return true;
    }
    return false;
}

/* A file that others bring in is a stack of many services. libpam makes names lower case, and finds
 * no other file. */
static bool is_app(const struct asp_conf *conf, const struct pam_file *file)
{
    char name[ASP_SERVICE_MAX + 1];

    if (file->included || !asp_service_valid(file->name) || asp_app_is_reserved(file->name) ||
        strcmp(file->name, "other") == 0 || is_stack(file->name) || app_is_own_service(file->name))
        return false;
    asp_scope_app(conf, file->name, name);
    return strcmp(name, file->name) == 0 && !asp_scope_is_group(conf, name) &&
           asp_scope_listed(conf, name) == NULL;
}

static struct listed_app *add(const struct admin *admin, struct app_list *list, const char *name)
{
    struct listed_app *app = &list->apps[list->count++];

    app->name = name;
    app->services = (struct asp_names){&app->name, 1};
    app->asks = true;
    app->open = app_check(admin, name, NULL) == ASP_OK;
    return app;
}

bool app_list_read(const struct admin *admin, struct app_list *list)
{
    const struct asp_conf *conf = admin->conf;
    size_t room;

    pam_folder_read(&list->pam);
    room = conf->app_count + list->pam.count;
    list->apps = calloc(room > 0 ? room : 1, sizeof *list->apps);
    if (list->apps == NULL)
        return false;
    for (size_t i = 0; i < conf->app_count; i++)
        add(admin, list, conf->apps[i].name)->services = conf->apps[i].services;
    /* A file that is brought in by its path comes to the end of the list meanwhile, and is no app.
     */
    for (size_t i = 0; i < list->pam.count && list->count < room; i++) {
        const struct pam_file *file = list->pam.files[i];

        if (is_app(conf, file))
            add(admin, list, file->name)->asks = pam_service_asks(&list->pam, file);
    }
    return !list->pam.failed;
}

void app_list_free(struct app_list *list)
{
    free(list->apps);
    pam_folder_free(&list->pam);
    *list = (struct app_list){0};
}
