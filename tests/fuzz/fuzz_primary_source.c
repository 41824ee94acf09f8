/*
 * What primary.command prints, and the shadow file, as create and watch read them: line by line in
 * the order of names. What they say of each user is held against a look through all lines, and of
 * the shadow file against what a login reads.
 */
#include "fuzz.h"

#include "asp-admin/primary/primary_source.h"
#include "asp/conf.h"
#include "asp/name.h"
#include "asp/time_text.h"

enum { USERS_MAX = 32 };

/* A part of the text. */
struct part {
    const char *at;
    size_t length;
};

static struct part part_until(const char *at, const char *end, char separator)
{
    const char *stop = memchr(at, separator, (size_t)(end - at));

    return (struct part){at, (size_t)((stop == NULL ? end : stop) - at)};
}

/* Whole lines of a name, a tab and a text. */
static bool is_well_formed(const char *text, size_t size)
{
    const char *const end = text + size;

    if (size == 0)
        return true;
    if (end[-1] != '\n' || memchr(text, '\0', size) != NULL)
        return false;
    for (const char *at = text; at < end;) {
        struct part line = part_until(at, end, '\n');

        if (memchr(line.at, '\t', line.length) == NULL || line.at[0] == '\t')
            return false;
        at += line.length + 1;
    }
    return true;
}

static bool is_name(struct part name, const char *user, bool fold)
{
    if (name.length != strlen(user))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        if ((fold ? asp_fold(name.at[i]) : name.at[i]) != user[i])
            return false;
    }
    return true;
}

/* The text of the one line of this user; one without a place where there is none, or more. */
static struct part find_alone(const char *text, size_t size, const char *user, bool fold)
{
    struct part found = {NULL, 0};
    size_t count = 0;

    for (const char *at = text; at < text + size;) {
        struct part line = part_until(at, text + size, '\n');
        struct part name = part_until(at, at + line.length, '\t');

        if (is_name(name, user, fold)) {
            found = (struct part){name.at + name.length + 1, line.length - name.length - 1};
            count++;
        }
        at += line.length + 1;
    }
    return count == 1 ? found : (struct part){NULL, 0};
}

static void compare_printed(const struct primary_source *source, const char *text, size_t size,
                            const char *user, bool fold)
{
    struct part expected = find_alone(text, size, user, fold);
    struct asp_primary_now now;

    primary_source_find(source, user, NULL, &now);
    FUZZ_NEED(now.source == ASP_SOURCE_COMMAND && now.expires == ASP_NEVER);
    FUZZ_NEED(now.says == (expected.length > 0 ? ASP_SAYS_HASH : ASP_SAYS_NOTHING));
    if (expected.length > 0)
        FUZZ_NEED(now.length == expected.length && memcmp(now.hash, expected.at, now.length) == 0 &&
                  now.asked == &source->asked);
}

static void compare_shadow(const struct primary_source *source, const char *user)
{
    struct asp_primary_now now;
    struct asp_primary_now expected;

    primary_source_find(source, user, NULL, &now);
    asp_shadow_find(&source->shadow, user, NULL, &expected);
    FUZZ_NEED(now.source == expected.source && now.says == expected.says);
    FUZZ_NEED(now.read == expected.read && now.expires == expected.expires);
    FUZZ_NEED(now.hash == expected.hash && now.length == expected.length);
    FUZZ_NEED(now.day == expected.day);
}

/* Of the name at the beginning of each line, for some lines, and of some who may have none. */
static void ask(const struct primary_source *source, const char *text, size_t size, bool fold)
{
    static const char *const others[] = {"alice", "", "Alice", "b"};
    const char separator = source->kind == ASP_SOURCE_SHADOW ? ':' : '\t';
    const char *at = text;

    for (size_t i = 0; i < USERS_MAX && at < text + size; i++) {
        struct part line = part_until(at, text + size, '\n');
        struct part name = part_until(at, at + line.length, separator);
        char *user = i < sizeof others / sizeof *others
                         ? strdup(others[i])
                         : fuzz_text((const uint8_t *)name.at, name.length);

        FUZZ_NEED(user != NULL);
        if (source->kind == ASP_SOURCE_SHADOW)
            compare_shadow(source, user);
        else
            compare_printed(source, text, size, user, fold);
        free(user);
        if (i >= sizeof others / sizeof *others)
            at += line.length + 1;
    }
}

static void read_printed(const uint8_t *data, size_t size, bool fold)
{
    const struct asp_conf conf = {
        .primary_source = ASP_SOURCE_COMMAND, .primary_command = "/fuzz", .fold_user_names = fold};
    struct primary_source source = {.kind = ASP_SOURCE_COMMAND};
    struct asp_error error = {0};
    enum asp_status status;

    asp_buffer_add_bytes(&source.printed, (const char *)data, size);
    status = primary_source_index(&conf, &source, &error);
    FUZZ_NEED(status == (is_well_formed((const char *)data, size) ? ASP_OK : ASP_CORRUPT));
    FUZZ_NEED((status == ASP_OK) == (error.text[0] == '\0'));
    if (status == ASP_OK)
        ask(&source, (const char *)data, size, fold);
    primary_source_close(&source);
}

/* It ends with a line end: without one it is not read. */
static void read_shadow(const uint8_t *data, size_t size)
{
    const struct asp_conf conf = {.primary_source = ASP_SOURCE_SHADOW};
    struct primary_source source = {.kind = ASP_SOURCE_SHADOW,
                                    .shadow = {.text = fuzz_text(data, size), .length = size + 1}};

    source.shadow.text[size] = '\n';
    FUZZ_NEED(primary_source_index(&conf, &source, NULL) == ASP_OK);
    ask(&source, source.shadow.text, source.shadow.length, false);
    primary_source_close(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_printed(data, size, false);
    read_printed(data, size, true);
    read_shadow(data, size);
    return 0;
}
