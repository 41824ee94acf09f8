/* The configuration: the file that is read, and what each key in it may be. */
#include "conf.h"

#include "buffer.h"
#include "conf_database.h"
#include "conf_keys.h"
#include "conf_lists.h"
#include "conf_place.h"
#include "conf_text.h"
#include "conf_unread.h"
#include "label.h"
#include "scope.h"
#include "time_text.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { WORDS_SIZE = 128, HEADER_MAX = 64, ROLE_MAX = 63 };

static void set_defaults(struct asp_conf *conf)
{
    *conf = (struct asp_conf){
        .store = "/var/lib/asp",
        .limit = 25,
        .history = 100,
        .usage_interval = 60,
        .default_app = ASP_APP_FIRST_USE,
        .expires = ASP_NEVER,
        .unused = ASP_NEVER,
        .log_accepted = true,
        .cost = {ASP_BLAKE2B, ASP_MEMORY_DEFAULT, ASP_PASSES_DEFAULT},
        .primary_source = ASP_SOURCE_SHADOW,
        .primary_command = "",
        .primary_realm = "",
        .primary_interval = 300,
        .hook_created = "",
        .hook_revoked = "",
        .hook_timeout = 10,
        .broker_socket = "/run/asp/broker.sock",
        .broker_workers = 8,
        .self_enabled = true,
        .self_socket = "/run/asp/self.sock",
        .self_group = "",
        .self_web_user = "",
        .self_web_socket = "/run/asp/self-web.sock",
        .web_origin = "",
        .web_address_header = "",
        .profile = {"", "", "", "", "", "", "", "", "", ""},
    };
    asp_conf_default_lists(conf);
    asp_conf_default_database(conf);
}

static enum asp_status set_integer(const struct asp_conf_reader *reader,
                                   const config_setting_t *setting, const struct asp_conf_key *key,
                                   void *place)
{
    int value;

    if (config_setting_type(setting) != CONFIG_TYPE_INT)
        return asp_conf_refuse(reader, setting, "must be a whole number, without quotes");
    value = config_setting_get_int(setting);
    if (value < key->least || value > key->most)
        return asp_conf_refuse(reader, setting, "must be from %d to %d", key->least, key->most);
    memcpy(place, &value, sizeof value);
    return ASP_OK;
}

static enum asp_status set_boolean(const struct asp_conf_reader *reader,
                                   const config_setting_t *setting, bool *place)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return asp_conf_refuse(reader, setting, "must be true or false, without quotes");
    *place = config_setting_get_bool(setting) != 0;
    return ASP_OK;
}

/* One of a few words. The error names them all. */
static enum asp_status set_word(const struct asp_conf_reader *reader,
                                const config_setting_t *setting, const struct asp_conf_key *key,
                                const char *text, void *place)
{
    const char *const *words = key->words;
    char all[WORDS_SIZE] = ""; /* of those that are in this file, which fit */
    size_t length = 0;

    for (unsigned value = 0; words[value] != NULL; value++) {
        if (strcmp(text, words[value]) != 0)
            continue;
        if (key->kind == ASP_CONF_SWITCH)
            *(bool *)place = value == 1;
        else
            memcpy(place, &value, sizeof value);
        return ASP_OK;
    }
    for (size_t i = 0; words[i] != NULL && length < sizeof all; i++) {
        const char *between = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";

        length +=
            (size_t)snprintf(all + length, sizeof all - length, "%s\"%s\"", between, words[i]);
    }
    return asp_conf_refuse(reader, setting, "must be %s", all);
}

static bool path_fits(enum asp_conf_kind kind, const char *text)
{
    if (kind == ASP_CONF_OPTIONAL_PATH && text[0] == '\0')
        return true;
    return asp_path_valid(text) && text[strlen(text) - 1] != '/' &&
           (kind != ASP_CONF_SOCKET || strlen(text) < sizeof((struct sockaddr_un *)NULL)->sun_path);
}

/* What may go into the text of a form, and onto a screen. */
static bool is_plain_text(const char *text)
{
    unsigned long value = 0;
    size_t length;

    for (; *text != '\0'; text += length) {
        length = asp_utf8_next(text, &value);
        if (length == 0 || asp_is_control(value))
            return false;
    }
    return true;
}

/* %u and %%: whatever else follows a percent sign was meant otherwise. */
static bool is_template(const char *text)
{
    for (; (text = strchr(text, '%')) != NULL; text += 2) {
        if (text[1] != 'u' && text[1] != '%')
            return false;
    }
    return true;
}

static enum asp_status check_profile_text(const struct asp_conf_reader *reader,
                                          const config_setting_t *setting,
                                          const struct asp_conf_key *key, const char *text)
{
    struct asp_url url;

    if (!is_plain_text(text))
        return asp_conf_refuse(reader, setting, "must be UTF-8 without control characters");
    if (key->kind != ASP_CONF_LABEL && !is_template(text))
        return asp_conf_refuse(
            reader, setting,
            "may have %%u, for the user, and %%%% for a percent sign, and no other %%");
    if (key->kind == ASP_CONF_URL && text[0] != '\0' && !asp_url_read(text, key->words, &url))
        return key->words[1] == NULL
                   ? asp_conf_refuse(reader, setting, "must be an address, %s://HOST[:PORT]/...",
                                     key->words[0])
                   : asp_conf_refuse(reader, setting,
                                     "must be an address, %s://HOST[:PORT] or %s://HOST[:PORT]",
                                     key->words[0], key->words[1]);
    return ASP_OK;
}

