/*
 * The database of the configuration: its hosts, and what its keys say together. Private to conf.
 */
#ifndef ASP_CONF_DATABASE_H
#define ASP_CONF_DATABASE_H

#include "conf_reader.h"

void asp_conf_default_database(struct asp_conf *conf);

/* The keys of each of database.hosts, with a NULL after the last. */
extern const char *const asp_conf_host_keys[];

/* Reads database.hosts. */
enum asp_status asp_conf_read_hosts(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting);

/* What the keys of the file say together, where it names a host; and the one whose built-in value
 * is another then. ASP_OK, or ASP_INVALID. */
enum asp_status asp_conf_check_database(const struct asp_conf_reader *reader,
                                        const config_setting_t *root);

#endif
