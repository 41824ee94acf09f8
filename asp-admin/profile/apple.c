/* A configuration profile for an iPhone, iPad or Mac. */
#include "apple.h"

#include "asp/label.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "                                      \
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"                                        \
    "<plist version=\"1.0\">\n"
#define TAIL "</plist>\n"

enum { UUID_BYTES = 16, UUID_SIZE = 37, NOT_A_CHARACTER = 0xfffe };

/* A text in XML 1.0; what can be in no document, or is no UTF-8, becomes the sign for that. */
static void add_escaped(struct asp_buffer *out, const char *text)
{
    while (*text != '\0') {
        unsigned long value = 0;
        size_t length = asp_utf8_next(text, &value);

        if (*text == '<')
            asp_buffer_add(out, "&lt;");
        else if (*text == '>')
            asp_buffer_add(out, "&gt;");
        else if (*text == '&')
            asp_buffer_add(out, "&amp;");
        else if (length == 0 || asp_is_control(value) || value == NOT_A_CHARACTER ||
                 value == NOT_A_CHARACTER + 1)
            asp_buffer_add(out, "\xef\xbf\xbd");
        else
            asp_buffer_add_bytes(out, text, length);
        text += length > 0 ? length : 1;
    }
}

static void add_key(struct asp_buffer *out, const char *key)
{
    asp_buffer_add(out, "<key>");
    asp_buffer_add(out, key);
    asp_buffer_add(out, "</key>");
}

static void add_text(struct asp_buffer *out, const char *key, const char *text)
{
    add_key(out, key);
    asp_buffer_add(out, "<string>");
    add_escaped(out, text);
    asp_buffer_add(out, "</string>\n");
}

static void add_number(struct asp_buffer *out, const char *key, unsigned number)
{
    add_key(out, key);
    asp_buffer_add(out, "<integer>");
    asp_buffer_add_number(out, number);
    asp_buffer_add(out, "</integer>\n");
}

static void add_true(struct asp_buffer *out, const char *key)
{
    add_key(out, key);
    asp_buffer_add(out, "<true/>\n");
}

/* RFC 9562, version 4. */
static void add_uuid(struct asp_buffer *out)
{
    unsigned char b[UUID_BYTES];
    char text[UUID_SIZE];

    randombytes_buf(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    (void)snprintf(text, sizeof text,
                   "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    add_text(out, "PayloadUUID", text);
}

/* What every payload has. `part` is what it is, and empty for the whole: a profile that has the
 * identifier of one that is installed takes its place. */
static void add_payload(struct asp_buffer *out, const struct setup *setup, const char *type,
                        const char *part, const char *name)
{
    struct asp_buffer identifier = {0};

    asp_buffer_add(&identifier, setup->mail ? setup->imap.host : setup->web.host);
    asp_buffer_add(&identifier, ".asp.");
    asp_buffer_add(&identifier, setup->user);
    asp_buffer_add(&identifier, ".");
    asp_buffer_add(&identifier, setup->id);
    asp_buffer_add(&identifier, part);
    out->failed = out->failed || identifier.failed;
    if (!identifier.failed)
        add_text(out, "PayloadIdentifier", identifier.text);
    asp_buffer_free(&identifier);
    add_text(out, "PayloadType", type);
    add_number(out, "PayloadVersion", 1);
    add_uuid(out);
    add_text(out, "PayloadDisplayName", name);
    if (setup->profile->organization[0] != '\0')
        add_text(out, "PayloadOrganization", setup->profile->organization);
}

static void add_mail(struct asp_buffer *out, const struct setup *setup, const char *name)
{
    asp_buffer_add(out, "<dict>\n");
    add_payload(out, setup, "com.apple.mail.managed", ".mail", name);
    add_text(out, "EmailAccountDescription", name);
    add_text(out, "EmailAccountType", "EmailTypeIMAP");
    add_text(out, "EmailAddress", setup->mail_address.text);
    add_text(out, "IncomingMailServerAuthentication", "EmailAuthPassword");
    add_text(out, "IncomingMailServerHostName", setup->imap.host);
    add_number(out, "IncomingMailServerPortNumber", setup->imap.port);
    /* By STARTTLS on a port for that. */
    add_true(out, "IncomingMailServerUseSSL");
    add_text(out, "IncomingMailServerUsername", setup->mail_user.text);
    add_text(out, "IncomingPassword", setup->password);
    add_text(out, "OutgoingMailServerAuthentication", "EmailAuthPassword");
    add_text(out, "OutgoingMailServerHostName", setup->smtp.host);
    add_number(out, "OutgoingMailServerPortNumber", setup->smtp.port);
    add_true(out, "OutgoingMailServerUseSSL");
    add_text(out, "OutgoingMailServerUsername", setup->mail_user.text);
    add_true(out, "OutgoingPasswordSameAsIncomingPassword");
    asp_buffer_add(out, "</dict>\n");
}

/* The two payloads are the same but for how their keys begin. */
static void add_web(struct asp_buffer *out, const struct setup *setup, const char *name,
                    const char *type, const char *part, const char *prefix)
{
    struct asp_buffer key = {0};
    const char *keys[] = {"AccountDescription", "HostName", "Username", "Password", "PrincipalURL"};
    const char *values[] = {name, setup->web.host, setup->web_user.text, setup->password,
                            setup->web_path.text};

    asp_buffer_add(out, "<dict>\n");
    add_payload(out, setup, type, part, name);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (values[i][0] == '\0' || strcmp(values[i], "/") == 0)
            continue;
        asp_buffer_add(&key, prefix);
        asp_buffer_add(&key, keys[i]);
        if (!key.failed)
            add_text(out, key.text, values[i]);
        key.length = 0;
    }
    asp_buffer_add(&key, prefix);
    asp_buffer_add(&key, "Port");
    if (!key.failed)
        add_number(out, key.text, setup->web.port);
    key.length = 0;
    asp_buffer_add(&key, prefix);
    asp_buffer_add(&key, "UseSSL");
    if (!key.failed)
        add_true(out, key.text);
    out->failed = out->failed || key.failed;
    asp_buffer_free(&key);
    asp_buffer_add(out, "</dict>\n");
}

void apple_add_profile(struct asp_buffer *out, const struct setup *setup)
{
    const struct asp_profile *profile = setup->profile;
    const char *name = profile->name[0] != '\0'           ? profile->name
                       : profile->organization[0] != '\0' ? profile->organization
                       : setup->mail                      ? setup->imap.host
                                                          : setup->web.host;

    asp_buffer_add(out, HEAD "<dict>\n");
    add_payload(out, setup, "Configuration", "", name);
    add_text(out, "PayloadDescription", setup->label);
    add_key(out, "PayloadContent");
    asp_buffer_add(out, "<array>\n");
    if (setup->mail)
        add_mail(out, setup, name);
    if (setup->caldav)
        add_web(out, setup, name, "com.apple.caldav.account", ".caldav", "CalDAV");
    if (setup->carddav)
        add_web(out, setup, name, "com.apple.carddav.account", ".carddav", "CardDAV");
    asp_buffer_add(out, "</array>\n</dict>\n" TAIL);
}