/* As browsers say it (RFC 6454, section 6.2), for it is compared byte by byte. */
static bool is_origin(const char *text)
{
    static const char *const schemes[] = {"https", NULL};
    const char *port = strrchr(text, ':');
    struct asp_url url;

    if (!asp_url_read(text, schemes, &url) || url.path[0] != '\0')
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            return false;
    }
    return port == strchr(text, ':') || strchr(port, ']') != NULL ||
           (port[1] != '0' && strcmp(port, ":443") != 0);
}

/* A token (RFC 9110, section 5.6.2). */
static bool is_header_name(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= HEADER_MAX &&
           strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == length;
}

static enum asp_status check_web_text(const struct asp_conf_reader *reader,
                                      const config_setting_t *setting,
                                      const struct asp_conf_key *key, const char *text)
{
    if (text[0] == '\0')
        return ASP_OK;
    if (key->kind == ASP_CONF_ORIGIN && !is_origin(text))
        return asp_conf_refuse(reader, setting,
                               "must be an origin, https://HOST[:PORT], in lower case, without / "
                               "at its end and without :443");
    if (key->kind == ASP_CONF_HEADER && !is_header_name(text))
        return asp_conf_refuse(reader, setting, "must be the name of a header of HTTP");
    return ASP_OK;
}

