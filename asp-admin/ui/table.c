/* Tables and times, as a person sees them. */
#include "table.h"

#include "plural.h"
#include "wrap.h"

#include "asp/buffer.h"
#include "asp/time_text.h"

#include <stdlib.h>
#include <string.h>

#define BLANK "\\x20" /* as asp_buffer_add_visible has what no screen shows */

enum {
    GUTTER = 2,         /* between two columns */
    COLUMN_BROKEN = 16, /* no column is made narrower than that */
};

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
        plural_add(out, (unsigned long long)count, units[i].name);
        asp_buffer_add(out, " ago");
        return;
    }
    asp_buffer_add(out, "just now");
}

/* A blank at an end too: nothing else tells "Phone " from "Phone". */
static void add_visible(struct asp_buffer *out, const char *text)
{
    const size_t length = strlen(text);

    if (text[0] == ' ')
        asp_buffer_add(out, BLANK);
    asp_buffer_add_visible(out, text + (text[0] == ' '));
    if (length > 1 && text[length - 1] == ' ' && !out->failed) {
        out->length--;
        asp_buffer_add(out, BLANK);
    }
}

/* A copy of what a person wrote, visible. NULL, and the table has failed: without memory. */
static char *copy_visible(struct table *table, const char *text)
{
    struct asp_buffer copy = {0};

    asp_buffer_add(&copy, "");
    if (text != NULL)
        add_visible(&copy, text);
    table->failed = table->failed || text == NULL || copy.failed;
    return copy.text;
}

void table_add(struct table *table, size_t columns, const char *const cells[])
{
    struct table_row *row;

    if (table->count == table->room) {
        size_t room = table->room == 0 ? 32 : 2 * table->room;
        struct table_row *grown = reallocarray(table->rows, room, sizeof *grown);

        if (grown == NULL) {
            table->failed = true;
            return;
        }
        table->rows = grown;
        table->room = room;
    }
    row = &table->rows[table->count++];
    *row = (struct table_row){.below = NULL};
    table->columns = columns;
    for (size_t i = 0; i < columns; i++) {
        row->is_empty[i] = cells[i] != NULL && cells[i][0] == '\0';
        row->cells[i] = copy_visible(table, row->is_empty[i] ? "-" : cells[i]);
    }
}

void table_add_below(struct table *table, const char *text)
{
    if (!table->failed)
        table->rows[table->count - 1].below = copy_visible(table, text);
}

const char *table_cell(const struct asp_buffer *text)
{
    if (text->failed)
        return NULL;
    return text->text == NULL ? "" : text->text;
}

void table_measure(const struct table *table, struct table_layout *layout)
{
    if (table->failed)
        return;
    for (size_t row = 0; row < table->count; row++) {
        for (size_t i = 0; i < table->columns; i++) {
            size_t columns = wrap_columns(table->rows[row].cells[i]);
            size_t longest = wrap_longest_word(table->rows[row].cells[i]);

            layout->columns[i] = columns > layout->columns[i] ? columns : layout->columns[i];
            layout->least[i] = longest > layout->least[i] ? longest : layout->least[i];
        }
    }
}

static void add_up(const struct table *table, struct table_layout *layout)
{
    layout->total = (table->columns - 1) * GUTTER;
    for (size_t i = 0; i < table->columns; i++) {
        size_t broken = layout->columns[i] < COLUMN_BROKEN ? layout->columns[i] : COLUMN_BROKEN;

        layout->least[i] = layout->least[i] < broken ? broken : layout->least[i];
        layout->total += layout->columns[i];
    }
}

/* Takes from the widest of the columns that may be narrower, until the table fits. False: it cannot
 * be made to. */
static bool make_fit(const struct table *table, struct table_layout *layout)
{
    while (layout->width > 0 && layout->total > layout->width) {
        size_t widest = TABLE_COLUMNS;

        for (size_t i = 0; i < table->columns; i++) {
            if (layout->columns[i] > layout->least[i] &&
                (widest == TABLE_COLUMNS || layout->columns[i] > layout->columns[widest]))
                widest = i;
        }
        if (widest == TABLE_COLUMNS)
            return false;
        layout->columns[widest]--;
        layout->total--;
    }
    return true;
}

