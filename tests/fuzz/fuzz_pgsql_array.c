/* An array as the database reads it: each line of the input is an element, and comes out of it as
 * it went in. */
#include "fuzz.h"

#include "asp/pgsql/array.h"

/* PostgreSQL's manual, 8.15.6: what is quoted has a backslash before each quote and backslash. True
 * where the next element is this one; then `*at` is behind it. */
static bool is_next(const char **at, const char *element)
{
    if (*(*at)++ != '"')
        return false;
    for (; **at != '"'; (*at)++, element++) {
        if (**at == '\\')
            (*at)++;
        if (**at != *element || **at == '\0')
            return false;
    }
    (*at)++;
    return *element == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char *copy = strdup(text);
    struct pgsql_array array = {0};
    const char *at;
    char *rest = copy;
    size_t count = 0;

    FUZZ_NEED(copy != NULL);
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"), count++)
        pgsql_array_add(&array, line);
    at = pgsql_array_text(&array);
    FUZZ_NEED(at != NULL);
    rest = text;
    for (size_t i = 0; i < count; i++) {
        FUZZ_NEED(*at++ == (i == 0 ? '{' : ','));
        FUZZ_NEED(is_next(&at, strsep(&rest, "\n")));
    }
    FUZZ_NEED(strcmp(at, "}") == 0);
    pgsql_array_free(&array);
    array = (struct pgsql_array){0};
    pgsql_array_add_number(&array, (int64_t)size - 100);
    at = pgsql_array_text(&array);
    FUZZ_NEED(at != NULL && strtoll(at + 2, NULL, 10) == (long long)size - 100);
    pgsql_array_free(&array);
    free(copy);
    free(text);
    return 0;
}
