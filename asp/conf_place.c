/* The settings of a configuration, one after the other, with their lines and their groups. */
#include "conf_place.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define IN_NAMES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_*-"

enum { LEVELS = 9 }; /* one more than asp_conf_text_check lets open */

struct name {
    const char *text;
    size_t length;
    size_t line;
};

/* What an open bracket is the value of, and where it opens. */
struct level {
    struct name name; /* of the setting; empty in a list */
    char bracket;
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
    struct asp_conf_slip *slip; /* where the first one goes, and ends the walk; or NULL */
    bool slipped;
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
    const char *text = walk->text + walk->at;

    walk->name = (struct name){text, strspn(text, IN_NAMES), walk->line};
    walk->at += walk->name.length;
}

static void open_level(struct walk *walk, const struct name *name)
{
    if (walk->depth + 1 < LEVELS)
        walk->depth++;
    walk->levels[walk->depth] =
        (struct level){*name, walk->text[walk->at - 1], walk->at, walk->line};
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

/* true, false, or what begins as a number and goes on as one. */
static bool is_literal(const char *word, size_t length)
{
    const bool hex = length > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');

    if ((length == 4 && strncasecmp(word, "true", length) == 0) ||
        (length == 5 && strncasecmp(word, "false", length) == 0))
        return true;
    return length > 0 &&
           strspn(word, hex ? "0123456789abcdefABCDEFxXL" : "0123456789+-.eEL") >= length;
}

/* A value without quotes, to the end of the line or what ends a value there; of ASCII alone, for it
 * is shown. */
static bool is_bare(const struct walk *walk, size_t *length)
{
    const char *word = walk->text + walk->at;
    size_t first;

    *length = 0;
    while (*length < ASP_CONF_KEY_SIZE && word[*length] != '\0' &&
           strchr(";,\r\n#)]}\"", word[*length]) == NULL)
        (*length)++;
    while (*length > 0 && (word[*length - 1] == ' ' || word[*length - 1] == '\t'))
        (*length)--;
    for (size_t i = 0; i < *length; i++) {
        if (word[i] < ' ' || word[i] > '~')
            return false;
    }
    first = strcspn(word, " \t\r\n;,#)]}\"=:({[");
    if (memchr(word, '=', *length) != NULL) /* of the next setting: nothing has to be between */
        *length = first;
    return first > 0 && !is_literal(word, first);
}

static void write_slip(struct walk *walk, const char *word, size_t length)
{
    const bool quoted = length > 1 && word[0] == '\'' && word[length - 1] == '\'';

    write_place(walk, &walk->slip->place);
    walk->slip->place.line = walk->line;
    (void)snprintf(walk->slip->word, sizeof walk->slip->word, "%.*s",
                   (int)(quoted ? length - 2 : length), word + quoted);
    walk->slipped = true;
}

/* True for the dot between a group and a key of it, which stand right beside it. */
static bool is_dot_of(const char *at, const struct name *name)
{
    return *at == '.' && name->length > 0 && name->text + name->length == at &&
           name->length < ASP_CONF_KEY_SIZE / 2 && strchr("0123456789-", name->text[0]) == NULL &&
           strspn(at + 1, IN_NAMES) > 0;
}

/* Whether one begins here, where it is looked for: behind the = of `value_of`, in a list, or at the
 * dot of a name. */
static bool find_slip(struct walk *walk, const struct name *value_of)
{
    const char *at = walk->text + walk->at;
    const bool is_list = walk->depth > 0 && walk->levels[walk->depth].bracket != '{';
    const struct name name = walk->name;
    size_t length;

    if (walk->slip == NULL || strchr(" \t\r\n\f\v#\"{([)]};,=:", *at) != NULL || has(walk, "//") ||
        has(walk, "/*"))
        return false;
    *walk->slip = (struct asp_conf_slip){.in_list = is_list && value_of->length == 0};
    if (value_of->length == 0 && !is_list && is_dot_of(at, &name)) {
        walk->slip->is_dotted = true;
        length = name.length + strspn(at, "." IN_NAMES);
        walk->name = (struct name){NULL, 0, 0};
        write_slip(walk, name.text, length);
    } else if ((value_of->length > 0 || (is_list && name.length == 0)) && is_bare(walk, &length)) {
        walk->name = *value_of;
        write_slip(walk, at, length);
    }
    return walk->slipped;
}

/* Goes on to the next setting, and stands behind its = or : then. False: there is none. */
static bool next_setting(struct walk *walk)
{
    const struct name none = {NULL, 0, 0};
    struct name value_of = walk->name; /* a bracket behind an = belongs to that name */

    walk->name = none;
    while (walk->at < walk->length && !find_slip(walk, &value_of)) {
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

bool asp_conf_place_slip(const char *text, size_t length, struct asp_conf_slip *slip)
{
    const struct level top = {.line = 1};
    struct walk walk = walk_from(text, length, &top);

    walk.slip = slip;
    while (next_setting(&walk))
        ;
    return walk.slipped;
}
