/* The sources as create, watch and doctor read them: whole, once, in the order of names. */
#include "primary_source.h"

#include "primary_command.h"

#include "asp/buffer.h"
#include "asp/name.h"
#include "asp/store.h"
#include "asp/time_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line of the text; its first `name` bytes are the user's name. */
struct primary_line {
    const char *at;
    size_t length;
    size_t name;
};

static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    if (order != 0)
        return order;
    return a_length < b_length ? -1 : a_length > b_length;
}

static struct primary_line line_at(const struct primary_source *source, uint32_t begin)
{
    const char *at = source->text + begin;
    const char *newline = memchr(at, '\n', source->length - begin);
    const char *end = memchr(at, source->separator, (size_t)(newline - at));

    return (struct primary_line){at, (size_t)(newline - at), (size_t)(end - at)};
}

/* Of one name, as they stand in the text. */
static int by_name(const void *one, const void *other, void *context)
{
    const struct primary_source *source = context;
    const uint32_t *a = one;
    const uint32_t *b = other;
    const struct primary_line first = line_at(source, *a);
    const struct primary_line second = line_at(source, *b);
    int order = compare_names(first.at, first.name, second.at, second.name);

    if (order != 0)
        return order;
    return *a < *b ? -1 : *a > *b;
}

static size_t count_lines(const char *text, size_t length)
{
    size_t count = 0;

    for (const char *at = text; (at = memchr(at, '\n', length - (size_t)(at - text))) != NULL; at++)
        count++;
    return count;
}

/* Puts the lines in order, so that a pass over all users reads the text once. Each has its end; one
 * without `separator` is nobody's. */
