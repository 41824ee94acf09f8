/* Texts as wide as the terminal: broken between words. */
#include "wrap.h"

#include "asp/label.h"

#include <ctype.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { WIDTH_MIN = 20, LINE_INDENT = 2 };

size_t wrap_width_of(int fd)
{
    struct winsize size;

    if (isatty(fd) != 1 || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < WIDTH_MIN)
        return 0;
    return size.ws_col;
}

static size_t columns_of(const char *text, size_t length)
{
    const char *end = text + length;
    size_t columns = 0;

    while (text < end) {
        unsigned long value = 0;
        size_t bytes = asp_utf8_next(text, &value);
        int width = bytes == 0 ? 1 : wcwidth((wchar_t)value);

        columns += width < 0 ? 1 : (size_t)width;
        text += bytes == 0 ? 1 : bytes;
    }
    return columns;
}

size_t wrap_columns(const char *text)
{
    return columns_of(text, strlen(text));
}

static size_t word_length(const char *text)
{
    return strcspn(text, " \n");
}

size_t wrap_longest_word(const char *text)
{
    size_t longest = 0;

    while (*text != '\0') {
        size_t length = word_length(text);
        size_t columns = columns_of(text, length);

        longest = columns > longest ? columns : longest;
        text += length + (text[length] != '\0');
    }
    return longest;
}

void wrap_add_spaces(struct asp_buffer *out, size_t count)
{
    while (count-- > 0)
        asp_buffer_add(out, " ");
}

#define OURS "asp-admin"

static bool is_program(const char *word, size_t length)
{
    static const char *const programs[] = {OURS,       "chmod", "chown",     "doveadm", "cp",
                                           "groupadd", "mkdir", "systemctl", "usermod"};
    /* A word of sentences too, but for an option behind it. */
    static const char install[] = "install -";

    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (strlen(programs[i]) == length && memcmp(programs[i], word, length) == 0)
            return true;
    }
    return strncmp(word, install, sizeof install - 1) == 0;
}

/* A command to copy, with its arguments; 0: it is none. Its words are the shell's: a comma or a
 * bracket in quotes does not end it. */
static size_t command_length(const char *text)
{
    size_t length = word_length(text);
    bool quoted = false;

    if (!is_program(text, length) || text[length] != ' ')
        return 0;
    for (size_t at = length; text[at] != '\0' && text[at] != '\n'; at++) {
        bool is_end = text[at + 1] == ' ' || text[at + 1] == '\0' || text[at + 1] == '\n';

        /* The shell's way to have a quote in quotes is to end them before it. */
        if (text[at] == '\'' && !(text[at - 1] == '\\' && !quoted))
            quoted = !quoted;
        if (!quoted && is_end && strchr(",;:)", text[at]) != NULL)
            return at + 1;
        length = at + 1;
    }
    return length;
}

static bool takes_value(const char *word)
{
    return strncmp(word, "--", 2) == 0 && word[word_length(word)] == ' ' &&
           isupper((unsigned char)word[word_length(word) + 1]);
}

/* A word of a line of usage, with what it must not be parted from: "[--app APP]", "--label TEXT".
 */
static size_t usage_length(const char *text, size_t room)
{
    const size_t first = word_length(text);
    size_t length = 0;
    int depth = 0;
    bool more = true;

    while (more) {
        const char *word = text + length + strspn(text + length, " ");
        size_t end = (size_t)(word - text) + word_length(word);

        for (; length < end; length++)
            depth += (strchr("[(", text[length]) != NULL) - (strchr("])", text[length]) != NULL);
        more = text[end] == ' ' && (depth > 0 || takes_value(word));
    }
    return columns_of(text, length) <= room ? length : first;
}

/* What is to be written next. */
struct piece {
    const char *text;
    size_t gap; /* the spaces before it */
    size_t length;
    size_t columns;
    size_t behind; /* what is left out behind it */
    bool is_ours;  /* a command of ours */
    bool is_line;  /* a line to copy */
};

