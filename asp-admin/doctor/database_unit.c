/* doctor: asp-broker's unit, and a database that is reached over the network. */
#include "database_unit.h"

#include "units.h"

#include "asp/buffer.h"
#include "asp/database.h"
#include "asp/network.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DROP_IN "asp-database.conf" /* as the one that is shipped */
#define SHIPPED DOCDIR "/systemd/" DROP_IN
#define ALLOW "IPAddressAllow="

enum { FIXED_LINES = 3 };

/* What a unit lets through to one address. */
struct network {
    const char *address;
    const char *family; /* what systemd calls that of the address */
    bool is_apart;      /* a network of its own, in which there is nobody */
    bool is_limited;    /* to families that are named */
    bool has_family;
    bool allowed; /* by its address */
    bool denied;  /* where it is not */
};

static bool is_no(const char *value)
{
    static const char *const words[] = {"no", "n", "false", "f", "off", "0"};
    bool no = false;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        no = no || strcasecmp(value, words[i]) == 0;
    return no;
}

/* A first list says which there are, or with a sign ~ which there are not; those that follow add to
 * it or take away. An empty one ends all limits. */
static void read_families(struct network *network, char *value)
{
    const bool barred = value[0] == '~';
    bool has = network->is_limited ? network->has_family : barred;
    char *rest = NULL;

    network->is_limited = value[0] != '\0';
    for (char *word = strtok_r(value + barred, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        if (strcmp(word, network->family) == 0)
            has = !barred;
    }
    network->has_family = has;
}

static bool has_address(const char *word, const char *address)
{
    struct asp_network network;

    if (strcmp(word, "any") == 0)
        return true;
    if (strcmp(word, "localhost") == 0)
        return asp_host_is_loopback(address);
    return asp_network_read_any(word, &network) && asp_networks_contain(&network, 1, address);
}

/* An empty list takes those before it away. */
static void read_addresses(const struct network *network, char *value, bool *listed)
{
    char *rest = NULL;

    *listed = *listed && value[0] != '\0';
    for (char *word = strtok_r(value, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest))
        *listed = *listed || has_address(word, network->address);
}

/* A unit_setting; see systemd.exec(5) and systemd.resource-control(5). */
static void take_setting(void *context, const char *key, char *value)
{
    struct network *network = context;

    if (strcmp(key, "PrivateNetwork") == 0)
        network->is_apart = !is_no(value);
    else if (strcmp(key, "RestrictAddressFamilies") == 0)
        read_families(network, value);
    else if (strcmp(key, "IPAddressAllow") == 0)
        read_addresses(network, value, &network->allowed);
    else if (strcmp(key, "IPAddressDeny") == 0)
        read_addresses(network, value, &network->denied);
}

/* True also where there is no such unit. */
static bool may_reach(struct examination *exam, const char *unit, const char *address)
{
    struct network network = {.address = address,
                              .family = strchr(address, ':') != NULL ? "AF_INET6" : "AF_INET"};

    return !units_read(exam, unit, take_setting, &network) ||
           (!network.is_apart && (!network.is_limited || network.has_family) &&
            (network.allowed || !network.denied));
}

/* One that lets through each host that is no Unix socket, and nobody else. */
static void fix_unit(struct examination *exam, const struct asp_database *database)
{
    const char **lines = calloc(FIXED_LINES + database->host_count, sizeof *lines);
    struct asp_buffer *allowed = calloc(database->host_count, sizeof *allowed);
    struct asp_buffer script = {0};
    size_t count = 0;

    if (lines == NULL || allowed == NULL) {
        exam->findings.failed = true;
    } else {
        lines[count++] = "[Service]";
        lines[count++] = "PrivateNetwork=no";
        lines[count++] = "RestrictAddressFamilies=AF_INET AF_INET6";
        for (size_t i = 0; i < database->host_count; i++) {
            if (database->hosts[i].address[0] == '/')
                continue;
            asp_buffer_add(&allowed[i], ALLOW);
            asp_buffer_add(&allowed[i], database->hosts[i].address);
            exam->findings.failed = exam->findings.failed || allowed[i].failed;
            lines[count++] = allowed[i].failed ? "" : allowed[i].text;
        }
        unit_add_drop_in(&script, UNIT_BROKER, DROP_IN, lines, count);
        exam->findings.failed = exam->findings.failed || script.failed;
        finding_fix_script(&exam->findings, script.failed ? "" : script.text);
    }
    for (size_t i = 0; allowed != NULL && i < database->host_count; i++)
        asp_buffer_free(&allowed[i]);
    asp_buffer_free(&script);
    free(allowed);
    free(lines);
}

void database_unit_check(struct examination *exam)
{
    const struct asp_database *database = &exam->admin->conf->database;
    struct name_list hosts = {0};
    struct asp_buffer names = {0};

    if (strcmp(exam->conf_path, ASP_CONF_DEFAULT) != 0)
        return; /* the unit reads that one */
    for (size_t i = 0; i < database->host_count; i++) {
        const char *address = database->hosts[i].address;

        if (address[0] != '/' && !may_reach(exam, UNIT_BROKER, address) &&
            !name_list_add(&hosts, address))
            exam->findings.failed = true;
    }
    if (hosts.count > 0) {
        finding_fault(&exam->findings, CHECK_DATABASE,
                      UNIT_BROKER " is shut off from the network, and so from the database at %s: "
                                  "nobody is let in without a drop-in such as " SHIPPED,
                      exam_names(exam, &names, &hosts));
        fix_unit(exam, database);
    }
    asp_buffer_free(&names);
    name_list_clear(&hosts);
}
