/* The list of what doctor has found, and how it is shown. */
#include "findings.h"

#include "asp-admin/ui/console.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/wrap.h"
#include "asp/buffer.h"
#include "asp/redact.h"
#include "asp/shell_word.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEND "mend:"

enum {
    CHECK_WIDTH = 16, /* of the columns, with the space behind them */
    STATE_WIDTH = 7,
    TEXT_WIDTH_MIN = 30,
    NARROW_INDENT = 2,
};

__attribute__((format(printf, 5, 0))) static void add(struct findings *findings, const char *check,
                                                      bool ok, const char *before,
                                                      const char *format, va_list args)
{
    struct finding finding = {.check = check, .ok = ok};
    char *text = NULL;

    if (findings->count == findings->room) {
        size_t room = findings->room == 0 ? 16 : 2 * findings->room;
        struct finding *grown = reallocarray(findings->list, room, sizeof *grown);

        if (grown == NULL) {
            findings->failed = true;
            return;
        }
        findings->list = grown;
        findings->room = room;
    }
    if (vasprintf(&text, format, args) < 0 ||
        asprintf(&finding.message, "%s%s", before, text) < 0) {
        findings->failed = true;
    } else {
        asp_redact(finding.message);
        findings->list[findings->count++] = finding;
    }
    findings->faults += !ok;
    free(text);
}

void finding_ok(struct findings *findings, const char *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(findings, check, true, "", format, args);
    va_end(args);
}

void finding_note(struct findings *findings, const char *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(findings, check, true, "note: ", format, args);
    va_end(args);
}

void finding_fault(struct findings *findings, const char *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(findings, check, false, "", format, args);
    va_end(args);
}

void finding_fix(struct findings *findings, const char *format, ...)
{
    char *fix = NULL;
    va_list args;

    if (findings->failed)
        return;
    va_start(args, format);
    if (vasprintf(&fix, format, args) < 0)
        findings->failed = true;
    else
        asp_redact(fix);
    va_end(args);
    findings->list[findings->count - 1].fix = findings->failed ? NULL : fix;
}

static void free_words(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        free(words[i]);
    free(words);
}

static char **copy_words(const char *const words[])
{
    size_t count = 0;
    char **copy;

    while (words[count] != NULL)
        count++;
    copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = strdup(words[i]);
        if (copy[i] == NULL) {
            free_words(copy);
            copy = NULL;
        }
    }
    return copy;
}

/* Its words behind what the fix has, as a shell reads them. */
static bool print_command(struct finding *finding, const char *const words[])
{
    struct asp_buffer line = {0};

    if (finding->fix != NULL) {
        asp_buffer_add(&line, finding->fix);
        asp_buffer_add(&line, " &&");
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        asp_buffer_add(&line, line.length > 0 ? " " : "");
        asp_shell_word_add(&line, words[i]);
    }
    if (line.failed) {
        asp_buffer_free(&line);
        return false;
    }
    free(finding->fix);
    finding->fix = line.text;
    return true;
}

static bool make_room(struct finding *finding)
{
    struct finding_command *grown =
        reallocarray(finding->commands, finding->command_count + 1, sizeof *grown);

    if (grown != NULL)
        finding->commands = grown;
    return grown != NULL;
}

void finding_fix_command(struct findings *findings, bool safe, const char *const words[])
{
    struct finding_command command = {.safe = safe};
    struct finding *finding;

    if (findings->failed)
        return;
    finding = &findings->list[findings->count - 1];
    command.words = copy_words(words);
    if (command.words == NULL || !make_room(finding) || !print_command(finding, words)) {
        findings->failed = true;
        free_words(command.words);
        return;
    }
    if (asp_redact_needed(finding->fix)) { /* what is not shown whole is not run */
        asp_redact(finding->fix);
        command.safe = false;
    }
    finding->pasted = true;
    finding->commands[finding->command_count++] = command;
}

void finding_fix_script(struct findings *findings, const char *script)
{
    finding_fix(findings, "%s", script);
    if (!findings->failed)
        findings->list[findings->count - 1].pasted = true;
}

bool findings_none_of(const struct findings *findings, const char *check)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->list[i].check, check) == 0)
            return false;
    }
    return true;
}

