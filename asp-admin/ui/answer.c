/* Rows, as a document or as a table. */
#include "answer.h"

#include "wrap.h"

#include "asp/buffer.h"

enum { AT_A_TIME = 256 };

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

static bool write_documents(const struct console *console, const struct answer_rows *rows,
                            struct asp_buffer *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        json_add_element(out, rows->document(rows->context, i), i);
        if (!console_print_piece(console, out, false))
            return false;
    }
    json_add_end(out, rows->count);
    return console_print_piece(console, out, true);
}

/* Has the next rows in the table, in the place of others. Returns how many are done then. */
static size_t go_on(const struct answer_rows *rows, size_t done, struct table *table)
{
    const size_t end = rows->count - done > AT_A_TIME ? done + AT_A_TIME : rows->count;

    table_drop_rows(table);
    while (done < end)
        rows->add(rows->context, done++, table);
    return done;
}

static bool write_table(const struct console *console, const struct answer_rows *rows,
                        struct table *table, struct asp_buffer *out)
{
    struct table_layout layout = {0};

    for (size_t done = 0; done < rows->count;) {
        done = go_on(rows, done, table);
        table_measure(table, &layout);
    }
    for (size_t done = 0; done < rows->count;) {
        done = go_on(rows, done, table);
        table_write_more(table, &layout, console, out);
        if (!console_print_piece(console, out, done == rows->count))
            return false;
    }
    return true;
}

bool answer_write_rows(const struct console *console, bool json, const struct answer_rows *rows,
                       struct table *table, const char *none)
{
    struct asp_buffer out = {0};
    bool written;

    if (!json && rows->count == 0)
        return answer_write(console, false, NULL, table, none);
    written = json ? write_documents(console, rows, &out) : write_table(console, rows, table, &out);
    table_free(table);
    asp_buffer_free(&out);
    return written;
}
