/* doctor: servers that ask PAM as a user of their own. Which PAM service they ask for is their
 * administrator's choice: it is looked for in their configuration. */
#include "service_users.h"

#include "process.h"
#include "units.h"

#include "asp-admin/system/users.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 6 };

struct service_server {
    const char *name;
    const char *directive;    /* by which its configuration names the PAM service; NULL: by none */
    const char *files[WORDS]; /* that configuration, as patterns */
    const char
        *services[WORDS];     /* what it is called in the recipes, where nothing is named there */
    const char *users[WORDS]; /* the first that the system knows */
    const char *processes[WORDS];
    const char *units[WORDS];
};

static const struct service_server servers[SERVICE_SERVERS] = {
    {
        .name = "nginx",
        .directive = "auth_pam_service_name",
        .files = {"/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*",
                  "/etc/nginx/snippets/*"},
        .services = {"nginx"},
        .users = {"nginx", "www-data", "http"},
        .processes = {"nginx"},
        .units = {"nginx.service"},
    },
    {
        .name = "Apache",
        .directive = "AuthPAMService",
        .files = {"/etc/apache2/*.conf", "/etc/apache2/*-enabled/*.conf", "/etc/httpd/conf/*.conf",
                  "/etc/httpd/conf.d/*.conf"},
        .services = {"apache2", "httpd", "webdav"},
        .users = {"apache", "www-data", "wwwrun", "http"},
        .processes = {"apache2", "httpd", "httpd-prefork"},
        .units = {"apache2.service", "httpd.service"},
    },
    {
        .name = "Exim",
        .services = {"exim", "exim4"},
        .users = {"Debian-exim", "exim"},
        .processes = {"exim4", "exim"},
        .units = {"exim4.service", "exim.service"},
    },
    {
        .name = "Radicale",
        .services = {"radicale"},
        .users = {"radicale"},
        .processes = {"radicale"},
        .units = {"radicale.service"},
    },
    {
        .name = "ejabberd",
        .services = {"ejabberd"},
        .users = {"ejabberd"},
        .processes = {"epam"},
        .units = {"ejabberd.service"},
    },
    {
        .name = "Squid",
        .services = {"squid"},
        .users = {"squid", "proxy"},
        .processes = {"basic_pam_auth"},
        .units = {"squid.service"},
    },
    {
        .name = "FreeRADIUS",
        .services = {"radiusd"},
        .users = {"freerad", "radiusd"},
        .processes = {"freeradius", "radiusd"},
        .units = {"freeradius.service", "radiusd.service"},
    },
};

/* The word behind the directive of a line, in quotation marks or not; NULL: it is another one. */
static char *named_in(char *line, const char *directive)
{
    const size_t length = strlen(directive);

    line += strspn(line, " \t");
    if (strncasecmp(line, directive, length) != 0 || strchr(" \t", line[length]) == NULL)
        return NULL;
    line += length + strspn(line + length, " \t\"'");
    line[strcspn(line, " \t\"';\r")] = '\0';
    return line[0] != '\0' ? line : NULL;
}

/* The first PAM service of those named in the file for which app passwords are asked. */
static const struct pam_file *find_in_file(struct examination *exam, const char *path,
                                           const char *directive, bool *names)
{
    const struct pam_file *found = NULL;
    char *text = exam_text(exam, path);
    char *rest = NULL;

    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL;
         line != NULL && found == NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *service = named_in(line, directive);

        *names = *names || service != NULL;
        if (service != NULL)
            found = exam_asks(exam, service);
    }
    free(text);
    return found;
}

static const struct pam_file *find_file(struct examination *exam,
                                        const struct service_server *server)
{
    const struct pam_file *found = NULL;
    bool names = false;

    for (size_t i = 0; i < WORDS && server->files[i] != NULL && found == NULL; i++) {
        glob_t paths;

        exam_glob(exam, server->files[i], &paths);
        for (size_t k = 0; k < paths.gl_pathc && found == NULL; k++)
            found = find_in_file(exam, paths.gl_pathv[k], server->directive, &names);
        globfree(&paths);
    }
    for (size_t i = 0; i < WORDS && server->services[i] != NULL && found == NULL && !names; i++)
        found = exam_asks(exam, server->services[i]);
    return found;
}

void service_users_find(struct examination *exam, struct service_users *users)
{
    for (size_t i = 0; i < SERVICE_SERVERS; i++) {
        const struct service_server *server = &servers[i];
        const struct pam_file *file = find_file(exam, server);
        const char *name = NULL;

        for (size_t k = 0; k < WORDS && server->users[k] != NULL && name == NULL; k++)
            name = getpwnam(server->users[k]) != NULL ? server->users[k] : NULL;
        if (file != NULL && name != NULL)
            users->list[users->count++] = (struct service_user){server, file, name};
    }
}

/* One of a server's that is looked for. */
struct search {
    const struct service_user *user;
    uid_t uid;
    gid_t group;
    char found[32]; /* "": none as yet */
};

/* An exam_process: whether it is this server's, runs as that user and was started before the user
 * was in the group. */
static bool is_old(const char *pid, void *context)
{
    struct search *search = context;
    const char *const *names = search->user->server->processes;
    struct process process;
    bool is_servers = false;

    if (!process_read(pid, search->group, &process) || process.uid != search->uid ||
        process.in_group)
        return false;
    for (size_t i = 0; i < WORDS && names[i] != NULL; i++)
        is_servers = is_servers || strcmp(process.name, names[i]) == 0;
    if (is_servers)
        (void)snprintf(search->found, sizeof search->found, "%.31s", pid);
    return is_servers;
}

/* In the group, by what the system says; what runs already has the groups of when it was started.
 */
static void check_processes(struct examination *exam, const struct service_user *user, uid_t uid,
                            gid_t group)
{
    struct search search = {.user = user, .uid = uid, .group = group};

    exam_processes(exam, is_old, &search);
    if (search.found[0] == '\0')
        return;
    finding_fault(&exam->findings, CHECK_BROKER,
                  "%s has run since before %s was in the group " SERVICE_GROUP
                  " (process %s), and so may not ask asp-broker",
                  user->server->name, user->name, search.found);
    if (!unit_fix_restart(&exam->findings, user->server->units, WORDS))
        finding_fix(&exam->findings, "start %s anew", user->server->name);
}

static bool is_client(const struct examination *exam, const char *name)
{
    const struct asp_conf *conf = exam->admin->conf;
    bool is = false;

    for (size_t i = 0; i < conf->client_count; i++)
        is = is || strcmp(conf->clients[i].user, name) == 0;
    return is;
}

void service_users_check(struct examination *exam, const struct service_users *users)
{
    const struct group *group = getgrnam(SERVICE_GROUP);

    for (size_t i = 0; group != NULL && i < users->count; i++) {
        const struct service_user *user = &users->list[i];
        const struct passwd *entry = getpwnam(user->name);

        if (entry == NULL || entry->pw_uid == 0)
            continue;
        if (user_is_member(user->name, group->gr_gid)) {
            check_processes(exam, user, entry->pw_uid, group->gr_gid);
        } else if (!is_client(exam, user->name)) { /* of whom it is said already */
            finding_fault(&exam->findings, CHECK_BROKER,
                          "%s asks pam_asp as %s, by %s, and %s is not in the group " SERVICE_GROUP
                          ": it may not ask asp-broker, and lets nobody in",
                          user->server->name, user->name, user->file->path, user->name);
            finding_fix_command(
                &exam->findings, true,
                (const char *[]){"usermod", "-aG", SERVICE_GROUP, user->name, NULL});
        }
    }
}
