/* The lists of the configuration: apps, guarded, clients, domains. */
#include "conf_lists.h"

#include "conf_database.h"
#include "scope.h"

#include <stdlib.h>
#include <string.h>

#define DOMAIN_RULE "1 to 253 bytes without blanks and any of @ \\ / : * ?"

enum { DOMAIN_MAX = 253 }; /* bytes: RFC 1035 has no more, written out */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const mail_services[] = {"dovecot", "imap",       "pop3",  "lmtp",
                                            "smtp",    "submission", "sieve", "managesieve"};
static const char *const calendar_services[] = {"caldav", "carddav", "radicale",
                                                "nginx",  "apache2", "httpd"};
static const char *const ssh_services[] = {"sshd"};

static const struct asp_app default_apps[] = {
    {"mail", {mail_services, COUNT(mail_services)}},
    {"calendar", {calendar_services, COUNT(calendar_services)}},
    {"ssh", {ssh_services, COUNT(ssh_services)}},
};

static const char *const default_guarded[] = {
    "login",    "su",      "su-l",      "sudo",    "sudo-i", "runuser",      "runuser-l",
    "polkit-1", "passwd",  "chsh",      "chfn",    "cron",   "gdm-password", "lightdm",
    "sddm",     "cockpit", "asp-admin", "asp-web", "sshd",
};

void asp_conf_default_lists(struct asp_conf *conf)
{
    conf->apps = default_apps;
    conf->app_count = COUNT(default_apps);
    conf->guarded = (struct asp_names){default_guarded, COUNT(default_guarded)};
}

static enum asp_status no_memory(const struct asp_conf_reader *reader)
{
    return asp_fail(reader->error, ASP_NO_MEMORY, "out of memory");
}

static int compare_services(const void *a, const void *b)
{
    const struct asp_service *left = a;
    const struct asp_service *right = b;

    return asp_service_compare(left->name, right->name);
}

/* Puts together what is said of one service in two places: by an app, and as guarded. */
static size_t merge_services(struct asp_service *services, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        struct asp_service *last = kept > 0 ? &services[kept - 1] : NULL;

        if (last == NULL || asp_service_compare(last->name, services[i].name) != 0) {
            services[kept++] = services[i];
            continue;
        }
        if (services[i].app != NULL)
            last->app = services[i].app;
        last->guarded = last->guarded || services[i].guarded;
    }
    return kept;
}

enum asp_status asp_conf_sort_services(const struct asp_conf_reader *reader)
{
    struct asp_conf *conf = reader->conf;
    struct asp_service *services;
    size_t count = conf->guarded.count;

    for (size_t i = 0; i < conf->app_count; i++)
        count += conf->apps[i].services.count;
    services = asp_conf_own(reader, count, sizeof *services);
    if (services == NULL)
        return no_memory(reader);
    count = 0;
    for (size_t i = 0; i < conf->app_count; i++) {
        const struct asp_app *app = &conf->apps[i];

        for (size_t k = 0; k < app->services.count; k++)
            services[count++] = (struct asp_service){app->services.names[k], app->name, false};
    }
    for (size_t i = 0; i < conf->guarded.count; i++)
        services[count++] = (struct asp_service){conf->guarded.names[i], NULL, true};
    if (count > 1)
        qsort(services, count, sizeof *services, compare_services);
    conf->services = services;
    conf->service_count = merge_services(services, count);
    return ASP_OK;
}

/* A domain as it stands in a name, before or after its sign: any text without blanks, and without
 * what no name of a user, or no domain, can hold. */
static bool is_domain(const char *text)
{
    size_t length = strnlen(text, DOMAIN_MAX + 1);

    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || strchr("@\\/:*?", text[i]) != NULL)
            return false;
    }
    return length > 0 && length <= DOMAIN_MAX;
}

