/*
 * The keys of a configuration that have one value, by their groups. Private to conf.
 */
#ifndef ASP_CONF_KEYS_H
#define ASP_CONF_KEYS_H

#include "conf_reader.h"

#include <stddef.h>

enum asp_conf_kind {
    ASP_CONF_INTEGER,
    ASP_CONF_BOOLEAN,
    ASP_CONF_WORD,
    ASP_CONF_SWITCH,
    ASP_CONF_PATH,
    ASP_CONF_OPTIONAL_PATH,
    ASP_CONF_SOCKET,
    ASP_CONF_DURATION,
    ASP_CONF_NAME,
    ASP_CONF_OPTIONAL_NAME,
    ASP_CONF_ROLE, /* a name of the database's, of letters, digits, - and _ */
    ASP_CONF_TEXT,
    ASP_CONF_LABEL,    /* a text without control characters */
    ASP_CONF_TEMPLATE, /* the same, in which %u and %% stand for something */
    ASP_CONF_URL,
    ASP_CONF_ORIGIN, /* of a web page, or empty */
    ASP_CONF_HEADER, /* the name of one, or empty */
};

/* A key with one value: where it goes, and what it may be. */
struct asp_conf_key {
    const char *name;
    enum asp_conf_kind kind;
    size_t offset; /* in struct asp_conf */
    int least;
    int most;
    const char *const *words; /* a WORD's by their values in the enum, a SWITCH's for false and for
                                 true, a URL's schemes; NULL behind the last */
};

/* A group of keys; its name is empty for the file itself, and profile.mail for one in profile. */
struct asp_conf_group {
    const char *name;
    const struct asp_conf_key *keys;
    size_t count;
};

/* NULL: there is none of that name. */
const struct asp_conf_group *asp_conf_find_group(const char *name);
const struct asp_conf_key *asp_conf_find_key(const struct asp_conf_group *group, const char *name);

/* Refuses a setting of that group which is no key of it, with the one that is close, or with where
 * it belongs. Returns ASP_INVALID. */
enum asp_status asp_conf_refuse_unknown(const struct asp_conf_reader *reader,
                                        const config_setting_t *setting,
                                        const struct asp_conf_group *group);

#endif
