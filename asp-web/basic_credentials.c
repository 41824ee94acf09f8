/* The credentials of HTTP's Basic scheme. */
#include "basic_credentials.h"

#include "asp/label.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#define SCHEME "Basic"

/* Where what is encoded begins, behind the scheme and one blank or more; NULL: it is another. */
static const char *encoded_in(const char *header)
{
    const size_t length = sizeof SCHEME - 1;

    if (strncasecmp(header, SCHEME, length) != 0 || header[length] != ' ')
        return NULL;
    return header + length + strspn(header + length, " ");
}

/* Padded base64 has these bytes alone: libsodium 1.0.18 takes some beyond ASCII for letters. */
static bool has_letters_alone(const char *encoded)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    return encoded[strspn(encoded, letters)] == '\0';
}

static bool has_control(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f)
            return true;
    }
    return false;
}

/* `text` has its NUL. */
static bool is_utf8(const char *text)
{
    unsigned long value;
    size_t length;

    for (; *text != '\0'; text += length) {
        length = asp_utf8_next(text, &value);
        if (length == 0)
            return false;
    }
    return true;
}

/* Each byte of Latin-1 is the character of that number. */
static void from_latin1(const unsigned char *bytes, size_t length, char *text)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x80) {
            *text++ = (char)bytes[i];
        } else {
            *text++ = (char)(0xc0 | bytes[i] >> 6);
            *text++ = (char)(0x80 | (bytes[i] & 0x3f));
        }
    }
    *text = '\0';
}

static bool split(struct basic_credentials *credentials)
{
    char *colon = strchr(credentials->user, ':');

    if (colon == NULL)
        return false;
    *colon = '\0';
    credentials->password = colon + 1;
    credentials->password_length = strlen(colon + 1);
    return credentials->password_length > 0;
}

bool basic_credentials_read(const char *header, struct basic_credentials *credentials)
{
    unsigned char bytes[BASIC_CREDENTIALS_MAX + 1];
    const char *encoded = header != NULL ? encoded_in(header) : NULL;
    size_t length = 0;
    bool read = encoded != NULL && has_letters_alone(encoded) &&
                sodium_base642bin(bytes, sizeof bytes - 1, encoded, strlen(encoded), NULL, &length,
                                  NULL, sodium_base64_VARIANT_ORIGINAL) == 0;

    sodium_memzero(credentials, sizeof *credentials);
    bytes[length] = '\0';
    read = read && !has_control(bytes, length);
    if (read && is_utf8((const char *)bytes))
        memcpy(credentials->user, bytes, length + 1);
    else if (read)
        from_latin1(bytes, length, credentials->user);
    read = read && split(credentials);
    if (!read)
        sodium_memzero(credentials, sizeof *credentials);
    sodium_memzero(bytes, sizeof bytes);
    return read;
}