static enum asp_status read_texts(const struct asp_conf_reader *reader,
                                  const config_setting_t *setting, bool (*is_valid)(const char *),
                                  const char *rule, struct asp_names *names)
{
    const char **list;
    size_t count;

    if (!asp_conf_is_sequence(setting))
        return asp_conf_refuse(reader, setting, "must be a list of names, [ \"...\" ]");
    count = (size_t)config_setting_length(setting);
    list = asp_conf_own(reader, count, sizeof *list);
    if (list == NULL)
        return no_memory(reader);
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);

        if (config_setting_type(element) != CONFIG_TYPE_STRING)
            return asp_conf_refuse(reader, element, "must hold texts in quotes");
        list[i] = config_setting_get_string(element);
        if (!is_valid(list[i]))
            return asp_conf_refuse(reader, element, "holds \"%.100s\", and each has %s", list[i],
                                   rule);
    }
    *names = (struct asp_names){list, count};
    return ASP_OK;
}

/* Names of services or apps. */
static enum asp_status read_names(const struct asp_conf_reader *reader,
                                  const config_setting_t *setting, struct asp_names *names)
{
    return read_texts(reader, setting, asp_service_valid, ASP_SERVICE_RULE, names);
}

/* Who has services: an app by its name, a client by its user. */
enum { KEY_WHO, KEY_SERVICES };

static const char *const app_keys[] = {[KEY_WHO] = "name", [KEY_SERVICES] = "services", NULL};
static const char *const client_keys[] = {[KEY_WHO] = "user", [KEY_SERVICES] = "services", NULL};

/* One `{ WHO = "..."; services = [ ... ]; }` of a list. */
static enum asp_status read_services_of(const struct asp_conf_reader *reader,
                                        const config_setting_t *setting, const char *const *keys,
                                        const char **who, struct asp_names *services)
{
    enum asp_status status = ASP_OK;

    *who = NULL;
    if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
        return asp_conf_refuse(reader, setting, "must hold groups, { %s = \"...\"; %s = [ ... ]; }",
                               keys[KEY_WHO], keys[KEY_SERVICES]);
    for (int i = 0; status == ASP_OK && i < config_setting_length(setting); i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        const char *key = config_setting_name(member);

        if (strcmp(key, keys[KEY_SERVICES]) == 0)
            status = read_names(reader, member, services);
        else if (strcmp(key, keys[KEY_WHO]) != 0)
            status = asp_conf_refuse_member(reader, member, keys);
        else if (config_setting_type(member) != CONFIG_TYPE_STRING ||
                 config_setting_get_string(member)[0] == '\0')
            status = asp_conf_refuse(reader, member, "must be a text in quotes");
        else
            *who = config_setting_get_string(member);
    }
    if (status == ASP_OK && (*who == NULL || services->names == NULL))
        status =
            asp_conf_refuse(reader, setting, "lacks %s or %s", keys[KEY_WHO], keys[KEY_SERVICES]);
    return status;
}

/* An app against those before it. */
static enum asp_status check_app(const struct asp_conf_reader *reader,
                                 const config_setting_t *setting, const struct asp_app *apps,
                                 size_t before)
{
    const struct asp_app *app = &apps[before];

    if (app->name == NULL || !asp_service_valid(app->name))
        return asp_conf_refuse(reader, setting, "holds an app \"%.100s\", and a name has %s",
                               app->name != NULL ? app->name : "", ASP_SERVICE_RULE);
    if (asp_app_is_reserved(app->name))
        return asp_conf_refuse(reader, setting,
                               "names an app \"%s\", a word with a meaning of its own", app->name);
    for (size_t i = 0; i < before; i++) {
        /* Those before it were found to have a name.
         * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        if (strcmp(apps[i].name, app->name) == 0)
            return asp_conf_refuse(reader, setting, "has the app \"%s\" twice", app->name);
    }
    for (size_t i = 0; i < app->services.count; i++) {
        const char *service = app->services.names[i];
        const char *other = NULL;

        if (asp_app_is_reserved(service))
            return asp_conf_refuse(reader, setting,
                                   "names a service \"%s\", a word with a meaning of its own",
                                   service);

        /* Against the services of the apps before it and those of its own before this one. */
        for (size_t k = 0; other == NULL && k <= before; k++) {
            const struct asp_names *names = &apps[k].services;

            if (asp_names_contain(names, k < before ? names->count : i, service))
                other = apps[k].name;
        }
        if (other != NULL)
            return asp_conf_refuse(
                reader, setting, "has the service \"%s\" twice (first in \"%s\")", service, other);
    }
    return ASP_OK;
}

