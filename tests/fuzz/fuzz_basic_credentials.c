/*
 * The value of a header `Authorization`, and a name on its way into `Remote-User`.
 */
#include "fuzz.h"

#include "asp-web/basic_credentials.h"
#include "asp-web/remote_user.h"
#include "asp/label.h"

#include <sodium.h>

static bool is_text(const char *text)
{
    unsigned long value;

    for (; *text != '\0'; text += asp_utf8_next(text, &value)) {
        if (asp_utf8_next(text, &value) == 0 || value < 0x20 || value == 0x7f)
            return false;
    }
    return true;
}

/* What was read is text, and is read again as it is. */
static void read_header(const char *header)
{
    struct basic_credentials credentials;
    struct basic_credentials again;
    char bytes[2 * BASIC_CREDENTIALS_MAX + 1];
    char written[sizeof "Basic " +
                 sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_ORIGINAL)];
    size_t length;

    if (!basic_credentials_read(header, &credentials)) {
        FUZZ_NEED(sodium_is_zero((const unsigned char *)&credentials, sizeof credentials));
        return;
    }
    FUZZ_NEED(strncasecmp(header, "basic ", 6) == 0);
    FUZZ_NEED(strchr(credentials.user, ':') == NULL);
    FUZZ_NEED(credentials.password == credentials.user + strlen(credentials.user) + 1);
    FUZZ_NEED(strlen(credentials.password) == credentials.password_length);
    FUZZ_NEED(is_text(credentials.user) && is_text(credentials.password));
    length = (size_t)snprintf(bytes, sizeof bytes, "%s:%s", credentials.user, credentials.password);
    if (length > BASIC_CREDENTIALS_MAX)
        return;
    (void)strcpy(written, "Basic ");
    (void)sodium_bin2base64(written + 6, sizeof written - 6, (const unsigned char *)bytes, length,
                            sodium_base64_VARIANT_ORIGINAL);
    FUZZ_NEED(basic_credentials_read(written, &again));
    FUZZ_NEED(strcmp(again.user, credentials.user) == 0);
    FUZZ_NEED(strcmp(again.password, credentials.password) == 0);
}

/* The bytes are what a client would encode. */
static void read_bytes(const uint8_t *data, size_t size)
{
    static char header[sizeof "Basic " + sodium_base64_ENCODED_LEN(BASIC_CREDENTIALS_MAX,
                                                                   sodium_base64_VARIANT_ORIGINAL)];

    if (size > BASIC_CREDENTIALS_MAX)
        return;
    (void)strcpy(header, "Basic ");
    (void)sodium_bin2base64(header + 6, sizeof header - 6, data, size,
                            sodium_base64_VARIANT_ORIGINAL);
    read_header(header);
}

/* It is one word, and decoded it is the name. */
static void write_name(const char *account)
{
    char text[REMOTE_USER_SIZE];
    const char *at = text;

    if (strlen(account) > ASP_USER_MAX)
        return;
    remote_user_write(account, text);
    FUZZ_NEED(strpbrk(text, " ,;\"'") == NULL);
    for (; *account != '\0'; account++) {
        unsigned byte = (unsigned char)*at;

        FUZZ_NEED(byte >= 0x21 && byte <= 0x7e);
        if (byte == '%') {
            FUZZ_NEED(sscanf(at, "%%%2X", &byte) == 1);
            at += 2;
        }
        FUZZ_NEED(byte == (unsigned char)*account);
        at++;
    }
    FUZZ_NEED(*at == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    read_header(text);
    read_bytes(data, size);
    write_name(text);
    free(text);
    return 0;
}