/* Such as need no quotes in what an administrator types into psql, or almost. */
static bool is_role(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= ROLE_MAX && strchr("-_0123456789", text[0]) == NULL &&
           strspn(text, "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
               length;
}

static enum asp_status set_text(const struct asp_conf_reader *reader,
                                const config_setting_t *setting, const struct asp_conf_key *key,
                                void *place)
{
    const char *text;

    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return asp_conf_refuse(reader, setting, "must be a text in quotes");
    text = config_setting_get_string(setting);
    switch (key->kind) {
    case ASP_CONF_WORD:
    case ASP_CONF_SWITCH:
        return set_word(reader, setting, key, text, place);
    case ASP_CONF_DURATION:
        if (!asp_duration_read(text, place))
            return asp_conf_refuse(reader, setting,
                                   "must be \"never\" or a number with s, m, h, d or w");
        return ASP_OK;
    case ASP_CONF_PATH:
    case ASP_CONF_OPTIONAL_PATH:
    case ASP_CONF_SOCKET:
        if (!path_fits(key->kind, text))
            return asp_conf_refuse(reader, setting,
                                   "must be an absolute path without . and .., not too long, and "
                                   "without / at its end");
        break;
    case ASP_CONF_NAME:
    case ASP_CONF_OPTIONAL_NAME:
        if (!asp_service_valid(text) && (key->kind == ASP_CONF_NAME || text[0] != '\0'))
            return asp_conf_refuse(reader, setting, "is not a well-formed name");
        break;
    case ASP_CONF_ROLE:
        if (!is_role(text))
            return asp_conf_refuse(reader, setting,
                                   "must begin with a letter, and be 1 to %d letters, digits, - "
                                   "and _",
                                   ROLE_MAX);
        break;
    case ASP_CONF_LABEL:
    case ASP_CONF_TEMPLATE:
    case ASP_CONF_URL:
        if (check_profile_text(reader, setting, key, text) != ASP_OK)
            return ASP_INVALID;
        break;
    case ASP_CONF_ORIGIN:
    case ASP_CONF_HEADER:
        if (check_web_text(reader, setting, key, text) != ASP_OK)
            return ASP_INVALID;
        break;
    default:
        break;
    }
    *(const char **)place = text;
    return ASP_OK;
}

static enum asp_status set_value(const struct asp_conf_reader *reader,
                                 const config_setting_t *setting, const struct asp_conf_key *key)
{
    char *place = (char *)reader->conf + key->offset;

    if (key->kind == ASP_CONF_INTEGER)
        return set_integer(reader, setting, key, place);
    if (key->kind == ASP_CONF_BOOLEAN)
        return set_boolean(reader, setting, (bool *)place);
    return set_text(reader, setting, key, place);
}

/* The group of that name in another one. NULL: there is none. */
static const struct asp_conf_group *find_inner(const struct asp_conf_group *outer, const char *name)
{
    char whole[ASP_CONF_KEY_SIZE];

    (void)snprintf(whole, sizeof whole, "%s%s%s", outer->name, outer->name[0] != '\0' ? "." : "",
                   name);
    return asp_conf_find_group(whole);
}

static enum asp_status read_group(const struct asp_conf_reader *reader,
                                  const config_setting_t *setting,
                                  const struct asp_conf_group *group);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as groups have groups */
static enum asp_status read_one(const struct asp_conf_reader *reader,
                                const config_setting_t *setting, const struct asp_conf_group *group)
{
    const struct asp_conf_key *key = asp_conf_find_key(group, config_setting_name(setting));
    const struct asp_conf_group *inner = find_inner(group, config_setting_name(setting));
    bool is_list = false;
    enum asp_status status;

    if (key != NULL)
        return set_value(reader, setting, key);
    if (inner != NULL)
        return read_group(reader, setting, inner);
    status = asp_conf_read_list(reader, group->name, setting, &is_list);
    if (is_list || status != ASP_OK)
        return status;
    return asp_conf_refuse_unknown(reader, setting, group);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as groups have groups */
static enum asp_status read_group(const struct asp_conf_reader *reader,
                                  const config_setting_t *setting,
                                  const struct asp_conf_group *group)
{
    enum asp_status status = ASP_OK;

    if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
        return asp_conf_refuse(reader, setting, "must be a group, { ... }");
    for (int i = 0; status == ASP_OK && i < config_setting_length(setting); i++)
        status = read_one(reader, config_setting_get_elem(setting, (unsigned)i), group);
    return status;
}

/* What two keys say together. */
static enum asp_status check_together(const struct asp_conf_reader *reader,
                                      const config_setting_t *root)
{
    const struct asp_conf *conf = reader->conf;

    if (asp_service_equal(conf->default_app, ASP_APP_ANY) ||
        (!asp_scope_is_group(conf, conf->default_app) &&
         asp_scope_listed(conf, conf->default_app) != NULL))
        return asp_conf_refuse(reader, config_setting_get_member(root, "default_app"),
                               "must be \"first-use\" or the name of an app");
    for (size_t i = 0; i < conf->self_apps.count; i++) {
        const char *app = conf->self_apps.names[i];

        if (!asp_scope_is_group(conf, app) && asp_scope_listed(conf, app) != NULL)
            return asp_conf_refuse(reader, config_setting_get_member(root, "self_service"),
                                   "names in apps a service that is in an app: say that app");
    }
    if ((conf->profile.sign_certificate[0] == '\0') != (conf->profile.sign_key[0] == '\0'))
        return asp_conf_refuse(reader, config_setting_get_member(root, "profile"),
                               "has in sign one of certificate and key: both are needed");
    if (asp_source_traits(conf->primary_source).is_program && conf->primary_command[0] == '\0')
        return asp_conf_refuse(reader, config_setting_get_member(root, "primary"),
                               "has source = \"command\" and no command");
    return asp_conf_check_database(reader, root);
}

enum asp_status asp_conf_read(const char *path, const char *text, size_t length,
                              struct asp_conf **conf, struct asp_error *error)
{
    struct asp_conf_reader reader = {.path = path, .error = error};
    struct asp_buffer lines = {0};
    config_setting_t *root;
    enum asp_status status;

    *conf = NULL;
    status = asp_conf_text_check(path, text, length, error);
    if (status != ASP_OK)
        return status;
    reader.owned = calloc(1, sizeof *reader.owned);
    reader.conf = calloc(1, sizeof *reader.conf);
    if (reader.owned == NULL || reader.conf == NULL) {
        free(reader.owned);
        free(reader.conf);
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    }
    set_defaults(reader.conf);
    config_init(&reader.owned->tree);
    reader.conf->owned = reader.owned;

    /* A comment on the last line needs its line end. */
    asp_buffer_add_bytes(&lines, text, length);
    asp_buffer_add(&lines, "\n");
    if (lines.failed) {
        status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    } else if (config_read_string(&reader.owned->tree, lines.text) != CONFIG_TRUE) {
        status = asp_conf_fail_unread(&reader, text, length);
    } else {
        root = config_root_setting(&reader.owned->tree);
        status = read_group(&reader, root, asp_conf_find_group(""));
        if (status == ASP_OK)
            status = asp_conf_sort_services(&reader);
        if (status == ASP_OK)
            status = check_together(&reader, root);
    }
    if (status == ASP_OK)
        *conf = reader.conf;
    else
        asp_conf_free(reader.conf);
    asp_buffer_free(&lines);
    return status;
}

enum asp_status asp_conf_load(const char *path, bool required, struct asp_conf **conf,
                              struct asp_identity *identity, struct asp_error *error)
{
    struct stat st;
    uint8_t *bytes = NULL;
    size_t length = 0;
    int fd = -1;
    enum asp_status status;

    *conf = NULL;
    memset(identity, 0, sizeof *identity);
    status = asp_path_open(path, &fd, &st, error);
    if (status == ASP_NOT_FOUND && !required)
        return asp_conf_read(path, "", 0, conf, error);
    if (status != ASP_OK)
        return status;
    asp_identity_of(&st, identity);
    status = asp_file_read(fd, NULL, path, &st, ASP_CONF_BYTES_MAX, &bytes, &length, error);
    if (status == ASP_OK)
        status = asp_conf_read(path, (const char *)bytes, length, conf, error);
    free(bytes);
    asp_close(fd);
    return status;
}

void asp_conf_free(struct asp_conf *conf)
{
    if (conf != NULL)
        asp_conf_owned_free(conf->owned);
    free(conf);
}
