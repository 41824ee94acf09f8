/* Tables and times, as a person sees them. */
#include "table.h"

#include "asp/buffer.h"
#include "asp/label.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* How many columns a visible text takes. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    while (*text != '\0') {
        unsigned long value = 0;
        size_t length = asp_utf8_next(text, &value);
        int columns = length == 0 ? 1 : wcwidth((wchar_t)value);

        width += columns < 0 ? 1 : (size_t)columns;
        text += length == 0 ? 1 : length;
    }
    return width;
}

void add_when(const struct console *console, struct asp_buffer *out, time_t now, time_t when,
              const char *unset)
{
    static const struct {
        time_t seconds;
        const char *name;
    } units[] = {{(time_t)7 * 24 * 3600, "week"},
                 {(time_t)24 * 3600, "day"},
                 {3600, "hour"},
                 {60, "minute"}};
    time_t ago = now - when;
    time_t count;

    if (when == ASP_NEVER) {
        asp_buffer_add(out, unset);
        return;
    }
    if (!console->terminal || ago < 0 || ago > 365 * (time_t)24 * 3600) {
        asp_buffer_add_time(out, when);
        return;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        count = ago / units[i].seconds;
        if (count == 0)
            continue;
        asp_buffer_add_number(out, (unsigned long long)count);
        asp_buffer_add(out, " ");
        asp_buffer_add(out, units[i].name);
        asp_buffer_add(out, count == 1 ? " ago" : "s ago");
        return;
    }
    asp_buffer_add(out, "just now");
}

void table_add(struct table *table, size_t columns, const char *const cells[])
{
    if (table->count == table->room) {
        size_t room = table->room == 0 ? 32 : 2 * table->room;
        void *grown = reallocarray(table->rows, room, sizeof *table->rows);

        if (grown == NULL) {
            table->failed = true;
            return;
        }
        table->rows = grown;
        table->room = room;
    }
    table->columns = columns;
    for (size_t i = 0; i < columns; i++) {
        struct asp_buffer cell = {0};

        asp_buffer_add(&cell, "");
        if (cells[i] != NULL)
            asp_buffer_add_visible(&cell, cells[i]);
        table->failed = table->failed || cells[i] == NULL || cell.failed;
        table->rows[table->count][i] = cell.text;
    }
    table->count++;
}

const char *table_cell(const struct asp_buffer *text)
{
    if (text->failed)
        return NULL;
    return text->text == NULL ? "-" : text->text;
}

static void add_spaces(struct asp_buffer *out, size_t count)
{
    while (count-- > 0)
        asp_buffer_add(out, " ");
}

static void write_row(const struct table *table, size_t row, const size_t widths[],
                      struct asp_buffer *out)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = table->rows[row][i];

        asp_buffer_add(out, cell);
        if (i + 1 < table->columns)
            add_spaces(out, widths[i] - width_of(cell) + 2);
    }
}

void table_write(const struct table *table, const struct console *console, struct asp_buffer *out)
{
    size_t widths[TABLE_COLUMNS] = {0};

    out->failed = out->failed || table->failed;
    for (size_t row = 0; !out->failed && row < table->count; row++) {
        for (size_t i = 0; i < table->columns; i++) {
            size_t width = width_of(table->rows[row][i]);

            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    for (size_t row = 0; !out->failed && row < table->count; row++) {
        struct asp_buffer line = {0};

        write_row(table, row, widths, &line);
        if (line.failed)
            out->failed = true;
        else if (row == 0)
            console_add_bold(console, out, line.text);
        else
            asp_buffer_add(out, line.text);
        asp_buffer_add(out, "\n");
        asp_buffer_free(&line);
    }
}

void table_free(struct table *table)
{
    for (size_t row = 0; row < table->count; row++) {
        for (size_t i = 0; i < table->columns; i++)
            free(table->rows[row][i]);
    }
    free(table->rows);
    memset(table, 0, sizeof *table);
}
