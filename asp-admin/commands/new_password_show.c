/* A new app password as it is shown, this once, and what a person should know of it. */
#include "new_password_show.h"

#include "new_password_device.h"

#include "asp-admin/app.h"
#include "asp-admin/ui/entry_limits.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/plural.h"
#include "asp-admin/ui/wrap.h"
#include "asp/buffer.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_COLUMN = 14 }; /* where the second of the two columns begins */

static void add_centred(const struct console *console, struct asp_buffer *out, const char *text)
{
    size_t width = console->terminal ? console->width : 0;
    size_t indent = width > strlen(text) ? (width - strlen(text)) / 2 : 4;

    wrap_add_spaces(out, indent);
    console_add_bold(console, out, text);
}

/* Adds a text, and frees it. */
static void add_at(struct asp_buffer *out, const struct wrap *wrap, struct asp_buffer *text)
{
    out->failed = out->failed || text->failed;
    if (!text->failed)
        wrap_add(out, wrap, text->text);
    asp_buffer_add(out, "\n");
    asp_buffer_free(text);
}

/* On lines of its own, which are not long anywhere. */
static void add_text(const struct console *console, struct asp_buffer *out, struct asp_buffer *text)
{
    add_at(out, &(const struct wrap){.width = console->width, .others = true}, text);
}

/* Beside its name: one line, for grep, off a terminal. */
static void add_field(const struct console *console, struct asp_buffer *out, const char *name,
                      struct asp_buffer *text)
{
    const struct wrap wrap = {
        .width = console_wrap_width(console), .at = FIELD_COLUMN, .indent = FIELD_COLUMN};

    asp_buffer_add(out, "  ");
    asp_buffer_add(out, name);
    wrap_add_spaces(out, FIELD_COLUMN - strlen(name) - 2);
    add_at(out, &wrap, text);
}

/* What it opens, from where, and until when. */
static void add_limits(const struct console *console, const struct asp_entry *entry,
                       struct asp_buffer *out)
{
    bool open = strcmp(entry->app, ASP_APP_FIRST_USE) == 0;
    struct asp_buffer text = {0};

    asp_buffer_add_visible(&text, open ? "the app that uses it first" : entry->app);
    add_field(console, out, "good for", &text);
    if (entry->network_count > 0) {
        entry_limits_add_networks(&text, entry);
        add_field(console, out, "only from", &text);
    }
    if (entry->expires == ASP_NEVER)
        asp_buffer_add(&text, "it is revoked");
    else
        asp_buffer_add_time(&text, entry->expires);
    if (entry->unused_limit != ASP_NEVER) {
        asp_buffer_add(&text, ", or unused for ");
        entry_limits_add_duration(&text, entry->unused_limit);
    }
    add_field(console, out, "until", &text);
}

/* Once, and where it was asked for: here, as a QR code, or in the profile. */
static void add_password(const struct admin *admin, const struct stored_password *stored,
                         const struct device_forms *forms, struct asp_buffer *out)
{
    const struct console *console = admin->console;
    struct asp_buffer text = {0};

    if (forms->qr != NULL) {
        asp_buffer_add(out, "\n");
        qr_draw(forms->qr, console, out);
        asp_buffer_add(&text,
                       "Let the device's camera read it. It is shown this once and cannot be "
                       "shown again.");
    } else if (forms->profile.length == 0) {
        asp_buffer_add(out, "\n\n");
        add_centred(console, out, stored->shown);
        asp_buffer_add(out, "\n\n");
        asp_buffer_add(&text,
                       "Type it into the app in place of your own password; spaces and dashes do "
                       "not matter, capitals do. It is shown this once and cannot be shown again.");
    }
    asp_buffer_add(out, "\n");
    if (text.length > 0 || text.failed)
        add_text(console, out, &text);
    if (forms->profile.length == 0)
        return;
    asp_buffer_add(&text, "The profile is in ");
    asp_buffer_add_visible(&text, admin->options->profile);
    asp_buffer_add(&text, ": open it on the iPhone, iPad or Mac, and delete it then: the password "
                          "is in it.");
    add_text(console, out, &text);
}

/* For a person. */
static void write_screen(const struct admin *admin, const struct stored_password *stored,
                         const struct device_forms *forms, struct asp_buffer *out)
{
    const struct console *console = admin->console;
    const struct asp_entry *entry = &stored->entry;
    struct asp_buffer text = {0};

    asp_buffer_add(&text, "A new app password for ");
    asp_buffer_add_visible(&text, admin->user);
    asp_buffer_add(&text, ": ");
    asp_buffer_add_visible(&text, entry->label);
    asp_buffer_add(out, "\n");
    add_text(console, out, &text);
    add_password(admin, stored, forms, out);
    asp_buffer_add(out, "\n");
    add_limits(console, entry, out);
    (void)admin_command(admin, &text, (const char *[]){"revoke", admin->user, entry->id, NULL});
    add_field(console, out, "revoke it", &text);
    asp_buffer_add_number(&text, stored->active);
    asp_buffer_add(&text, " of ");
    asp_buffer_add_number(&text, (unsigned long long)admin->conf->limit);
    add_field(console, out, "active", &text);
}

