/* The database of the configuration. */
#include "conf_database.h"

#include "network.h"

#include <string.h>
#include <sys/un.h>

#ifdef ASP_HAS_DATABASE
static const bool has_engine = true;
#else
static const bool has_engine = false;
#endif

enum { PORT_DEFAULT = 5432, PORT_MAX = 65535, USAGE_INTERVAL = 900 };

void asp_conf_default_database(struct asp_conf *conf)
{
    conf->database = (struct asp_database){
        .name = "asp",
        .user = "asp_node",
        .admin = "asp_admin",
        .tls = true,
        .ca = "",
        .cert = "",
        .key = "",
        .passfile = "",
        .wait = 800,
        .fence = 10,
    };
}

/* In the place of an address, which has to be said. */
static const char not_said[] = "";

bool asp_database_host_is_folder(const struct asp_database_host *host)
{
    return host->address[0] == '/';
}

/* The socket in it is called .s.PGSQL.PORT. */
static bool folder_fits(const char *path)
{
    return asp_path_valid(path) && path[strlen(path) - 1] != '/' &&
           strlen(path) + sizeof "/.s.PGSQL.65535" <= sizeof((struct sockaddr_un *)NULL)->sun_path;
}

static enum asp_status read_text(const struct asp_conf_reader *reader,
                                 const config_setting_t *setting, const char **text)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return asp_conf_refuse(reader, setting, "must be a text in quotes");
    *text = config_setting_get_string(setting);
    return ASP_OK;
}

static enum asp_status read_port(const struct asp_conf_reader *reader,
                                 const config_setting_t *setting, int *port)
{
    *port = config_setting_type(setting) == CONFIG_TYPE_INT ? config_setting_get_int(setting) : 0;
    if (*port < 1 || *port > PORT_MAX)
        return asp_conf_refuse(reader, setting, "must be a whole number from 1 to %d", PORT_MAX);
    return ASP_OK;
}

enum { KEY_NAME, KEY_ADDRESS, KEY_PORT };

const char *const asp_conf_host_keys[] = {
    [KEY_NAME] = "name",
    [KEY_ADDRESS] = "address",
    [KEY_PORT] = "port",
    NULL,
};

static enum asp_status read_member(const struct asp_conf_reader *reader,
                                   const config_setting_t *member, struct asp_database_host *host)
{
    const char *const *keys = asp_conf_host_keys;
    const char *key = config_setting_name(member);

    if (strcmp(key, keys[KEY_NAME]) == 0)
        return read_text(reader, member, &host->name);
    if (strcmp(key, keys[KEY_ADDRESS]) == 0)
        return read_text(reader, member, &host->address);
    if (strcmp(key, keys[KEY_PORT]) == 0)
        return read_port(reader, member, &host->port);
    return asp_conf_refuse_member(reader, member, keys);
}

/* No name is looked up: a name service that hangs would hold every login. */
static enum asp_status check_host(const struct asp_conf_reader *reader,
                                  const config_setting_t *setting,
                                  const struct asp_database_host *hosts, size_t before)
{
    const struct asp_database_host *host = &hosts[before];

    if (host->address == not_said)
        return asp_conf_refuse(reader, setting, "holds a host without an address");
    if (asp_database_host_is_folder(host) ? !folder_fits(host->address)
                                          : !asp_host_is_address(host->address))
        return asp_conf_refuse(reader, setting,
                               "holds the address \"%.100s\": it must be an IP address, or the "
                               "folder of a Unix socket; no name is looked up",
                               host->address);
    if (host->name[0] != '\0' && !asp_host_valid(host->name))
        return asp_conf_refuse(reader, setting, "holds the name \"%.100s\", which is no host's",
                               host->name);
    for (size_t i = 0; i < before; i++) {
        if (strcmp(hosts[i].address, host->address) == 0 && hosts[i].port == host->port)
            return asp_conf_refuse(reader, setting, "has the address \"%s\" twice", host->address);
    }
    return ASP_OK;
}