/* What is in backquotes, up to the second one; 0: it is no line to copy. */
static size_t line_length(const char *text)
{
    const size_t length = text[0] == '`' ? strcspn(text + 1, "`\n") : 0;

    return length > 0 && text[1 + length] == '`' && memchr(text + 1, ' ', length) != NULL ? length
                                                                                          : 0;
}

static struct piece next_piece(const struct wrap *wrap, const char *text)
{
    struct piece piece = {.gap = strspn(text, " ")};

    piece.text = text + piece.gap;
    piece.length = wrap->lines ? line_length(piece.text) : 0;
    if (piece.length > 0) {
        piece.is_line = true;
        piece.text++;
        piece.behind = 1 + strspn(piece.text + piece.length + 1, ",;");
        piece.columns = columns_of(piece.text, piece.length);
        return piece;
    }
    piece.length = wrap->usage || wrap->others ? 0 : command_length(piece.text);
    piece.is_ours = piece.length > 0 && strncmp(piece.text, OURS " ", sizeof OURS) == 0;
    if (wrap->usage)
        piece.length =
            usage_length(piece.text, wrap->width > wrap->indent ? wrap->width - wrap->indent : 0);
    else if (piece.length == 0)
        piece.length = word_length(piece.text);
    piece.columns = columns_of(piece.text, piece.length);
    return piece;
}

size_t wrap_indent(const struct wrap *wrap, size_t columns)
{
    size_t room = wrap->width > columns ? wrap->width - columns : 0;

    return room < wrap->indent ? room : wrap->indent;
}

static size_t begin_line(struct asp_buffer *out, const struct wrap *wrap, size_t columns)
{
    size_t indent = wrap_indent(wrap, columns);

    while (!out->failed && out->length > 0 && out->text[out->length - 1] == ' ')
        out->text[--out->length] = '\0';
    asp_buffer_add(out, "\n");
    wrap_add_spaces(out, indent);
    return indent;
}

static bool fits_one_line(const struct wrap *wrap, const char *text)
{
    return wrap->width == 0 ||
           (strchr(text, '\n') == NULL && wrap->at + wrap_columns(text) <= wrap->width);
}

void wrap_add(struct asp_buffer *out, const struct wrap *wrap, const char *text)
{
    const struct wrap further = {.width = wrap->width, .indent = wrap->indent + LINE_INDENT};
    size_t used = wrap->at;
    bool begun = wrap->at <= wrap->indent; /* to begin a line would win no room */
    bool was_apart = false;                /* a command that stands on a line of its own */
    char before = ':';

    if (fits_one_line(wrap, text)) {
        asp_buffer_add(out, text);
        return;
    }
    for (;;) {
        struct piece piece = next_piece(wrap, text);
        bool apart = piece.is_line || (piece.is_ours && before == ':');

        if (piece.length == 0 && (*piece.text == '\0' || piece.text[1] == '\0')) {
            asp_buffer_add(out, text); /* blanks behind a question, the end of the last line */
            break;
        }
        if (piece.length == 0) { /* the end of a line */
            text = piece.text + 1;
            used = begin_line(out, wrap, next_piece(wrap, text).columns);
            begun = true;
            was_apart = false;
            continue;
        }
        if ((!begun && (apart || was_apart)) ||
            (used + piece.gap + piece.columns > wrap->width &&
             (!begun || wrap_indent(wrap, piece.columns) < used))) {
            used = begin_line(out, piece.is_line ? &further : wrap, piece.columns);
            piece.gap = 0;
        }
        wrap_add_spaces(out, piece.gap);
        asp_buffer_add_bytes(out, piece.text, piece.length);
        used += piece.gap + piece.columns;
        begun = false;
        was_apart = apart;
        text = piece.text + piece.length + piece.behind;
        before = text[-1];
    }
}
