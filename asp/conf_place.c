/* The settings of a configuration, one after the other, with their lines and their groups. */
#include "conf_place.h"

#include <stdio.h>
#include <string.h>

enum { LEVELS = 9 }; /* one more than asp_conf_text_check lets open */

struct name {
    const char *text;
    size_t length;
    size_t line;
};

/* What an open bracket is the value of, and where it opens. */
struct level {
    struct name name; /* of the setting; empty in a list */
    size_t at;
    size_t line;
};

struct walk {
    const char *text;
    size_t length;
    size_t at;
    size_t line;
    size_t depth;
    struct level levels[LEVELS];
    struct name name; /* the last one that was read; empty where something else has come since */
};

static struct walk walk_from(const char *text, size_t length, const struct level *level)
{
    return (struct walk){.text = text, .length = length, .at = level->at, .line = level->line};
}

static bool has(const struct walk *walk, const char *word)
{
    return strncmp(walk->text + walk->at, word, strlen(word)) == 0;
}

static void skip(struct walk *walk, size_t count)
{
    while (count-- > 0 && walk->at < walk->length)
        walk->line += walk->text[walk->at++] == '\n';
}

static void skip_line(struct walk *walk)
{
    while (walk->at < walk->length && walk->text[walk->at] != '\n')
        walk->at++;
}

static void skip_comment(struct walk *walk)
{
    skip(walk, 2);
    while (walk->at < walk->length && !has(walk, "*/"))
        skip(walk, 1);
    skip(walk, 2);
}

static void skip_text(struct walk *walk)
{
    skip(walk, 1);
    while (walk->at < walk->length && walk->text[walk->at] != '"')
        skip(walk, walk->text[walk->at] == '\\' ? 2 : 1);
    skip(walk, 1);
}

/* Of a number too, which is no name, and is followed by no =. */
static void read_name(struct walk *walk)
{
    static const char in_names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "_*-";
    const char *text = walk->text + walk->at;

    walk->name = (struct name){text, strspn(text, in_names), walk->line};
    walk->at += walk->name.length;
}

static void open_level(struct walk *walk, const struct name *name)
{
    if (walk->depth + 1 < LEVELS)
        walk->depth++;
    walk->levels[walk->depth] = (struct level){*name, walk->at, walk->line};
}

/* Goes on to the next setting, and stands behind its = or : then. False: there is none. */
static bool next_setting(struct walk *walk)
{
    const struct name none = {NULL, 0, 0};
    struct name value_of = walk->name; /* a bracket behind an = belongs to that name */

    walk->name = none;
    while (walk->at < walk->length) {
        const char c = walk->text[walk->at];

        if (strchr(" \t\r\n\f\v", c) != NULL) {
            skip(walk, 1);
        } else if (c == '#' || has(walk, "//")) {
            skip_line(walk);
        } else if (has(walk, "/*")) {
            skip_comment(walk);
        } else if ((c == '=' || c == ':') && walk->name.length > 0) {
            skip(walk, 1);
            return true;
        } else {
            walk->name = none;
            if (c == '"') {
                skip_text(walk);
            } else if (strchr("{([", c) != NULL) {
                skip(walk, 1);
                open_level(walk, &value_of);
            } else {
                read_name(walk);
                if (walk->name.length == 0)
                    skip(walk, 1);
                if (strchr("})]", c) != NULL && walk->depth > 0)
                    walk->depth--;
            }
            value_of = none;
        }
    }
    return false;
}

static void add(char key[ASP_CONF_KEY_SIZE], const struct name *name)
{
    const size_t used = strlen(key);

    if (name->length > 0)
        (void)snprintf(key + used, ASP_CONF_KEY_SIZE - used, "%s%.*s", used > 0 ? "." : "",
                       (int)(name->length < ASP_CONF_KEY_SIZE ? name->length : ASP_CONF_KEY_SIZE),
                       name->text);
}

static void write_place(const struct walk *walk, struct asp_conf_place *place)
{
    *place = (struct asp_conf_place){.line = walk->name.line};
    for (size_t i = 1; i <= walk->depth; i++)
        add(place->key, &walk->levels[i].name);
    add(place->key, &walk->name);
}

static bool is_same(const struct name *a, const struct name *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

bool asp_conf_place_twice(const char *text, size_t length, struct asp_conf_place *place)
{
    const struct level top = {.line = 1};
    struct walk walk = walk_from(text, length, &top);

    walk.levels[0] = top;
    while (next_setting(&walk)) {
        struct walk above = walk_from(text, length, &walk.levels[walk.depth]);

        while (next_setting(&above) && above.at < walk.at) {
            if (above.depth > 0 || !is_same(&above.name, &walk.name))
                continue;
            write_place(&walk, place);
            place->first = above.name.line;
            return true;
        }
    }
    return false;
}

bool asp_conf_place_before(const char *text, size_t length, size_t line,
                           struct asp_conf_place *place)
{
    const struct level top = {.line = 1};
    struct walk walk = walk_from(text, length, &top);
    bool found = false;

    while (next_setting(&walk) && walk.name.line <= line) {
        write_place(&walk, place);
        found = true;
    }
    return found;
}