static enum asp_status read_host(const struct asp_conf_reader *reader,
                                 const config_setting_t *setting, struct asp_database_host *hosts,
                                 size_t before)
{
    enum asp_status status = ASP_OK;

    if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
        return asp_conf_refuse(reader, setting,
                               "must hold groups, { name = \"...\"; address = \"...\"; }");
    hosts[before] =
        (struct asp_database_host){.name = "", .address = not_said, .port = PORT_DEFAULT};
    for (int i = 0; status == ASP_OK && i < config_setting_length(setting); i++)
        status = read_member(reader, config_setting_get_elem(setting, (unsigned)i), &hosts[before]);
    return status == ASP_OK ? check_host(reader, setting, hosts, before) : status;
}

enum asp_status asp_conf_read_hosts(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting)
{
    struct asp_database *database = &reader->conf->database;
    struct asp_database_host *hosts;
    void *groups;
    size_t count;
    enum asp_status status = asp_conf_own_groups(reader, setting, sizeof *hosts, &groups, &count);

    if (status != ASP_OK)
        return status;
    hosts = groups;
    for (size_t i = 0; status == ASP_OK && i < count; i++)
        status = read_host(reader, config_setting_get_elem(setting, (unsigned)i), hosts, i);
    database->hosts = hosts;
    database->host_count = count;
    return status;
}

/* Where no certificate is asked for, nothing but this machine may lie on the way. */
static enum asp_status check_tls(const struct asp_conf_reader *reader,
                                 const config_setting_t *setting)
{
    const struct asp_database *database = &reader->conf->database;

    for (size_t i = 0; i < database->host_count; i++) {
        const struct asp_database_host *host = &database->hosts[i];

        if (asp_database_host_is_folder(host))
            continue;
        if (!database->tls && !asp_host_is_loopback(host->address))
            return asp_conf_refuse(reader, setting,
                                   "has tls = \"none\" and the address %s: without TLS it may be a "
                                   "Unix socket or an address of this machine alone",
                                   host->address);
        if (!database->tls && database->passfile[0] != '\0')
            return asp_conf_refuse(reader, setting,
                                   "has a passfile and the address %s with tls = \"none\": who "
                                   "listens there while the database is down would be told what "
                                   "the password can be guessed by. Have TLS, or a Unix socket",
                                   host->address);
        if (database->tls && database->ca[0] == '\0')
            return asp_conf_refuse(reader, setting,
                                   "has no ca: say who certifies the servers of the database");
        if (database->tls && host->name[0] == '\0')
            return asp_conf_refuse(reader, setting,
                                   "has the address %s without a name: say the one that its "
                                   "certificate is made out to",
                                   host->address);
    }
    return ASP_OK;
}

enum asp_status asp_conf_check_database(const struct asp_conf_reader *reader,
                                        const config_setting_t *root)
{
    const config_setting_t *setting = config_setting_get_member(root, "database");
    struct asp_conf *conf = reader->conf;
    const struct asp_database *database = &conf->database;

    if ((database->cert[0] == '\0') != (database->key[0] == '\0'))
        return asp_conf_refuse(reader, setting, "has one of cert and key: both are needed");
    if (database->host_count == 0)
        return ASP_OK;
    if (!has_engine)
        return asp_conf_refuse(reader, setting,
                               "has hosts, and this pam_asp was built without a database");
    if (check_tls(reader, setting) != ASP_OK)
        return ASP_INVALID;
    if (conf->primary_source == ASP_SOURCE_SHADOW && conf->primary_realm[0] == '\0')
        return asp_conf_refuse(reader, setting,
                               "is for many machines, and primary has source = \"shadow\" and no "
                               "realm: name those whose shadow files are one, or say another "
                               "source");
    if (config_setting_get_member(root, "usage_interval") == NULL)
        conf->usage_interval = USAGE_INTERVAL;
    return ASP_OK;
}
