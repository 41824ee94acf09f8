/* An account as one text that a camera can read. */
#include "links.h"

#include "asp-admin/ui/json.h"

#include <string.h>

/* Of the format: ConnectionSecurity, and AuthenticationType for a password as it is. */
enum { ALWAYS_STARTTLS = 2, TLS = 3, PASSWORD = 1 };

enum asp_status links_add_thunderbird(struct asp_buffer *out, const struct setup *setup,
                                      struct asp_error *error)
{
    const char *user = setup->mail_user.text;
    json_t *document;

    if (!setup->mail)
        return asp_fail(error, ASP_INVALID,
                        "--qr=thunderbird is for mail, which this app is not: say --app mail");
    if (!json_takes_text(user) || !json_takes_text(setup->mail_address.text))
        return asp_fail(error, ASP_INVALID, "the user's name is not UTF-8");
    document = json_pack("[i, [i, i], [i, s, i, i, i, s, s, s], [[[i, s, i, i, i, s, s], [s, s]]]]",
                         1, 1, 1, 0, setup->imap.host, (int)setup->imap.port,
                         setup->imap.tls ? TLS : ALWAYS_STARTTLS, PASSWORD, user,
                         setup->mail_address.text, setup->password, 0, setup->smtp.host,
                         (int)setup->smtp.port, setup->smtp.tls ? TLS : ALWAYS_STARTTLS, PASSWORD,
                         user, setup->password, setup->mail_address.text, setup->user);
    json_add_line(out, document);
    if (!out->failed)
        out->text[--out->length] = '\0'; /* a code has no line end */
    return ASP_OK;
}

enum asp_status links_add_davx5(struct asp_buffer *out, const struct setup *setup,
                                struct asp_error *error)
{
    const bool v6 = strchr(setup->web.host, ':') != NULL;

    if (!setup->caldav && !setup->carddav)
        return asp_fail(error, ASP_INVALID,
                        "--qr=davx5 is for calendars and contacts, which this app is not: say "
                        "--app calendar");
    asp_buffer_add(out, "caldavs://");
    asp_buffer_add_percent(out, setup->web_user.text);
    asp_buffer_add(out, ":");
    asp_buffer_add(out, setup->password);
    asp_buffer_add(out, v6 ? "@[" : "@");
    asp_buffer_add(out, setup->web.host);
    asp_buffer_add(out, v6 ? "]:" : ":");
    asp_buffer_add_number(out, setup->web.port);
    asp_buffer_add(out, setup->web_path.text[0] != '\0' ? setup->web_path.text : "/");
    return ASP_OK;
}