static enum asp_status index_lines(struct primary_source *source, const char *text, size_t length,
                                   char separator, struct asp_error *error)
{
    size_t most = length == 0 ? 0 : count_lines(text, length);

    source->text = text;
    source->length = length;
    source->separator = separator;
    source->lines = calloc(most + 1, sizeof *source->lines);
    if (source->lines == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    for (const char *line = text; source->count < most && line < text + length;) {
        const char *newline = memchr(line, '\n', length - (size_t)(line - text));

        if (memchr(line, separator, (size_t)(newline - line)) != NULL)
            source->lines[source->count++] = (uint32_t)(line - text);
        line = newline + 1;
    }
    qsort_r(source->lines, source->count, sizeof *source->lines, by_name, source);
    return ASP_OK;
}

/* The store has the folded names too, and the program may print them as they were typed once. */
static void fold_names(struct asp_buffer *printed)
{
    bool in_name = true;

    for (size_t i = 0; i < printed->length; i++) {
        char *c = &printed->text[i];

        if (*c == '\t' || *c == '\n')
            in_name = *c == '\n';
        else if (in_name)
            *c = asp_fold(*c);
    }
}

static enum asp_status read_shadow(const struct asp_conf *conf, struct primary_source *source,
                                   struct asp_error *error)
{
    (void)conf;
    return asp_shadow_read(ASP_SHADOW_PATH, &source->shadow, error);
}

static enum asp_status index_shadow(const struct asp_conf *conf, struct primary_source *source,
                                    struct asp_error *error)
{
    (void)conf;
    return index_lines(source, source->shadow.text, source->shadow.length, ':', error);
}

/* `line` is the user's first one, or NULL. */
static void tell_shadow(const struct primary_source *source, const struct primary_line *line,
                        bool alone, struct asp_primary_now *now)
{
    (void)alone;
    if (line != NULL)
        asp_shadow_line(line->at, line->length, now);
    else
        now->says = ASP_SAYS_ABSENT;
    now->read = &source->shadow.identity;
}

static enum asp_status read_command(const struct asp_conf *conf, struct primary_source *source,
                                    struct asp_error *error)
{
    return primary_command_read(conf->primary_command, &source->printed, error);
}

static enum asp_status index_command(const struct asp_conf *conf, struct primary_source *source,
                                     struct asp_error *error)
{
    enum asp_status status = primary_command_check(conf->primary_command, &source->printed, error);

    if (status == ASP_OK && conf->fold_user_names)
        fold_names(&source->printed);
    if (status == ASP_OK)
        status = index_lines(source, source->printed.text, source->printed.length, '\t', error);
    return status;
}

static void tell_command(const struct primary_source *source, const struct primary_line *line,
                         bool alone, struct asp_primary_now *now)
{
    if (line == NULL || !alone || line->length <= line->name + 1)
        return;
    now->says = ASP_SAYS_HASH;
    now->hash = line->at + line->name + 1;
    now->length = line->length - line->name - 1;
    now->asked = &source->asked;
}

typedef enum asp_status source_step(const struct asp_conf *conf, struct primary_source *source,
                                    struct asp_error *error);

/* How each source is read, how its lines are put in order, and what it says of a user by her first
 * line, or without one. */
static const struct reader {
    source_step *read;
    source_step *index;
    void (*tell)(const struct primary_source *source, const struct primary_line *line, bool alone,
                 struct asp_primary_now *now);
} readers[] = {
    [ASP_SOURCE_NONE] = {NULL, NULL, NULL},
    [ASP_SOURCE_SHADOW] = {read_shadow, index_shadow, tell_shadow},
    [ASP_SOURCE_COMMAND] = {read_command, index_command, tell_command},
};

enum asp_status primary_source_read(const struct asp_conf *conf, struct primary_source *source,
                                    struct asp_error *error)
{
    const struct reader *reader = &readers[conf->primary_source];
    enum asp_status status = ASP_OK;

    *source = (struct primary_source){.kind = conf->primary_source, .realm = asp_realm_of(conf)};
    (void)clock_gettime(CLOCK_REALTIME, &source->asked);
    if (reader->read != NULL)
        status = reader->read(conf, source, error);
    return status == ASP_OK ? primary_source_index(conf, source, error) : status;
}

enum asp_status primary_source_renew(const struct asp_conf *conf, struct primary_source *source,
                                     time_t now, struct asp_error *error)
{
    const time_t age = now - source->asked.tv_sec;
    struct asp_primary_now says;
    enum asp_status status;

    primary_source_find(source, "", NULL, &says);
    if (source->asked.tv_sec != 0 && !asp_shadow_is_stale(&says) && age >= 0 &&
        age < conf->primary_interval)
        return ASP_OK;
    primary_source_close(source);
    status = primary_source_read(conf, source, error);
    if (status == ASP_OK)
        return ASP_OK;
    primary_source_close(source);
    primary_source_advise(conf, error);
    return status;
}

enum asp_status primary_source_index(const struct asp_conf *conf, struct primary_source *source,
                                     struct asp_error *error)
{
    const struct reader *reader = &readers[source->kind];

    return reader->index != NULL ? reader->index(conf, source, error) : ASP_OK;
}

/* The first line of the user, or where it would be. */
static size_t place_of(const struct primary_source *source, const char *user, size_t length)
{
    size_t low = 0;
    size_t high = source->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct primary_line line = line_at(source, source->lines[middle]);

        if (compare_names(line.at, line.name, user, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* False: that one is another's, or there is none. */
static bool is_line_of(const struct primary_source *source, size_t place, const char *user,
                       size_t length, struct primary_line *line)
{
    if (place >= source->count)
        return false;
    *line = line_at(source, source->lines[place]);
    return line->name == length && memcmp(line->at, user, length) == 0;
}

static void find(const struct primary_source *source, const char *user, struct asp_primary_now *now)
{
    const struct reader *reader = &readers[source->kind];
    size_t length = strlen(user);
    size_t place = place_of(source, user, length);
    struct primary_line line;
    struct primary_line next;
    bool found = is_line_of(source, place, user, length, &line);
    bool alone = !is_line_of(source, place + 1, user, length, &next);

    *now = (struct asp_primary_now){.source = source->kind, .expires = ASP_NEVER};
    if (reader->tell != NULL)
        reader->tell(source, found ? &line : NULL, alone, now);
    now->realm = source->realm;
}

void primary_source_find(const struct primary_source *source, const char *user, const char *follows,
                         struct asp_primary_now *now)
{
    find(source, user, now);
    if (now->says == ASP_SAYS_ABSENT && follows != NULL && follows[0] != '\0')
        find(source, follows, now);
    now->follows = follows;
}

void primary_source_advise(const struct asp_conf *conf, struct asp_error *error)
{
    if (error->status == ASP_DENIED && geteuid() != 0 && asp_store_is_own(conf, NULL))
        (void)asp_advise(error, error->status,
                         "for a store of your own set primary.source to \"none\" or \"command\"");
}

void primary_source_close(struct primary_source *source)
{
    free(source->lines);
    asp_shadow_free(&source->shadow);
    asp_buffer_free(&source->printed);
    *source = (struct primary_source){0};
}
