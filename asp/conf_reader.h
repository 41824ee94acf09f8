/*
 * What the files that read a configuration share. Private to them.
 */
#ifndef ASP_CONF_READER_H
#define ASP_CONF_READER_H

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

/* The same of a key in a group of a list, which has these keys, with a NULL after the last. */
enum asp_status asp_conf_refuse_member(const struct asp_conf_reader *reader,
                                       const config_setting_t *member, const char *const *keys);

/* Memory for that many, all zero, that lives as long as the configuration; NULL: there is none. */
void *asp_conf_own(const struct asp_conf_reader *reader, size_t count, size_t size);

/* Memory, as above, for what a list of groups has: `*groups`, and how many. ASP_OK, or
 * why not: it is none, or out of memory. */
enum asp_status asp_conf_own_groups(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting, size_t size, void **groups,
                                    size_t *count);

/* An array or a list. */
bool asp_conf_is_sequence(const config_setting_t *setting);

#endif
