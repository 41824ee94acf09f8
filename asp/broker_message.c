/* The form of a message on the broker's socket. */
#include "broker_message.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { HEAD = 8, TYPE_AT = 4, COUNT_AT = 5, LENGTH_AT = 6, LENGTH_BYTES = 2 };

static const uint8_t magic[] = {'a', 's', 'p', ASP_MESSAGE_OLDEST};
enum { VERSION_AT = sizeof magic - 1 };

static void put_length(uint8_t *bytes, size_t length)
{
    bytes[0] = (uint8_t)(length & 0xff);
    bytes[1] = (uint8_t)(length >> 8);
}

static size_t get_length(const uint8_t *bytes)
{
    return (size_t)bytes[0] | (size_t)bytes[1] << 8;
}

void asp_message_begin(struct asp_message *message, enum asp_message_type type)
{
    message->length = HEAD;
    message->failed = false;
    memcpy(message->bytes, magic, sizeof magic);
    message->bytes[TYPE_AT] = (uint8_t)type;
    message->bytes[COUNT_AT] = 0;
    put_length(message->bytes + LENGTH_AT, message->length);
}

void asp_message_set_version(struct asp_message *message, unsigned version)
{
    if (version < ASP_MESSAGE_OLDEST)
        version = ASP_MESSAGE_OLDEST;
    if (version > ASP_MESSAGE_NEWEST)
        version = ASP_MESSAGE_NEWEST;
    message->bytes[VERSION_AT] = (uint8_t)version;
}

/* A field of `length` bytes and, with `end`, one more that is NUL. */
static void add(struct asp_message *message, const void *bytes, size_t length, size_t end)
{
    uint8_t *at = message->bytes + message->length;

    if (message->failed || message->bytes[COUNT_AT] == ASP_MESSAGE_FIELDS ||
        length > ASP_MESSAGE_MAX - LENGTH_BYTES - end ||
        message->length > ASP_MESSAGE_MAX - LENGTH_BYTES - end - length) {
        message->failed = true;
        return;
    }
    put_length(at, length + end);
    at += LENGTH_BYTES;
    if (length > 0)
        memcpy(at, bytes, length);
    if (end > 0)
        at[length] = '\0';
    message->length += LENGTH_BYTES + length + end;
    message->bytes[COUNT_AT]++;
    put_length(message->bytes + LENGTH_AT, message->length);
}

void asp_message_text(struct asp_message *message, const char *text, size_t most)
{
    if (text == NULL)
        add(message, NULL, 0, 0);
    else
        add(message, text, strnlen(text, most), 1);
}

void asp_message_refuse(struct asp_message *message, const char *why)
{
    asp_message_begin(message, ASP_MESSAGE_REFUSED);
    asp_message_text(message, why, ASP_ERROR_TEXT);
}

void asp_message_bytes(struct asp_message *message, const void *bytes, size_t length)
{
    add(message, bytes, length, 0);
}

void asp_message_number(struct asp_message *message, unsigned number)
{
    char digits[12];

    (void)snprintf(digits, sizeof digits, "%u", number);
    asp_message_text(message, digits, sizeof digits);
}

void asp_message_wipe(struct asp_message *message)
{
    sodium_memzero(message->bytes, message->length);
    message->length = 0;
    message->failed = false;
}

void asp_message_read_nothing(struct asp_message_read *message)
{
    message->version = 0;
    message->type = (enum asp_message_type)0;
    message->count = 0;
}

static bool read_fields(const uint8_t *at, const uint8_t *end, struct asp_message_read *message)
{
    for (size_t i = 0; i < message->count; i++) {
        size_t length;

        if (end - at < LENGTH_BYTES)
            return false;
        length = get_length(at);
        at += LENGTH_BYTES;
        if (length > (size_t)(end - at))
            return false;
        message->fields[i].bytes = length > 0 ? at : NULL;
        message->fields[i].length = length;
        at += length;
    }
    return at == end;
}

enum asp_status asp_message_read(const uint8_t *bytes, size_t length, const char *sender,
                                 struct asp_message_read *message, struct asp_error *error)
{
    asp_message_read_nothing(message);
    if (length < HEAD || memcmp(bytes, magic, VERSION_AT) != 0 ||
        get_length(bytes + LENGTH_AT) != length)
        return asp_fail(error, ASP_CORRUPT, "what %s says is no message", sender);
    message->version = bytes[VERSION_AT];
    message->type = (enum asp_message_type)bytes[TYPE_AT];
    if ((message->version < ASP_MESSAGE_OLDEST || message->version > ASP_MESSAGE_NEWEST) &&
        message->type != ASP_MESSAGE_REFUSED)
        return asp_fail(error, ASP_NEWER,
                        "%s speaks version %u of the messages and not %u: after an upgrade, "
                        "restart asp-broker and the services that ask it",
                        sender, message->version, (unsigned)ASP_MESSAGE_NEWEST);
    message->count = bytes[COUNT_AT];
    if (!read_fields(bytes + HEAD, bytes + length, message)) {
        message->count = 0;
        return asp_fail(error, ASP_CORRUPT, "what %s says is no message", sender);
    }
    return ASP_OK;
}

const char *asp_message_field(const struct asp_message_read *message, size_t field)
{
    const uint8_t *bytes;
    size_t length;

    if (field >= message->count)
        return NULL;
    bytes = message->fields[field].bytes;
    length = message->fields[field].length;
    if (bytes == NULL || memchr(bytes, '\0', length) != bytes + length - 1)
        return NULL;
    return (const char *)bytes;
}

bool asp_message_read_number(const struct asp_message_read *message, size_t field, int *number)
{
    const char *text = asp_message_field(message, field);
    int value = 0;

    if (text == NULL || text[0] == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > (INT_MAX - (*text - '0')) / 10)
            return false;
        value = value * 10 + (*text - '0');
    }
    *number = value;
    return true;
}
