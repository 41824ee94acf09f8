#include "buffer.h"

#include "name.h"
#include "time_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

size_t asp_utf8_next(const char *text, unsigned long *value)
{
    static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)text;
    size_t length = 1;

    if (p[0] >= 0xf0 && p[0] <= 0xf4)
        length = 4;
    else if (p[0] >= 0xe0 && p[0] < 0xf0)
        length = 3;
    else if (p[0] >= 0xc2 && p[0] < 0xe0)
        length = 2;
    else if (p[0] >= 0x80 || p[0] == 0)
        return 0;

    *value = length == 1 ? p[0] : p[0] & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *value = *value << 6 | (p[i] & 0x3f);
    }
    if (*value < least[length] || *value > 0x10ffff || (*value >= 0xd800 && *value <= 0xdfff))
        return 0;
    return length;
}

bool asp_is_control(unsigned long value)
{
    return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x061c || value == 0x200e ||
           value == 0x200f || (value >= 0x2028 && value <= 0x202e) ||
           (value >= 0x2066 && value <= 0x2069);
}

bool asp_label_valid(const char *label)
{
    size_t chars = 0;

    while (*label != '\0') {
        unsigned long value = (unsigned char)*label;
        size_t length = value < 0x80 ? 1 : asp_utf8_next(label, &value);

        if (length == 0 || asp_is_control(value) || ++chars > ASP_LABEL_CHARS)
            return false;
        label += length;
    }
    return chars > 0;
}

bool asp_host_valid(const char *host)
{
    size_t length = strnlen(host, ASP_HOST_MAX + 1);

    if (length == 0 || length > ASP_HOST_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = asp_fold(host[i]);
        bool inner = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':';

        /* '%' is a zone (RFC 4007); '-', '.', '_' stand inside names. */
        if (!inner && (i == 0 || c == '\0' || strchr("-._%", c) == NULL))
            return false;
    }
    return true;
}

static bool reserve(struct asp_buffer *out, size_t more)
{
    size_t room = out->room == 0 ? 256 : out->room;
    char *grown;

    if (out->failed)
        return false;
    while (room - out->length <= more)
        room *= 2;
    if (room == out->room)
        return true;
    grown = malloc(room);
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
    if (!reserve(out, length))
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

void asp_buffer_add_logged(struct asp_buffer *out, const char *value)
{
    static const char hex[] = "0123456789abcdef";

    if (value == NULL) {
        asp_buffer_add(out, "-");
        return;
    }
    asp_buffer_add(out, "\"");
    while (*value != '\0') {
        size_t plain = 0;

        while (is_plain(value[plain]))
            plain++;
        asp_buffer_add_bytes(out, value, plain);
        value += plain;
        if (*value != '\0') {
            unsigned char byte = (unsigned char)*value++;
            char escaped[4] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};

            asp_buffer_add_bytes(out, escaped, sizeof escaped);
        }
    }
    asp_buffer_add(out, "\"");
}

void asp_buffer_free(struct asp_buffer *out)
{
    if (out->text != NULL)
        sodium_memzero(out->text, out->room);
    free(out->text);
    memset(out, 0, sizeof *out);
}
