/* A change of a file of PAM, as a text and in words. */
#include "pam_edit.h"

#include <string.h>

/* Where a line of the file begins; what is behind the last one begins at its end. */
static const char *begin_of(const struct pam_file *file, size_t number)
{
    const char *at = file->whole;

    for (; number > 1 && *at != '\0'; number--) {
        at = strchrnul(at, '\n');
        at += *at == '\n';
    }
    return at;
}

/* Where the text from `at` to `end` ends without blanks. */
static const char *before_blanks(const char *at, const char *end)
{
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return end;
}

/* Adds a line as it stands there, over several if it does, without comment and blanks at its ends.
 * What goes on in the next line ends with one backslash: one more is a letter. And one before a
 * comment is, so that the line keeps a comment: without it, it would go on. */
static void add_line(struct asp_buffer *out, const struct pam_file *file,
                     const struct pam_line *line)
{
    for (size_t number = line->number; number <= line->last; number++) {
        const char *at = begin_of(file, number);
        const char *end;

        at += strspn(at, " \t");
        end = before_blanks(at, at + strcspn(at, "#\r\n"));
        if (number < line->last && end > at && end[-1] == '\\')
            end = before_blanks(at, end - 1);
        asp_buffer_add(out, number == line->number ? "" : " ");
        asp_buffer_add_bytes(out, at, (size_t)(end - at));
        if (number == line->last && end > at && end[-1] == '\\')
            asp_buffer_add(out, " #");
    }
}

void pam_edit_add(struct pam_edit *edit, const char *line)
{
    asp_buffer_add(&edit->lines, edit->lines.length == 0 ? "" : "\n");
    asp_buffer_add(&edit->lines, line);
}

void pam_edit_copy(struct pam_edit *edit, const struct pam_file *file, const struct pam_line *line)
{
    pam_edit_add(edit, "");
    add_line(&edit->lines, file, line);
}

void pam_edit_add_module(struct asp_buffer *out, const struct pam_line *line, const char *but)
{
    asp_buffer_add(out, line->word);
    for (int i = 0; i < line->argument_count; i++) {
        const char *argument = line->arguments[i];
        bool bare = argument[0] != '[' && strpbrk(argument, " \t]") == NULL;

        if (strcmp(argument, but) == 0 ||
            ((line->told & TOLD_NO_APP) != 0 && strncmp(argument, "app=", 4) == 0))
            continue;
        asp_buffer_add(out, bare ? " " : " [");
        for (; *argument != '\0'; argument++) {
            asp_buffer_add(out, *argument == ']' ? "\\" : "");
            asp_buffer_add_bytes(out, argument, 1);
        }
        asp_buffer_add(out, bare ? "" : "]");
    }
}

static bool is_gone(const struct pam_edit *edit, size_t number)
{
    for (size_t i = 0; i < edit->gone_count; i++) {
        if (number >= edit->gone[i]->number && number <= edit->gone[i]->last)
            return true;
    }
    return false;
}

void pam_edit_apply(const struct pam_edit *edit, struct asp_buffer *out)
{
    const char *at = edit->file->whole;

    for (size_t number = 1; *at != '\0'; number++) {
        const char *end = strchrnul(at, '\n');

        if (edit->above != NULL && edit->above->number == number) {
            asp_buffer_add(out, edit->lines.text);
            asp_buffer_add(out, "\n");
        }
        if (!is_gone(edit, number)) {
            asp_buffer_add_bytes(out, at, (size_t)(end - at));
            asp_buffer_add(out, "\n");
        }
        at = end + (*end == '\n');
    }
    if (edit->above == NULL) {
        asp_buffer_add(out, edit->lines.text);
        asp_buffer_add(out, "\n");
    }
}

static void add_range(struct asp_buffer *out, const struct pam_line *line)
{
    asp_buffer_add(out, line->last == line->number ? "line " : "lines ");
    asp_buffer_add_number(out, line->number);
    if (line->last != line->number) {
        asp_buffer_add(out, " to ");
        asp_buffer_add_number(out, line->last);
    }
}

/* The own file of a service, for who may have a link or a package's file in its place. */
static void describe_file(const struct pam_file *file, struct asp_buffer *out)
{
    static const char folder[] = "/etc/pam.d/";
    bool own = !file->is_link && strncmp(file->path, folder, strlen(folder)) == 0;

    if (!own) {
        asp_buffer_add(out, "make /etc/pam.d/");
        asp_buffer_add(out, file->name);
        asp_buffer_add(out, " a file of its own, a copy of what ");
        asp_buffer_add(out, file->path);
        asp_buffer_add(out, " has; ");
    }
    asp_buffer_add(out, "in /etc/pam.d/");
    asp_buffer_add(out, file->name);
}

void pam_edit_describe(const struct pam_edit *edit, struct asp_buffer *out)
{
    bool replaces = edit->above != NULL && is_gone(edit, edit->above->number);

    describe_file(edit->file, out);
    asp_buffer_add(out, " write `");
    for (const char *at = edit->lines.text; at != NULL && *at != '\0';) {
        const char *end = strchrnul(at, '\n');

        asp_buffer_add_bytes(out, at, (size_t)(end - at));
        asp_buffer_add(out, *end == '\n' ? "`, then `" : "`");
        at = end + (*end == '\n');
    }
    if (edit->above == NULL) {
        asp_buffer_add(out, " at its end");
    } else {
        asp_buffer_add(out, replaces ? " in place of " : " above ");
        add_range(out, edit->above);
        asp_buffer_add(out, ", `");
        add_line(out, edit->file, edit->above);
        asp_buffer_add(out, "`");
    }
    for (size_t i = 0; i < edit->gone_count; i++) {
        if (replaces && edit->gone[i] == edit->above)
            continue;
        asp_buffer_add(out, ", and take out ");
        add_range(out, edit->gone[i]);
    }
}

void pam_edit_free(struct pam_edit *edit)
{
    asp_buffer_free(&edit->lines);
}
