/* What a device has to be told before it can use a new app password. */
#include "setup.h"

#include "asp/scope.h"

#include <string.h>

static const char *const imap_schemes[] = {"imaps", "imap", NULL};
static const char *const smtp_schemes[] = {"submissions", "submission", NULL};
static const char *const web_schemes[] = {"https", NULL};

static const char *const mail_services[] = {"imap", "dovecot", "mail", NULL};
static const char *const web_services[] = {"radicale", "nginx",    "apache2",
                                           "httpd",    "calendar", NULL};

/* True when the app is this service, or the group that lists it. */
static bool opens(const struct asp_conf *conf, const char *app, const char *service)
{
    const char *group = asp_scope_listed(conf, service);

    return strcmp(app, ASP_APP_ANY) == 0 || asp_service_equal(app, group != NULL ? group : service);
}

static bool opens_one(const struct asp_conf *conf, const char *app, const char *const services[])
{
    for (size_t i = 0; services[i] != NULL; i++) {
        if (opens(conf, app, services[i]))
            return true;
    }
    return false;
}

/* A template with the user's name in it. */
static void fill(struct asp_buffer *out, const char *text, const char *user)
{
    for (const char *sign; (sign = strchr(text, '%')) != NULL; text = sign + 2) {
        asp_buffer_add_bytes(out, text, (size_t)(sign - text));
        asp_buffer_add(out, sign[1] == 'u' ? user : "%");
    }
    asp_buffer_add(out, text);
}

/* The same in the path of an address. */
static void fill_path(struct asp_buffer *out, const char *path, const char *user)
{
    struct asp_buffer name = {0};

    asp_buffer_add(&name, "");
    asp_buffer_add_percent(&name, user);
    out->failed = out->failed || name.failed;
    if (!name.failed)
        fill(out, path, name.text);
    asp_buffer_free(&name);
}

static enum asp_status fail_missing(const char *key, struct asp_error *error)
{
    (void)asp_fail(error, ASP_INVALID, "asp.conf says no profile.%s, which a device has to be told",
                   key);
    return asp_advise(error, ASP_INVALID, "see profile in asp.conf(5)");
}

static enum asp_status take_mail(struct setup *setup, struct asp_error *error)
{
    const struct asp_profile *profile = setup->profile;

    if (profile->mail_address[0] == '\0')
        return fail_missing("mail.address", error);
    if (!asp_url_read(profile->mail_imap, imap_schemes, &setup->imap))
        return fail_missing("mail.imap", error);
    if (!asp_url_read(profile->mail_smtp, smtp_schemes, &setup->smtp))
        return fail_missing("mail.smtp", error);
    fill(&setup->mail_address, profile->mail_address, setup->user);
    fill(&setup->mail_user, profile->mail_user[0] != '\0' ? profile->mail_user : "%u", setup->user);
    return ASP_OK;
}

static enum asp_status take_web(struct setup *setup, struct asp_error *error)
{
    const struct asp_profile *profile = setup->profile;

    if (!asp_url_read(profile->calendar_url, web_schemes, &setup->web))
        return fail_missing("calendar.url", error);
    fill(&setup->web_user, profile->calendar_user[0] != '\0' ? profile->calendar_user : "%u",
         setup->user);
    fill_path(&setup->web_path, setup->web.path, setup->user);
    return ASP_OK;
}

/* What asp.conf does not speak of at all is left out of what opens anything. */
static void leave_out(struct setup *setup)
{
    const bool has_mail = setup->profile->mail_imap[0] != '\0';
    const bool has_web = setup->profile->calendar_url[0] != '\0';

    if (setup->mail && (setup->caldav || setup->carddav) && has_mail != has_web) {
        setup->mail = has_mail;
        setup->caldav = setup->caldav && has_web;
        setup->carddav = setup->carddav && has_web;
    }
}

enum asp_status setup_take(const struct asp_conf *conf, const char *user,
                           const struct asp_entry *entry, const char *password, struct setup *setup,
                           struct asp_error *error)
{
    const bool web = opens_one(conf, entry->app, web_services);
    enum asp_status status = ASP_OK;

    *setup = (struct setup){
        .profile = &conf->profile,
        .user = user,
        .id = entry->id,
        .label = entry->label,
        .password = password,
        .mail = opens_one(conf, entry->app, mail_services),
        .caldav = web || opens(conf, entry->app, "caldav"),
        .carddav = web || opens(conf, entry->app, "carddav"),
    };
    leave_out(setup);
    if (!setup->mail && !setup->caldav && !setup->carddav) {
        (void)asp_fail(error, ASP_INVALID,
                       "what the app %s opens is neither mail nor a calendar: no device can be set "
                       "up for it",
                       entry->app);
        status = asp_advise(error, ASP_INVALID, "say --app mail or --app calendar");
    }
    if (status == ASP_OK && setup->mail)
        status = take_mail(setup, error);
    if (status == ASP_OK && (setup->caldav || setup->carddav))
        status = take_web(setup, error);
    if (status == ASP_OK && (setup->mail_address.failed || setup->mail_user.failed ||
                             setup->web_user.failed || setup->web_path.failed))
        status = asp_fail(error, ASP_NO_MEMORY, "out of memory");
    if (status != ASP_OK)
        setup_free(setup);
    return status;
}

void setup_free(struct setup *setup)
{
    asp_buffer_free(&setup->mail_address);
    asp_buffer_free(&setup->mail_user);
    asp_buffer_free(&setup->web_user);
    asp_buffer_free(&setup->web_path);
    *setup = (struct setup){.mail = false};
}