static enum asp_status read_apps(const struct asp_conf_reader *reader,
                                 const config_setting_t *setting)
{
    struct asp_app *apps;
    void *groups;
    size_t count;
    enum asp_status status = asp_conf_own_groups(reader, setting, sizeof *apps, &groups, &count);

    if (status != ASP_OK)
        return status;
    apps = groups;
    for (size_t i = 0; status == ASP_OK && i < count; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);

        status = read_services_of(reader, element, app_keys, &apps[i].name, &apps[i].services);
        if (status == ASP_OK)
            status = check_app(reader, element, apps, i);
    }
    reader->conf->apps = apps;
    reader->conf->app_count = count;
    return status;
}

static enum asp_status read_clients(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting)
{
    struct asp_client *clients;
    void *groups;
    size_t count;
    enum asp_status status = asp_conf_own_groups(reader, setting, sizeof *clients, &groups, &count);

    if (status != ASP_OK)
        return status;
    clients = groups;
    for (size_t i = 0; status == ASP_OK && i < count; i++)
        status = read_services_of(reader, config_setting_get_elem(setting, (unsigned)i),
                                  client_keys, &clients[i].user, &clients[i].services);
    reader->conf->clients = clients;
    reader->conf->client_count = count;
    return status;
}

static enum asp_status read_guarded(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting)
{
    return read_names(reader, setting, &reader->conf->guarded);
}

static enum asp_status read_domains(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting)
{
    return read_texts(reader, setting, is_domain, DOMAIN_RULE, &reader->conf->user_domains);
}

static enum asp_status read_self_apps(const struct asp_conf_reader *reader,
                                      const config_setting_t *setting)
{
    return read_names(reader, setting, &reader->conf->self_apps);
}

static const struct {
    const char *group;
    const char *name;
    enum asp_status (*read)(const struct asp_conf_reader *reader, const config_setting_t *setting);
    const char *const *keys; /* of a list of groups: those of each, and NULL; else NULL */
} lists[] = {
    {"", "apps", read_apps, app_keys},
    {"", "guarded", read_guarded, NULL},
    {"", "user_domains", read_domains, NULL},
    {"broker", "clients", read_clients, client_keys},
    {"self_service", "apps", read_self_apps, NULL},
    {"database", "hosts", asp_conf_read_hosts, asp_conf_host_keys},
};

const char *asp_conf_list_with(const char *group, const char *key)
{
    for (size_t i = 0; i < COUNT(lists); i++) {
        const char *const *keys = lists[i].keys;

        if (keys == NULL || strcmp(lists[i].group, group) != 0)
            continue;
        for (size_t k = 0; keys[k] != NULL; k++) {
            if (strcmp(keys[k], key) == 0)
                return lists[i].name;
        }
    }
    return NULL;
}

const char *asp_conf_list_name(const char *group, size_t index)
{
    for (size_t i = 0; i < COUNT(lists); i++) {
        if (strcmp(lists[i].group, group) == 0 && index-- == 0)
            return lists[i].name;
    }
    return NULL;
}

enum asp_status asp_conf_read_list(const struct asp_conf_reader *reader, const char *group,
                                   const config_setting_t *setting, bool *is_list)
{
    const char *name = config_setting_name(setting);

    *is_list = true;
    for (size_t i = 0; i < COUNT(lists); i++) {
        if (strcmp(lists[i].group, group) == 0 && strcmp(lists[i].name, name) == 0)
            return lists[i].read(reader, setting);
    }
    *is_list = false;
    return ASP_OK;
}
