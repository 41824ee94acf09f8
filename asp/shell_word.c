/* A word of a command that is printed, quoted for the shell that it is pasted into. */
#include "shell_word.h"

#include "label.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_.@+-/:";

    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

static bool is_visible(const char *word)
{
    while (*word != '\0') {
        unsigned long value = 0;
        size_t length = asp_utf8_next(word, &value);

        if (length == 0 || asp_is_control(value))
            return false;
        word += length;
    }
    return true;
}

/* Between single quotation marks, of which one itself has to stand outside. */
static void add_byte(struct asp_buffer *out, char byte)
{
    if (byte == '\'')
        asp_buffer_add(out, "'\\''");
    else
        asp_buffer_add_bytes(out, &byte, 1);
}

/* As a format of printf(1), which every shell knows, where $'...' is not known to all. At its
 * beginning a - is none of an option's. */
static void add_octal(struct asp_buffer *out, char byte, bool first)
{
    unsigned char value = (unsigned char)byte;
    const char escaped[] = {'\\', (char)('0' + (value >> 6)), (char)('0' + ((value >> 3) & 7)),
                            (char)('0' + (value & 7))};

    if (value < ' ' || value > '~' || (first && byte == '-'))
        asp_buffer_add_bytes(out, escaped, sizeof escaped);
    else if (byte == '\\' || byte == '%')
        asp_buffer_add_bytes(out, (const char[]){byte, byte}, 2);
    else
        add_byte(out, byte);
}

void asp_shell_word_add(struct asp_buffer *out, const char *word)
{
    const bool visible = is_visible(word);

    if (is_plain(word)) {
        asp_buffer_add(out, word);
        return;
    }
    asp_buffer_add(out, visible ? "'" : "\"$(printf '");
    for (size_t i = 0; word[i] != '\0'; i++) {
        if (visible)
            add_byte(out, word[i]);
        else
            add_octal(out, word[i], i == 0);
    }
    asp_buffer_add(out, visible ? "'" : "')\"");
}