/* The same, where what is long in the column that hangs takes no room in it. */
static bool make_fit_hanging(const struct table *table, struct table_layout *layout)
{
    const size_t at = table->hangs - 1;

    if (table->hangs == 0 || layout->columns[at] <= COLUMN_BROKEN ||
        layout->columns[at] > layout->width)
        return false;
    layout->total -= layout->columns[at] - COLUMN_BROKEN;
    layout->columns[at] = COLUMN_BROKEN;
    layout->least[at] = COLUMN_BROKEN;
    layout->hangs = table->hangs;
    return make_fit(table, layout);
}

/* Adds the line of each cell that `next` points at, and sets it to the one below. False: this was
 * the last. */
static bool add_line(const struct table *table, const struct table_layout *layout,
                     const char *next[], struct asp_buffer *out)
{
    size_t spaces = 0;
    bool more = false;

    for (size_t i = 0; i < table->columns; i++) {
        size_t length = strcspn(next[i], "\n");
        size_t begin = out->length;
        size_t written;

        if (length > 0) {
            wrap_add_spaces(out, spaces);
            begin = out->length;
            asp_buffer_add_bytes(out, next[i], length);
            spaces = 0;
        }
        if (out->failed)
            return false;
        written = length > 0 ? wrap_columns(out->text + begin) : 0;
        spaces += GUTTER + (layout->columns[i] > written ? layout->columns[i] - written : 0);
        next[i] += length + (next[i][length] != '\0');
        more = more || *next[i] != '\0';
    }
    asp_buffer_add(out, "\n");
    return more;
}

/* The lines of the cells from the one of these places to before the other. */
static void add_lines(const struct table *table, const struct table_layout *layout,
                      const char *const cells[], size_t begin, size_t end, struct asp_buffer *out)
{
    const char *next[TABLE_COLUMNS];

    for (size_t i = 0; i < table->columns; i++)
        next[i] = i >= begin && i < end ? cells[i] : "";
    while (!out->failed && add_line(table, layout, next, out))
        ;
}

/* A row whose cell in the column that hangs ends its line; where not even the rest of that line
 * holds it, it has one of its own. */
static void add_hanging(const struct table *table, const struct table_layout *layout,
                        const char *cells[], struct asp_buffer *out)
{
    const size_t hangs = layout->hangs - 1;
    const char *cell = cells[hangs];
    struct wrap wrap = {.width = layout->width};

    for (size_t i = 0; i < hangs; i++)
        wrap.indent += layout->columns[i] + GUTTER;
    if (wrap_indent(&wrap, wrap_columns(cell)) == wrap.indent) {
        add_lines(table, layout, cells, 0, hangs + 1, out);
        if (hangs + 1 < table->columns)
            add_lines(table, layout, cells, hangs + 1, table->columns, out);
        return;
    }
    cells[hangs] = "";
    add_lines(table, layout, cells, 0, table->columns, out);
    wrap_add_spaces(out, wrap_indent(&wrap, wrap_columns(cell)));
    asp_buffer_add(out, cell);
    asp_buffer_add(out, "\n");
}

/* A row of one line or, where a cell is wider than its column, of some. */
static void add_row(const struct table *table, const struct table_layout *layout,
                    const struct table_row *row, struct asp_buffer *out)
{
    struct asp_buffer broken[TABLE_COLUMNS] = {{0}};
    const char *cells[TABLE_COLUMNS];
    bool hangs = false;

    for (size_t i = 0; i < table->columns; i++) {
        const struct wrap wrap = {.width = layout->columns[i], .others = true};

        cells[i] = row->cells[i];
        if (wrap_columns(cells[i]) <= layout->columns[i])
            continue;
        if (i + 1 == layout->hangs) {
            hangs = true;
            continue;
        }
        wrap_add(&broken[i], &wrap, cells[i]);
        cells[i] = broken[i].text;
        out->failed = out->failed || broken[i].failed;
    }
    if (!out->failed && hangs)
        add_hanging(table, layout, cells, out);
    else if (!out->failed)
        add_lines(table, layout, cells, 0, table->columns, out);
    for (size_t i = 0; i < table->columns; i++)
        asp_buffer_free(&broken[i]);
}

