/* Arrays as the database reads them. */
#include "array.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void pgsql_array_add(struct pgsql_array *array, const char *text)
{
    asp_buffer_add(&array->text, array->text.length == 0 ? "{\"" : ",\"");
    while (*text != '\0') {
        size_t plain = strcspn(text, "\"\\");

        asp_buffer_add_bytes(&array->text, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        asp_buffer_add(&array->text, "\\");
        asp_buffer_add_bytes(&array->text, text++, 1);
    }
    asp_buffer_add(&array->text, "\"");
}

void pgsql_array_add_number(struct pgsql_array *array, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    pgsql_array_add(array, text);
}

const char *pgsql_array_text(struct pgsql_array *array)
{
    asp_buffer_add(&array->text, array->text.length == 0 ? "{}" : "}");
    return array->text.failed ? NULL : array->text.text;
}

void pgsql_array_free(struct pgsql_array *array)
{
    asp_buffer_free(&array->text);
}
