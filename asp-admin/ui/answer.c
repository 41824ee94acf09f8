/* Rows, as a document or as a table. */
#include "answer.h"

#include "wrap.h"

#include "asp/buffer.h"

bool answer_write(const struct console *console, bool json, json_t *document, struct table *table,
                  const char *none)
{
    const struct wrap wrap = {.width = console_wrap_width(console)};
    struct asp_buffer out = {0};
    bool written;

    if (!json && table->count == 1 && !table->failed)
        wrap_add(&out, &wrap, none);
    else if (!json)
        table_write(table, console, &out);
    written = json ? json_write(console, document) : console_print(console, &out);
    table_free(table);
    asp_buffer_free(&out);
    return written;
}