static void add_heading(const struct table *table, const struct table_layout *layout,
                        const struct console *console, struct asp_buffer *out)
{
    struct asp_buffer heading = {0};

    add_row(table, layout, &table->rows[0], &heading);
    if (!heading.failed)
        console_add_bold(console, out, heading.text);
    out->failed = out->failed || heading.failed;
    asp_buffer_free(&heading);
}

/* The rows below one another, under the heading. */
static void add_rows(const struct table *table, const struct table_layout *layout,
                     const struct console *console, struct asp_buffer *out)
{
    const size_t indent = layout->columns[0] + GUTTER;
    const struct wrap below = {.width = layout->width, .at = indent, .indent = indent};

    if (layout->written == 0)
        add_heading(table, layout, console, out);
    for (size_t i = 1; !out->failed && i < table->count; i++) {
        add_row(table, layout, &table->rows[i], out);
        if (layout->width == 0 || table->rows[i].below == NULL)
            continue;
        wrap_add_spaces(out, indent);
        wrap_add(out, &below, table->rows[i].below);
        asp_buffer_add(out, "\n");
    }
}

/* "LABEL      Old phone" */
static void add_field(const struct console *console, const struct wrap *wrap, const char *name,
                      const char *text, struct asp_buffer *out)
{
    console_add_bold(console, out, name);
    wrap_add_spaces(out, wrap->at - wrap_columns(name));
    wrap_add(out, wrap, text);
    asp_buffer_add(out, "\n");
}

/* A block for each row, of what there is to say of it. */
static void add_blocks(const struct table *table, const struct table_layout *layout,
                       const struct console *console, struct asp_buffer *out)
{
    const struct table_row *names = &table->rows[0];
    struct wrap wrap = {.width = layout->width, .others = true};

    if (names->below != NULL)
        wrap.at = wrap.indent = wrap_columns(names->below) + GUTTER;
    for (size_t i = 0; i < table->columns; i++) {
        size_t columns = wrap_columns(names->cells[i]) + GUTTER;

        wrap.at = wrap.indent = columns > wrap.at ? columns : wrap.at;
    }
    for (size_t row = 1; !out->failed && row < table->count; row++) {
        asp_buffer_add(out, layout->written + row > 1 ? "\n" : "");
        for (size_t i = 0; i < table->columns; i++) {
            if (!table->rows[row].is_empty[i])
                add_field(console, &wrap, names->cells[i], table->rows[row].cells[i], out);
        }
        if (table->rows[row].below != NULL && names->below != NULL)
            add_field(console, &wrap, names->below, table->rows[row].below, out);
    }
}

/* As a table, with what hangs only where it has to be. */
static void lay_out(const struct table *table, struct table_layout *layout)
{
    struct table_layout hanging;

    add_up(table, layout);
    hanging = *layout;
    if (make_fit(table, layout))
        return;
    if (make_fit_hanging(table, &hanging))
        *layout = hanging;
    else
        layout->in_blocks = true;
}

void table_write_more(const struct table *table, struct table_layout *layout,
                      const struct console *console, struct asp_buffer *out)
{
    out->failed = out->failed || table->failed;
    if (out->failed)
        return;
    if (!layout->is_laid) {
        layout->is_laid = true;
        layout->width = console_wrap_width(console);
        lay_out(table, layout);
    }
    if (layout->in_blocks)
        add_blocks(table, layout, console, out);
    else
        add_rows(table, layout, console, out);
    layout->written += table->count - 1;
}

void table_write(const struct table *table, const struct console *console, struct asp_buffer *out)
{
    struct table_layout layout = {0};

    table_measure(table, &layout);
    table_write_more(table, &layout, console, out);
}

static void free_rows(struct table *table, size_t from)
{
    for (size_t row = from; row < table->count; row++) {
        for (size_t i = 0; i < table->columns; i++)
            free(table->rows[row].cells[i]);
        free(table->rows[row].below);
    }
}

void table_drop_rows(struct table *table)
{
    free_rows(table, 1);
    table->count = table->count > 0;
}

void table_free(struct table *table)
{
    free_rows(table, 0);
    free(table->rows);
    memset(table, 0, sizeof *table);
}
