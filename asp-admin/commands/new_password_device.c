/* The forms in which a device can take a new app password: a profile, a QR code. */
#include "new_password_device.h"

#include "asp-admin/profile/apple.h"
#include "asp-admin/profile/links.h"
#include "asp-admin/profile/setup.h"
#include "asp-admin/profile/sign.h"

#include <errno.h>
#include <string.h>

#define ALONE "-"
#define IN_JSON "json"

enum qr_kind { QR_NONE, QR_PASSWORD, QR_THUNDERBIRD, QR_DAVX5, QR_UNKNOWN };

static enum qr_kind kind_of(const struct options *options)
{
    if ((options->given & OPTION_BIT(OPTION_QR)) == 0)
        return QR_NONE;
    if (options->qr == NULL)
        return QR_PASSWORD;
    if (strcmp(options->qr, "thunderbird") == 0)
        return QR_THUNDERBIRD;
    return strcmp(options->qr, "davx5") == 0 ? QR_DAVX5 : QR_UNKNOWN;
}

bool device_profile_in_json(const struct options *options)
{
    return options->profile != NULL && options->json && strcmp(options->profile, IN_JSON) == 0;
}

bool device_profile_alone(const struct options *options)
{
    return options->profile != NULL && strcmp(options->profile, ALONE) == 0;
}

bool device_profile_in_file(const struct options *options)
{
    return options->profile != NULL && !device_profile_alone(options) &&
           strcmp(options->profile, IN_JSON) != 0;
}

static enum exit_code check_options(const struct admin *admin)
{
    const struct options *options = admin->options;
    const struct console *console = admin->console;
    const bool qr = kind_of(options) != QR_NONE;

    if (options->batch && (options->profile != NULL || qr))
        return fail_with(console, EXIT_USAGE, "create --batch takes no --%s",
                         qr ? "qr" : "profile");
    if (kind_of(options) == QR_UNKNOWN)
        return fail_with(console, EXIT_USAGE,
                         "--qr=%s: say --qr for the password, --qr=thunderbird or --qr=davx5",
                         options->qr);
    if (options->profile == NULL)
        return EXIT_DONE;
    if (device_profile_alone(options) && (options->json || options->quiet || qr))
        return fail_with(console, EXIT_USAGE,
                         "--profile - is all that standard output gets: leave --%s out",
                         options->json    ? "json"
                         : options->quiet ? "quiet"
                                          : "qr");
    if (strcmp(options->profile, IN_JSON) == 0 && !options->json)
        return fail_with(console, EXIT_USAGE,
                         "--profile json is for --json; for a file of that name say ./json");
    return EXIT_DONE;
}

/* The text of the QR code. */
static enum asp_status add_text(enum qr_kind kind, const struct setup *setup, const char *password,
                                struct asp_buffer *out, struct asp_error *error)
{
    if (kind == QR_THUNDERBIRD)
        return links_add_thunderbird(out, setup, error);
    if (kind == QR_DAVX5)
        return links_add_davx5(out, setup, error);
    asp_buffer_add(out, password);
    return ASP_OK;
}

static bool needs_setup(const struct options *options)
{
    const enum qr_kind kind = kind_of(options);

    return options->profile != NULL || kind == QR_THUNDERBIRD || kind == QR_DAVX5;
}

enum exit_code device_check(const struct admin *admin, const struct asp_entry *entry)
{
    struct asp_error error = {0};
    struct asp_buffer text = {0};
    struct setup setup;
    enum exit_code code = check_options(admin);

    if (code != EXIT_DONE || !needs_setup(admin->options))
        return code;
    if (setup_take(admin->conf, "user", entry, "", &setup, &error) != ASP_OK)
        return fail_with_error(admin->console, &error);
    if (add_text(kind_of(admin->options), &setup, "", &text, &error) != ASP_OK)
        code = fail_with_error(admin->console, &error);
    asp_buffer_free(&text);
    setup_free(&setup);
    return code;
}

static bool make_profile(const struct admin *admin, const struct setup *setup,
                         struct asp_buffer *out, struct asp_error *error)
{
    struct asp_buffer plain = {0};
    enum asp_status status = ASP_OK;

    if (!sign_is_wanted(admin->conf)) {
        apple_add_profile(out, setup);
    } else {
        apple_add_profile(&plain, setup);
        if (plain.failed)
            status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
        else
            status = sign_add(out, admin->conf, &plain, error);
        asp_buffer_free(&plain);
    }
    if (status == ASP_OK && out->failed)
        status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    return status == ASP_OK;
}

static bool make_qr(const struct admin *admin, const struct setup *setup, const char *password,
                    struct qr **qr, struct asp_error *error)
{
    const struct console *console = admin->console;
    struct asp_buffer text = {0};
    enum asp_status status = add_text(kind_of(admin->options), setup, password, &text, error);

    if (status == ASP_OK && !text.failed)
        *qr = qr_make(text.text);
    if (status == ASP_OK && *qr == NULL)
        status = !text.failed && errno == ERANGE
                     ? asp_fail(error, ASP_INVALID, "that is too much for a QR code")
                     : asp_fail(error, ASP_NO_MEMORY, "out of memory");
    else if (status == ASP_OK && console->terminal && !admin->options->json &&
             qr_columns(*qr) > console->width)
        status =
            asp_fail(error, ASP_INVALID, "the QR code needs %zu columns, and the terminal has %zu",
                     qr_columns(*qr), console->width);
    asp_buffer_free(&text);
    return status == ASP_OK;
}

bool device_forms_make(const struct admin *admin, const struct stored_password *stored,
                       struct device_forms *forms)
{
    const struct options *options = admin->options;
    struct setup setup = {.mail = false};
    struct asp_error error = {0};
    bool made = !needs_setup(options) || setup_take(admin->conf, admin->user, &stored->entry,
                                                    stored->shown, &setup, &error) == ASP_OK;

    if (made && options->profile != NULL)
        made = make_profile(admin, &setup, &forms->profile, &error);
    if (made && kind_of(options) != QR_NONE)
        made = make_qr(admin, &setup, stored->shown, &forms->qr, &error);
    if (!made)
        (void)fail_with_error(admin->console, &error);
    setup_free(&setup);
    return made;
}

void device_forms_free(struct device_forms *forms)
{
    asp_buffer_free(&forms->profile);
    qr_free(forms->qr);
    forms->qr = NULL;
}
