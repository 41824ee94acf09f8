/* synchronous_standby_names: "a, b", "2 (a, b)", "FIRST 2 (a, b)" or "ANY 2 (a, b)". */
#include "standbys.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_SIZE = 64, DECIMAL = 10 }; /* PostgreSQL cuts application_name to that */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n\f\v");
}

/* The word where it is one of its own, in whatever case; else `at`. */
static const char *skip_word(const char *at, const char *word)
{
    const size_t length = strlen(word);
    const char after = strncasecmp(at, word, length) == 0 ? at[length] : '_';

    if (isalnum((unsigned char)after) || after == '_' || after == '$')
        return at;
    return skip_blanks(at + length);
}

/* Where the list of names begins. */
static const char *read_needed(const char *names, size_t *needed)
{
    const char *at = skip_blanks(names);
    const char *number;
    char *end;

    *needed = *at == '\0' ? 0 : 1;
    number = skip_word(at, "FIRST");
    if (number == at)
        number = skip_word(at, "ANY");
    if (!isdigit((unsigned char)*number))
        return at;
    *needed = strtoul(number, &end, DECIMAL);
    number = skip_blanks(end);
    if (*number == '(')
        return number + 1;
    *needed = 1; /* it is a name that begins with a digit */
    return at;
}

/* The next name of the list, cut to what may be one. False: there is none. */
static bool next_name(const char **at, char name[NAME_SIZE])
{
    const char *from = *at + strspn(*at, " \t\r\n\f\v,");
    const bool quoted = *from == '"';
    size_t length = 0;

    from += quoted;
    if (*from == '\0' || (!quoted && *from == ')'))
        return false;
    while (*from != '\0' && (quoted || strchr(" \t\r\n\f\v,)", *from) == NULL)) {
        if (quoted && from[0] == '"' && *++from != '"')
            break; /* a sign " in a name is doubled */
        if (length + 1 < NAME_SIZE)
            name[length++] = *from;
        from++;
    }
    name[length] = '\0';
    *at = from;
    return true;
}

static bool is_listed(const char *list, const char *follower)
{
    char name[NAME_SIZE];

    while (next_name(&list, name)) {
        if (strcmp(name, "*") == 0 || strcasecmp(name, follower) == 0)
            return true;
    }
    return false;
}

static size_t count_listed(const char *list)
{
    char name[NAME_SIZE];
    size_t count = 0;

    while (next_name(&list, name)) {
        if (strcmp(name, "*") == 0)
            return DATABASE_STANDBYS_ANY;
        count++;
    }
    return count;
}

void database_standbys_read(const char *names, const char *followers,
                            struct database_standbys *standbys)
{
    const char *list = read_needed(names, &standbys->needed);

    standbys->listed = count_listed(list);
    standbys->connected = 0;
    standbys->followers = 0;
    while (*followers != '\0') {
        const size_t length = strcspn(followers, "\n");
        char follower[NAME_SIZE] = "";

        if (length < sizeof follower)
            memcpy(follower, followers, length);
        standbys->followers++;
        standbys->connected += is_listed(list, follower);
        followers += length + (followers[length] != '\0');
    }
}
