/* A text that grows, and the forms in which values are added to it. */
#include "buffer.h"

#include "label.h"
#include "redact.h"
#include "time_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct asp_buffer asp_buffer_on(char *room, size_t size)
{
    return (struct asp_buffer){.text = room, .room = size, .lent = true};
}

static bool grow(struct asp_buffer *out, size_t more)
{
    size_t room = out->room == 0 ? 256 : out->room;
    char *grown;

    if (out->failed)
        return false;
    while (room - out->length <= more)
        room *= 2;
    grown = out->lent ? NULL : malloc(room);
    if (grown == NULL) {
        out->failed = true;
        return false;
    }
    if (out->length > 0)
        memcpy(grown, out->text, out->length);
    if (out->text != NULL)
        sodium_memzero(out->text, out->room);
    free(out->text);
    out->text = grown;
    out->room = room;
    return true;
}

void asp_buffer_add_bytes(struct asp_buffer *out, const char *bytes, size_t length)
{
    if ((out->failed || out->room - out->length <= length) && !grow(out, length))
        return;
    memcpy(out->text + out->length, bytes, length);
    out->length += length;
    out->text[out->length] = '\0';
}

void asp_buffer_add(struct asp_buffer *out, const char *text)
{
    asp_buffer_add_bytes(out, text, strlen(text));
}

void asp_buffer_add_number(struct asp_buffer *out, unsigned long long number)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    asp_buffer_add_bytes(out, digits + at, sizeof digits - at);
}

void asp_buffer_add_time(struct asp_buffer *out, time_t when)
{
    char text[ASP_TIME_SIZE];

    asp_time_format(when, text);
    asp_buffer_add(out, text);
}

void asp_buffer_add_stored(struct asp_buffer *out, const char *value)
{
    asp_buffer_add(out, "\"");
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            asp_buffer_add(out, "\\");
        asp_buffer_add_bytes(out, value, 1);
    }
    asp_buffer_add(out, "\"");
}

static bool is_plain(char c)
{
    return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

static void add_escaped_byte(struct asp_buffer *out, char c)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;
    char escaped[4] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};

    asp_buffer_add_bytes(out, escaped, sizeof escaped);
}

void asp_buffer_add_escaped(struct asp_buffer *out, const char *value)
{
    while (*value != '\0') {
        size_t plain = 0;

        while (is_plain(value[plain]))
            plain++;
        asp_buffer_add_bytes(out, value, plain);
        value += plain;
        if (*value != '\0')
            add_escaped_byte(out, *value++);
    }
}

void asp_buffer_add_logged(struct asp_buffer *out, const char *value)
{
    if (value == NULL || asp_redact_needed(value)) {
        asp_buffer_add(out, "-");
        return;
    }
    asp_buffer_add(out, "\"");
    asp_buffer_add_escaped(out, value);
    asp_buffer_add(out, "\"");
}

void asp_buffer_add_percent(struct asp_buffer *out, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        const char encoded[3] = {'%', hex[byte >> 4], hex[byte & 15]};
        const bool plain = (byte >= '0' && byte <= '9') ||
                           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
                           strchr("-._~", byte) != NULL;

        asp_buffer_add_bytes(out, plain ? value : encoded, plain ? 1 : sizeof encoded);
    }
}

void asp_buffer_add_visible(struct asp_buffer *out, const char *text)
{
    while (*text != '\0') {
        unsigned long value;
        const size_t length = asp_utf8_next(text, &value);
        const char *end = text + (length > 0 ? length : 1);

        if (length > 0 && !asp_is_control(value)) {
            asp_buffer_add_bytes(out, text, length);
            text = end;
        }
        for (; text < end; text++)
            add_escaped_byte(out, *text);
    }
}

void asp_buffer_free(struct asp_buffer *out)
{
    if (out->text != NULL)
        sodium_memzero(out->text, out->room);
    if (!out->lent)
        free(out->text);
    memset(out, 0, sizeof *out);
}
