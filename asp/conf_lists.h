/*
 * The lists of the configuration (apps, guarded, clients, domains) and what the two files that read
 * it share. Private to them.
 */
#ifndef ASP_CONF_LISTS_H
#define ASP_CONF_LISTS_H

#include "conf.h"

#include <libconfig.h>

/* A piece of memory that lives as long as the configuration. */
struct asp_conf_block {
    struct asp_conf_block *next;
    max_align_t bytes[];
};

/* The values point into the tree: libconfig keeps every text of the file. */
struct asp_conf_owned {
    config_t tree;
    struct asp_conf_block *blocks;
};

struct asp_conf_reader {
    const char *path;
    struct asp_conf *conf;
    struct asp_conf_owned *owned;
    struct asp_error *error;
};

void asp_conf_owned_free(struct asp_conf_owned *owned);

/* Writes "FILE:LINE: KEY ..." and returns ASP_INVALID. */
enum asp_status asp_conf_refuse(const struct asp_conf_reader *reader,
                                const config_setting_t *setting, const char *format, ...)
    __attribute__((format(printf, 3, 4), nonnull(3)));

/* Refuses a key that is none, with the one that was meant, or NULL. Returns ASP_INVALID. */
enum asp_status asp_conf_refuse_key(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting, const char *meant);

void asp_conf_default_lists(struct asp_conf *conf);

/* Sorts the services that apps and guarded name. ASP_OK or ASP_NO_MEMORY. */
enum asp_status asp_conf_sort_services(const struct asp_conf_reader *reader);

/* Reads `setting` of `group` when its key is that of a list; `*is_list` says whether it was. */
enum asp_status asp_conf_read_list(const struct asp_conf_reader *reader, const char *group,
                                   const config_setting_t *setting, bool *is_list);

/* The names of the lists of a group, from 0; NULL behind the last. */
const char *asp_conf_list_name(const char *group, size_t index);

#endif
