/* doctor: the configuration. */
#include "configuration.h"

#include "asp-admin/app.h"
#include "asp/safeio.h"

#include <string.h>
#include <sys/stat.h>

#define FOLDER "/etc/asp" /* of ASP_CONF_DEFAULT */

/* Services that are not root read it too, and so do users. */
static void check_readable(struct examination *exam)
{
    struct stat st;

    if (stat(exam->conf_path, &st) != 0 || (st.st_mode & S_IROTH) != 0)
        return;
    finding_fault(&exam->findings, CHECK_CONFIGURATION,
                  "%s cannot be read by services and users that are not root (mode %04o)",
                  exam->conf_path, (unsigned)(st.st_mode & 07777));
    if (!path_fix(&exam->findings, exam->conf_path, PATH_READ))
        finding_fix(&exam->findings, "let all read it: it holds no secret");
}

/* For what cannot be trusted: the folder that pam_asp has for it, or the file in there. */
static void fix_unsafe(struct examination *exam, const struct asp_error *error)
{
    const char *path = exam->conf_path;
    struct asp_error of_folder = {0};
    int fd = -1;

    if (strcmp(path, ASP_CONF_DEFAULT) == 0 &&
        asp_folder_open(FOLDER, NULL, &fd, &of_folder) == ASP_UNSAFE)
        path = FOLDER;
    asp_close(fd);
    exam_fix_at(exam, error, path, PATH_SOUND);
}

/* An app that is named and is none: a slip shows when somebody asks for it. */
static void check_app(struct examination *exam, const char *key, const char *app)
{
    if (app_is_unknown(exam->admin->conf, app))
        finding_note(&exam->findings, CHECK_CONFIGURATION,
                     "%s names %s: no app of asp.conf is called so, and no service of /etc/pam.d",
                     key, app);
}

/* An app that lists a service which no app password opens, as if it would. */
static void check_services(struct examination *exam, const struct asp_app *app)
{
    for (size_t i = 0; i < app->services.count; i++) {
        if (app_is_own_service(app->services.names[i]))
            finding_note(&exam->findings, CHECK_CONFIGURATION,
                         "the app %s lists %s: no app password opens that service", app->name,
                         app->services.names[i]);
    }
}

static void check_apps(struct examination *exam)
{
    const struct asp_conf *conf = exam->admin->conf;

    for (size_t i = 0; i < conf->app_count; i++)
        check_services(exam, &conf->apps[i]);
    check_app(exam, "default_app", conf->default_app);
    for (size_t i = 0; i < conf->self_apps.count; i++)
        check_app(exam, "self_service.apps", conf->self_apps.names[i]);
}

void examine_configuration(struct examination *exam)
{
    struct admin *admin = exam->admin;
    const char *given = admin->options->config;
    struct asp_error error = {0};
    struct asp_identity identity = {.present = false};

    if (!admin_conf_path(admin, exam->conf_path))
        (void)asp_fail(&error, ASP_NOT_FOUND, "%s: no such configuration", given);
    else if (admin_load_conf(admin, exam->conf_path, given != NULL, &identity, &error) == ASP_OK)
        check_readable(exam);
    if (exam_ran_out(exam, error.status))
        return;
    if (admin->conf == NULL) {
        finding_fault(&exam->findings, CHECK_CONFIGURATION,
                      "%s: nobody gets in with an app password, and what it decides was not looked "
                      "at",
                      error.text);
        if (error.status == ASP_UNSAFE)
            fix_unsafe(exam, &error);
        else
            finding_fix(&exam->findings, "mend it as asp.conf(5) has it, and look again");
    } else if (!identity.present) {
        finding_ok(&exam->findings, CHECK_CONFIGURATION, "there is no %s: the built-in values hold",
                   exam->conf_path);
    } else if (findings_none_of(&exam->findings, CHECK_CONFIGURATION)) {
        finding_ok(&exam->findings, CHECK_CONFIGURATION, "%s has no error", exam->conf_path);
    }
    if (admin->conf != NULL)
        check_apps(exam);
}