/* NULL: out of memory. */
static json_t *base64_of(const struct asp_buffer *bytes)
{
    size_t size = sodium_base64_encoded_len(bytes->length, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = malloc(size);
    json_t *text;

    if (encoded == NULL)
        return NULL;
    text = json_string(sodium_bin2base64(encoded, size, (const unsigned char *)bytes->text,
                                         bytes->length, sodium_base64_VARIANT_ORIGINAL));
    sodium_memzero(encoded, size);
    free(encoded);
    return text;
}

static json_t *document_of(const struct admin *admin, const struct stored_password *stored,
                           const struct device_forms *forms)
{
    const struct asp_entry *entry = &stored->entry;
    json_t *document;

    document = json_pack("{s:o, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:I, s:i}", "user",
                         json_from_text(admin->user), "id", entry->id, "label", entry->label, "app",
                         entry->app, "password", stored->shown, "entropy_bits", ASP_ENTROPY_BITS,
                         "created", json_from_time(entry->created), "expires",
                         json_from_time(entry->expires), "active", (json_int_t)stored->active,
                         "limit", admin->conf->limit);
    /* Once, and where it was asked for. */
    if (document != NULL && device_profile_in_file(admin->options))
        (void)json_object_del(document, "password");
    if (forms->qr != NULL)
        json_put(&document, "qr", qr_json(forms->qr));
    if (device_profile_in_json(admin->options))
        json_put(&document, "profile", base64_of(&forms->profile));
    return document;
}

/* Of many, with the user as she was named: it is looked for by that. */
static void write_line(const struct admin *admin, const struct stored_password *stored,
                       struct asp_buffer *out)
{
    if (admin->options->json) {
        json_add_line(out, document_of(admin, stored, &(const struct device_forms){.qr = NULL}));
        return;
    }
    asp_buffer_add_visible(out, admin->typed);
    asp_buffer_add(out, "\t");
    asp_buffer_add_visible(out, stored->entry.label);
    asp_buffer_add(out, "\t");
    asp_buffer_add(out, stored->shown);
    asp_buffer_add(out, "\n");
}

/* To standard output: what the profile, which is written by now, leaves to be told. */
static bool show_rest(const struct admin *admin, const struct stored_password *stored,
                      const struct device_forms *forms)
{
    struct asp_buffer out = {0};

    if (admin->options->batch) {
        write_line(admin, stored, &out);
    } else if (admin->options->json) {
        return json_write(admin->console, document_of(admin, stored, forms));
    } else if (!admin->options->quiet) {
        write_screen(admin, stored, forms, &out);
    } else if (forms->qr != NULL) {
        qr_draw(forms->qr, admin->console, &out);
    } else if (forms->profile.length == 0) {
        asp_buffer_add(&out, stored->shown);
        asp_buffer_add(&out, "\n");
    }
    return console_print_and_free(admin->console, &out);
}

bool new_password_show(const struct admin *admin, const struct stored_password *stored)
{
    struct device_forms forms = {.qr = NULL};
    bool shown = device_forms_make(admin, stored, &forms);

    if (shown && device_profile_alone(admin->options)) {
        shown = console_print(admin->console, &forms.profile);
    } else if (shown) {
        if (device_profile_in_file(admin->options))
            shown = console_print_profile(admin->console, &forms.profile);
        shown = shown && show_rest(admin, stored, &forms);
    }
    device_forms_free(&forms);
    return shown;
}

bool new_password_is_unwatched(const struct asp_primary_now *now)
{
    return asp_source_traits(now->source).at_login && now->says == ASP_SAYS_ABSENT;
}

/* It comes from asp.conf, or from the one that it replaces: what is typed is refused. */
static void note_unknown_app(const struct admin *admin, const struct stored_password *stored)
{
    const char *app = stored->entry.app;

    if (stored->replaced.id[0] == '\0')
        console_say(admin->console,
                    "note: default_app of asp.conf is %s, and there is no such app: asp-admin apps "
                    "lists those that there are",
                    app);
    else
        console_say(admin->console,
                    "note: there is no app %s in asp.conf, and no such service in /etc/pam.d", app);
}

void new_password_show_notes(const struct admin *admin, const struct stored_password *stored,
                             const struct asp_primary_now *now)
{
    if (admin->options->quiet || admin->options->json)
        return;
    if (admin->new_store)
        console_say(admin->console, "note: a new store was made at %s", admin->conf->store);
    if (stored->revoked_count > 0)
        console_say(admin->console,
                    "note: the primary password of %s was changed: what was made under the one "
                    "before is revoked, %zu app password%s",
                    admin->user, stored->revoked_count, plural(stored->revoked_count));
    if (!admin->options->new_app && app_is_unknown(admin->conf, stored->entry.app))
        note_unknown_app(admin, stored);
    if (new_password_is_unwatched(now))
        console_say(admin->console,
                    "note: %s has no line in /etc/shadow, so a change of the primary password "
                    "is not seen there: see asp-admin(8)",
                    admin->user);
}
