/* The sources of primary passwords: words and traits. */
#include "source.h"

#include <string.h>

const char *const asp_source_words[] = {
    [ASP_SOURCE_NONE] = "none",
    [ASP_SOURCE_SHADOW] = "shadow",
    [ASP_SOURCE_COMMAND] = "command",
    NULL,
};

struct asp_source_traits asp_source_traits(enum asp_source source)
{
    static const struct asp_source_traits traits[] = {
        [ASP_SOURCE_NONE] = {.is_compared = false},
        [ASP_SOURCE_SHADOW] = {.is_compared = true, .at_login = true},
        [ASP_SOURCE_COMMAND] = {.is_compared = true, .is_program = true},
    };

    return traits[source];
}

bool asp_source_read(const char *word, size_t length, enum asp_source *source)
{
    for (int i = 0; asp_source_words[i] != NULL; i++) {
        *source = (enum asp_source)i;
        if (asp_source_traits(*source).is_compared && strlen(asp_source_words[i]) == length &&
            memcmp(asp_source_words[i], word, length) == 0)
            return true;
    }
    return false;
}