bool findings_have_fault(const struct findings *findings, const char *check)
{
    bool have = false;

    for (size_t i = 0; i < findings->count; i++)
        have = have || (!findings->list[i].ok && strcmp(findings->list[i].check, check) == 0);
    return have;
}

static void add_padded(struct asp_buffer *out, const char *text, size_t width)
{
    size_t length = strlen(text);

    asp_buffer_add(out, text);
    wrap_add_spaces(out, length < width ? width - length : 0);
}

/* What is found by a check, or its fix, from the column on that is reached. */
static void add_text(struct asp_buffer *out, const struct wrap *wrap, const char *before,
                     const char *text)
{
    struct asp_buffer visible = {0};

    asp_buffer_add(&visible, before);
    asp_buffer_add_visible(&visible, text);
    out->failed = out->failed || visible.failed;
    if (!visible.failed)
        wrap_add(out, wrap, visible.text);
    asp_buffer_add(out, "\n");
    asp_buffer_free(&visible);
}

/* A line for a shell is copied as one: it is never broken here, and where it does not go onto the
 * line it has one to itself. */
static void add_command(struct asp_buffer *out, const struct wrap *wrap, const char *command)
{
    struct asp_buffer visible = {0};
    size_t columns;

    asp_buffer_add(&visible, "");
    asp_buffer_add_visible(&visible, command);
    out->failed = out->failed || visible.failed;
    columns = visible.failed ? 0 : wrap_columns(visible.text);
    asp_buffer_add(out, MEND);
    if (wrap->width == 0 || wrap->at + sizeof MEND + columns <= wrap->width) {
        asp_buffer_add(out, " ");
    } else {
        asp_buffer_add(out, "\n");
        wrap_add_spaces(out, wrap_indent(wrap, columns));
    }
    asp_buffer_add(out, visible.failed ? "" : visible.text);
    asp_buffer_add(out, "\n");
    asp_buffer_free(&visible);
}

/* In three columns, or, where the third would be too narrow, with the text below. Off a terminal
 * each text is one line, for grep. */
void finding_add_row(const struct console *console, struct asp_buffer *out,
                     const struct finding *finding)
{
    struct wrap wrap = {.width = console_wrap_width(console), .lines = true};
    const bool narrow = wrap.width > 0 && wrap.width < CHECK_WIDTH + STATE_WIDTH + TEXT_WIDTH_MIN;

    wrap.at = wrap.indent = narrow ? NARROW_INDENT : CHECK_WIDTH + STATE_WIDTH;
    add_padded(out, finding->check, narrow ? strlen(finding->check) + 2 : CHECK_WIDTH);
    if (finding->ok)
        add_padded(out, "ok", narrow ? 0 : STATE_WIDTH);
    else
        console_add_bold(console, out, narrow ? "FAULT" : "FAULT  ");
    if (narrow) {
        asp_buffer_add(out, "\n");
        wrap_add_spaces(out, wrap.indent);
    }
    add_text(out, &wrap, "", finding->message);
    if (finding->fix == NULL)
        return;
    wrap_add_spaces(out, wrap.indent);
    if (finding->pasted)
        add_command(out, &wrap, finding->fix);
    else
        add_text(out, &wrap, MEND " ", finding->fix);
}

static bool show_text(const struct console *console, const struct findings *findings)
{
    struct asp_buffer out = {0};

    for (size_t i = 0; i < findings->count; i++)
        finding_add_row(console, &out, &findings->list[i]);
    return console_print_and_free(console, &out);
}

static bool show_document(const struct console *console, const struct findings *findings)
{
    json_t *document = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        json_add(&document, json_pack("{s:s, s:b, s:o, s:o}", "check", finding->check, "ok",
                                      finding->ok, "message", json_from_text(finding->message),
                                      "mend", json_from_text(finding->fix)));
    }
    return json_write(console, document);
}

bool findings_show(const struct findings *findings, const struct console *console, bool json)
{
    if (findings->failed) {
        (void)fail_with(console, EXIT_STORE, "out of memory");
        return false;
    }
    return json ? show_document(console, findings) : show_text(console, findings);
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->list[i];

        for (size_t k = 0; k < finding->command_count; k++)
            free_words(finding->commands[k].words);
        free(finding->commands);
        free(finding->message);
        free(finding->fix);
    }
    free(findings->list);
    *findings = (struct findings){0};
}
