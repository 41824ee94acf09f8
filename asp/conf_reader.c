/* What reads a configuration: its memory, and its errors. */
#include "conf_reader.h"

#include "conf_place.h"
#include "nearest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void asp_conf_owned_free(struct asp_conf_owned *owned)
{
    while (owned->blocks != NULL) {
        struct asp_conf_block *next = owned->blocks->next;

        free(owned->blocks);
        owned->blocks = next;
    }
    config_destroy(&owned->tree);
    free(owned);
}

/* hooks.revoked: a key with the groups that it is in. An element of a list has no name of its own.
 */
static void write_key(const config_setting_t *setting, char key[ASP_CONF_KEY_SIZE])
{
    char behind[ASP_CONF_KEY_SIZE] = "";

    key[0] = '\0';
    for (; setting != NULL; setting = config_setting_parent(setting)) {
        const char *name = config_setting_name(setting);

        if (name == NULL)
            continue;
        (void)snprintf(key, ASP_CONF_KEY_SIZE, "%s%s%s", name, behind[0] != '\0' ? "." : "",
                       behind);
        memcpy(behind, key, ASP_CONF_KEY_SIZE);
    }
}

enum asp_status asp_conf_refuse(const struct asp_conf_reader *reader,
                                const config_setting_t *setting, const char *format, ...)
{
    char key[ASP_CONF_KEY_SIZE];
    char why[ASP_ERROR_TEXT / 2];
    va_list args;

    write_key(setting, key);
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return asp_fail(reader->error, ASP_INVALID, "%s:%u: %s %s", reader->path,
                    setting == NULL ? 1 : config_setting_source_line(setting),
                    key[0] != '\0' ? key : "this", why);
}

enum asp_status asp_conf_refuse_key(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting, const char *meant)
{
    if (meant == NULL)
        return asp_conf_refuse(reader, setting, "is not a key of this program: see asp.conf(5)");
    return asp_conf_refuse(reader, setting, "is not a key of this program: did you mean %s?",
                           meant);
}

enum asp_status asp_conf_refuse_member(const struct asp_conf_reader *reader,
                                       const config_setting_t *member, const char *const *keys)
{
    struct asp_nearest nearest = {.typed = config_setting_name(member)};

    for (size_t i = 0; keys[i] != NULL; i++)
        asp_nearest_try(&nearest, keys[i]);
    return asp_conf_refuse_key(reader, member, nearest.word);
}

void *asp_conf_own(const struct asp_conf_reader *reader, size_t count, size_t size)
{
    struct asp_conf_block *block = calloc(1, sizeof *block + count * size);

    if (block == NULL)
        return NULL;
    block->next = reader->owned->blocks;
    reader->owned->blocks = block;
    return block->bytes;
}

bool asp_conf_is_sequence(const config_setting_t *setting)
{
    return config_setting_type(setting) == CONFIG_TYPE_ARRAY ||
           config_setting_type(setting) == CONFIG_TYPE_LIST;
}

enum asp_status asp_conf_own_groups(const struct asp_conf_reader *reader,
                                    const config_setting_t *setting, size_t size, void **groups,
                                    size_t *count)
{
    if (!asp_conf_is_sequence(setting))
        return asp_conf_refuse(reader, setting, "must be a list of groups, ( { ... } )");
    *count = (size_t)config_setting_length(setting);
    *groups = asp_conf_own(reader, *count, size);
    return *groups != NULL ? ASP_OK : asp_fail(reader->error, ASP_NO_MEMORY, "out of memory");
}
