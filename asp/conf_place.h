/*
 * Where a setting stands in the text of a configuration, for the errors that libconfig tells by a
 * line alone. The text has been through asp_conf_text_check.
 */
#ifndef ASP_CONF_PLACE_H
#define ASP_CONF_PLACE_H

#include <stdbool.h>
#include <stddef.h>

enum { ASP_CONF_KEY_SIZE = 128 };

struct asp_conf_place {
    char key[ASP_CONF_KEY_SIZE]; /* with the groups that it is in: hooks.revoked; cut at its room */
    size_t line;                 /* of its name, from 1 */
    size_t first;                /* where the same key stands above, or 0 */
};

/* The first setting that its group has twice. False: none. */
bool asp_conf_place_twice(const char *text, size_t length, struct asp_conf_place *place);

/* Something that libconfig does not read, and a person may well write. */
struct asp_conf_slip {
    struct asp_conf_place place;
    bool is_dotted;               /* a key with the group before it: hooks.revoked = ... */
    bool in_list;                 /* else a value without quotes, of the setting or in its list */
    char word[ASP_CONF_KEY_SIZE]; /* that; without single quotes around it, cut at its room */
};

/* The first of these. False: none. */
bool asp_conf_place_slip(const char *text, size_t length, struct asp_conf_slip *slip);

/* The last setting that begins in this line or above it. False: none. */
bool asp_conf_place_before(const char *text, size_t length, size_t line,
                           struct asp_conf_place *place);

#endif
