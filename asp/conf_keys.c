/* The keys of a configuration: their kinds and bounds, and which one was meant. */
#include "conf_keys.h"

#include "conf_lists.h"
#include "nearest.h"

#include <stdio.h>
#include <string.h>

static const char *const user_name_words[] = {"exact", "lower", NULL};
static const char *const log_words[] = {"refused", "all", NULL};
static const char *const scheme_words[] = {
    [ASP_BLAKE2B] = "blake2b",
    [ASP_HMAC_SHA256] = "hmac-sha256",
    [ASP_ARGON2ID] = "argon2id",
    NULL,
};

#define AT(field) offsetof(struct asp_conf, field)

static const struct asp_conf_key top_keys[] = {
    {"store", ASP_CONF_PATH, AT(store), 0, 0, NULL},
    {"limit", ASP_CONF_INTEGER, AT(limit), 1, 500, NULL},
    {"history", ASP_CONF_INTEGER, AT(history), 0, 500, NULL},
    {"usage_interval", ASP_CONF_INTEGER, AT(usage_interval), 0, 86400, NULL},
    {"user_name", ASP_CONF_SWITCH, AT(fold_user_names), 0, 0, user_name_words},
    {"virtual_users", ASP_CONF_BOOLEAN, AT(virtual_users), 0, 0, NULL},
    {"default_app", ASP_CONF_NAME, AT(default_app), 0, 0, NULL},
    {"expires", ASP_CONF_DURATION, AT(expires), 0, 0, NULL},
    {"unused", ASP_CONF_DURATION, AT(unused), 0, 0, NULL},
    {"log", ASP_CONF_SWITCH, AT(log_accepted), 0, 0, log_words},
};

static const struct asp_conf_key hash_keys[] = {
    {"scheme", ASP_CONF_WORD, AT(cost.scheme), 0, 0, scheme_words},
    {"memory", ASP_CONF_INTEGER, AT(cost.memory), ASP_MEMORY_MIN, ASP_MEMORY_MAX, NULL},
    {"passes", ASP_CONF_INTEGER, AT(cost.passes), ASP_PASSES_MIN, ASP_PASSES_MAX, NULL},
};

static const struct asp_conf_key primary_keys[] = {
    {"source", ASP_CONF_WORD, AT(primary_source), 0, 0, asp_source_words},
    {"command", ASP_CONF_OPTIONAL_PATH, AT(primary_command), 0, 0, NULL},
    {"interval", ASP_CONF_INTEGER, AT(primary_interval), 10, 86400, NULL},
    {"realm", ASP_CONF_OPTIONAL_NAME, AT(primary_realm), 0, 0, NULL},
};

static const struct asp_conf_key hooks_keys[] = {
    {"created", ASP_CONF_OPTIONAL_PATH, AT(hook_created), 0, 0, NULL},
    {"revoked", ASP_CONF_OPTIONAL_PATH, AT(hook_revoked), 0, 0, NULL},
    {"timeout", ASP_CONF_INTEGER, AT(hook_timeout), 1, 300, NULL},
};

static const struct asp_conf_key broker_keys[] = {
    {"socket", ASP_CONF_SOCKET, AT(broker_socket), 0, 0, NULL},
    {"workers", ASP_CONF_INTEGER, AT(broker_workers), 1, 64, NULL},
};

static const struct asp_conf_key self_keys[] = {
    {"enabled", ASP_CONF_BOOLEAN, AT(self_enabled), 0, 0, NULL},
    {"socket", ASP_CONF_SOCKET, AT(self_socket), 0, 0, NULL},
    {"group", ASP_CONF_TEXT, AT(self_group), 0, 0, NULL},
    {"silent", ASP_CONF_BOOLEAN, AT(self_silent), 0, 0, NULL},
    {"web_user", ASP_CONF_TEXT, AT(self_web_user), 0, 0, NULL},
    {"web_socket", ASP_CONF_SOCKET, AT(self_web_socket), 0, 0, NULL},
};

static const struct asp_conf_key web_keys[] = {
    {"origin", ASP_CONF_ORIGIN, AT(web_origin), 0, 0, NULL},
    {"address_header", ASP_CONF_HEADER, AT(web_address_header), 0, 0, NULL},
};

static const char *const imap_schemes[] = {"imaps", "imap", NULL};
static const char *const smtp_schemes[] = {"submissions", "submission", NULL};
static const char *const web_schemes[] = {"https", NULL};

static const struct asp_conf_key profile_keys[] = {
    {"organization", ASP_CONF_LABEL, AT(profile.organization), 0, 0, NULL},
    {"name", ASP_CONF_LABEL, AT(profile.name), 0, 0, NULL},
};

static const struct asp_conf_key profile_mail_keys[] = {
    {"address", ASP_CONF_TEMPLATE, AT(profile.mail_address), 0, 0, NULL},
    {"user", ASP_CONF_TEMPLATE, AT(profile.mail_user), 0, 0, NULL},
    {"imap", ASP_CONF_URL, AT(profile.mail_imap), 0, 0, imap_schemes},
    {"smtp", ASP_CONF_URL, AT(profile.mail_smtp), 0, 0, smtp_schemes},
};

static const struct asp_conf_key profile_calendar_keys[] = {
    {"url", ASP_CONF_URL, AT(profile.calendar_url), 0, 0, web_schemes},
    {"user", ASP_CONF_TEMPLATE, AT(profile.calendar_user), 0, 0, NULL},
};

static const struct asp_conf_key profile_sign_keys[] = {
    {"certificate", ASP_CONF_OPTIONAL_PATH, AT(profile.sign_certificate), 0, 0, NULL},
    {"key", ASP_CONF_OPTIONAL_PATH, AT(profile.sign_key), 0, 0, NULL},
};

