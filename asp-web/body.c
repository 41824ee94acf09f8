/* The documents that the page sends. */
#include "body.h"

#include "asp-admin/ui/json.h"

#include <limits.h>
#include <string.h>

/* Looked at before it is read: what is read is no deeper than this. Brackets that do not match are
 * left to who reads. */
static bool is_flat(const char *text, size_t length)
{
    unsigned depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        if (quoted) {
            if (text[i] == '\\')
                i++;
            else
                quoted = text[i] != '"';
        } else if (text[i] == '"') {
            quoted = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > BODY_DEPTH)
                return false;
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

enum asp_status body_read(const char *text, size_t length, json_t **document)
{
    json_error_t fault;
    enum asp_status status;

    *document = NULL;
    if (length > BODY_MAX || !is_flat(text, length))
        return ASP_INVALID;
    *document = json_read(text, length, &status, &fault);
    if (*document != NULL && !json_is_object(*document)) {
        json_decref(*document);
        *document = NULL;
        status = ASP_INVALID;
    }
    return status;
}

/* Of what is no text the length is 0, and the text NULL; of what is no number and no array too
 * there is nothing. */
static const char *text_of(const json_t *value, size_t most)
{
    return json_string_length(value) <= most ? json_string_value(value) : NULL;
}

const char *body_text(const json_t *document, const char *name, size_t most)
{
    return text_of(json_object_get(document, name), most);
}

unsigned body_number(const json_t *document, const char *name)
{
    const json_int_t number = json_integer_value(json_object_get(document, name));

    return number > 0 && number <= UINT_MAX ? (unsigned)number : 0;
}

size_t body_words(const json_t *document, const char *words[BODY_WORDS_MAX])
{
    const json_t *list = json_object_get(document, "words");
    const size_t count = json_array_size(list);

    if (count > BODY_WORDS_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) {
        words[i] = text_of(json_array_get(list, i), BODY_MAX);
        if (words[i] == NULL)
            return 0;
    }
    return count;
}
