/*
 * The lists of the configuration: apps, guarded, clients, domains. Private to conf.
 */
#ifndef ASP_CONF_LISTS_H
#define ASP_CONF_LISTS_H

#include "conf_reader.h"

void asp_conf_default_lists(struct asp_conf *conf);

/* Sorts the services that apps and guarded name. ASP_OK or ASP_NO_MEMORY. */
enum asp_status asp_conf_sort_services(const struct asp_conf_reader *reader);

/* Reads `setting` of `group` when its key is that of a list; `*is_list` says whether it was. */
enum asp_status asp_conf_read_list(const struct asp_conf_reader *reader, const char *group,
                                   const config_setting_t *setting, bool *is_list);

/* The list of a group whose own groups have this key; NULL: there is none. */
const char *asp_conf_list_with(const char *group, const char *key);

/* The names of the lists of a group, from 0; NULL behind the last. */
const char *asp_conf_list_name(const char *group, size_t index);

#endif
