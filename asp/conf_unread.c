/* What libconfig does not read: it says in which line, and not which key. */
#include "conf_unread.h"

#include "conf_keys.h"
#include "conf_place.h"

#include <stdio.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* libconfig tells of what is missing at the end by a line behind the last one. */
static size_t within(const char *text, size_t length, size_t line)
{
    size_t last = 1;

    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        length--;
    for (size_t i = 0; i < length; i++)
        last += text[i] == '\n';
    return line < last ? line : last;
}

/* NULL: there is no such key with one value. */
static const struct asp_conf_key *key_at(const char *path)
{
    const char *dot = strrchr(path, '.');
    char name[ASP_CONF_KEY_SIZE];
    const struct asp_conf_group *group;

    (void)snprintf(name, sizeof name, "%.*s", dot != NULL ? (int)(dot - path) : 0, path);
    group = asp_conf_find_group(name);
    return group != NULL ? asp_conf_find_key(group, dot != NULL ? dot + 1 : path) : NULL;
}

/* What was meant by a word that is neither a number nor in quotes. */
static enum asp_status fail_bare(const struct asp_conf_reader *reader,
                                 const struct asp_conf_slip *slip)
{
    const struct asp_conf_key *key = slip->in_list ? NULL : key_at(slip->place.key);
    const char *dot = strrchr(slip->place.key, '.');
    const char *name = dot != NULL ? dot + 1 : slip->place.key;

    if (key != NULL && key->kind == ASP_CONF_BOOLEAN)
        return asp_fail(reader->error, ASP_INVALID, "%s:%zu: %s must be true or false, and is %s",
                        reader->path, slip->place.line, slip->place.key, slip->word);
    if (key != NULL && key->kind == ASP_CONF_INTEGER)
        return asp_fail(reader->error, ASP_INVALID, "%s:%zu: %s must be a whole number, and is %s",
                        reader->path, slip->place.line, slip->place.key, slip->word);
    return asp_fail(reader->error, ASP_INVALID,
                    "%s:%zu: %s: a text stands in double quotes: write %s%s\"%s\"", reader->path,
                    slip->place.line, slip->place.key, slip->in_list ? "" : name,
                    slip->in_list ? "" : " = ", slip->word);
}

static enum asp_status fail_slip(const struct asp_conf_reader *reader,
                                 const struct asp_conf_slip *slip)
{
    const char *dot = strchr(slip->word, '.');

    if (!slip->is_dotted)
        return fail_bare(reader, slip);
    return asp_fail(reader->error, ASP_INVALID,
                    "%s:%zu: %s: a key of a group stands in its brackets: write %.*s: { %s = ...; "
                    "};",
                    reader->path, slip->place.line, slip->word, (int)(dot - slip->word), slip->word,
                    dot + 1);
}

static enum asp_status fail_twice(const struct asp_conf_reader *reader,
                                  const struct asp_conf_place *place)
{
    static const char mend[] = "keep one of them, with all that it is to hold";

    if (place->first == place->line)
        return asp_fail(reader->error, ASP_INVALID, "%s:%zu: %s is set twice in line %zu: %s",
                        reader->path, place->line, place->key, place->line, mend);
    return asp_fail(reader->error, ASP_INVALID,
                    "%s:%zu: %s is set twice, in line %zu and in line %zu: %s", reader->path,
                    place->line, place->key, place->first, place->line, mend);
}

enum asp_status asp_conf_fail_unread(const struct asp_conf_reader *reader, const char *text,
                                     size_t length)
{
    const char *why = config_error_text(&reader->owned->tree);
    const size_t line = within(text, length, (size_t)config_error_line(&reader->owned->tree));
    struct asp_conf_place place;
    struct asp_conf_slip slip;

    /* No editor shows it. */
    if (length >= strlen(BYTE_ORDER_MARK) &&
        memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        return asp_fail(reader->error, ASP_INVALID,
                        "%s:1: it begins with a byte order mark: save it without one",
                        reader->path);
    if (strstr(why, "duplicate") != NULL && asp_conf_place_twice(text, length, &place))
        return fail_twice(reader, &place);
    /* A word behind no key is no value: [main], of another program's form. */
    if (asp_conf_place_slip(text, length, &slip) && slip.place.line <= line &&
        (slip.is_dotted || slip.place.key[0] != '\0'))
        return fail_slip(reader, &slip);
    if (asp_conf_place_before(text, length, line, &place))
        return asp_fail(reader->error, ASP_INVALID, "%s:%zu: %s, behind %s in line %zu",
                        reader->path, line, why, place.key, place.line);
    return asp_fail(reader->error, ASP_INVALID, "%s:%zu: %s", reader->path, line, why);
}