static const char *const tls_words[] = {"none", "verify-full", NULL};

static const struct asp_conf_key database_keys[] = {
    {"name", ASP_CONF_ROLE, AT(database.name), 0, 0, NULL},
    {"user", ASP_CONF_ROLE, AT(database.user), 0, 0, NULL},
    {"admin", ASP_CONF_ROLE, AT(database.admin), 0, 0, NULL},
    {"tls", ASP_CONF_SWITCH, AT(database.tls), 0, 0, tls_words},
    {"ca", ASP_CONF_OPTIONAL_PATH, AT(database.ca), 0, 0, NULL},
    {"cert", ASP_CONF_OPTIONAL_PATH, AT(database.cert), 0, 0, NULL},
    {"key", ASP_CONF_OPTIONAL_PATH, AT(database.key), 0, 0, NULL},
    {"passfile", ASP_CONF_OPTIONAL_PATH, AT(database.passfile), 0, 0, NULL},
    {"wait", ASP_CONF_INTEGER, AT(database.wait), 100, 5000, NULL},
    {"fence", ASP_CONF_INTEGER, AT(database.fence), 0, 300, NULL},
};

#define KEYS(keys) keys, sizeof(keys) / sizeof *(keys)

static const struct asp_conf_group groups[] = {
    {"", KEYS(top_keys)},
    {"hash", KEYS(hash_keys)},
    {"primary", KEYS(primary_keys)},
    {"hooks", KEYS(hooks_keys)},
    {"broker", KEYS(broker_keys)},
    {"self_service", KEYS(self_keys)},
    {"web", KEYS(web_keys)},
    {"profile", KEYS(profile_keys)},
    {"profile.mail", KEYS(profile_mail_keys)},
    {"profile.calendar", KEYS(profile_calendar_keys)},
    {"profile.sign", KEYS(profile_sign_keys)},
    {"database", KEYS(database_keys)},
};

enum { GROUPS = sizeof groups / sizeof *groups, OWNERS_SIZE = 256 };

const struct asp_conf_group *asp_conf_find_group(const char *name)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (strcmp(groups[i].name, name) == 0)
            return &groups[i];
    }
    return NULL;
}

const struct asp_conf_key *asp_conf_find_key(const struct asp_conf_group *group, const char *name)
{
    for (size_t i = 0; i < group->count; i++) {
        if (strcmp(group->keys[i].name, name) == 0)
            return &group->keys[i];
    }
    return NULL;
}

/* The name by itself of a group that lies in another one; NULL: it does not. */
static const char *name_in(const struct asp_conf_group *outer, const struct asp_conf_group *group)
{
    size_t length = strlen(outer->name);
    const char *name = group->name;

    if (length > 0) {
        if (strncmp(name, outer->name, length) != 0 || name[length] != '.')
            return NULL;
        name += length + 1;
    }
    return name[0] != '\0' && strchr(name, '.') == NULL ? name : NULL;
}

/* The next name that a group has for a key, a list or a group. NULL: there is none behind `index`.
 */
static const char *name_at(const struct asp_conf_group *group, size_t index)
{
    if (index < group->count)
        return group->keys[index].name;
    index -= group->count;
    for (size_t i = 0; i < GROUPS; i++) {
        const char *name = name_in(group, &groups[i]);

        if (name != NULL && index-- == 0)
            return name;
    }
    return asp_conf_list_name(group->name, index);
}

static bool has_name(const struct asp_conf_group *group, const char *name)
{
    const char *other;

    for (size_t i = 0; (other = name_at(group, i)) != NULL; i++) {
        if (strcmp(other, name) == 0)
            return true;
    }
    return false;
}

/* Adds a group as it is written, with the one that it lies in. */
static size_t write_group(const char *name, char *to, size_t size)
{
    const char *dot = strchr(name, '.');

    if (dot == NULL)
        return (size_t)snprintf(to, size, "%s: { ... };", name);
    return (size_t)snprintf(to, size, "%.*s: { %s: { ... }; };", (int)(dot - name), name, dot + 1);
}

/* The groups that have a key of that name. Empty: none has. */
static void write_owners(const char *name, char owners[OWNERS_SIZE])
{
    size_t length = 0;

    owners[0] = '\0';
    for (size_t i = 1; i < GROUPS && length < OWNERS_SIZE; i++) {
        if (!has_name(&groups[i], name))
            continue;
        if (length > 0)
            length += (size_t)snprintf(owners + length, OWNERS_SIZE - length, " or ");
        if (length < OWNERS_SIZE)
            length += write_group(groups[i].name, owners + length, OWNERS_SIZE - length);
    }
}

enum asp_status asp_conf_refuse_unknown(const struct asp_conf_reader *reader,
                                        const config_setting_t *setting,
                                        const struct asp_conf_group *group)
{
    const char *typed = config_setting_name(setting);
    struct asp_nearest nearest = {.typed = typed};
    const char *list = asp_conf_list_with(group->name, typed);
    char owners[OWNERS_SIZE];
    const char *name;

    write_owners(typed, owners);
    if (list != NULL && (group->name[0] != '\0' || owners[0] == '\0'))
        return asp_conf_refuse(reader, setting,
                               "is not a key there: write it in a group of %s: ( { ... } );", list);
    if (has_name(&groups[0], typed))
        return asp_conf_refuse(reader, setting, "is not a key there: write %s outside of %s", typed,
                               group->name);
    if (owners[0] != '\0')
        return asp_conf_refuse(reader, setting, "is not a key there: write it in %s", owners);
    for (size_t i = 0; (name = name_at(group, i)) != NULL; i++)
        asp_nearest_try(&nearest, name);
    return asp_conf_refuse_key(reader, setting, nearest.word);
}
