/*
 * What a device has to be told before it can use a new app password: servers, user and address, as
 * `profile` of asp.conf(5) has them, of that which the app opens.
 */
#ifndef ASP_ADMIN_PROFILE_SETUP_H
#define ASP_ADMIN_PROFILE_SETUP_H

#include "asp/buffer.h"
#include "asp/conf.h"
#include "asp/url.h"

struct setup {
    const struct asp_profile *profile; /* its name and organization */
    const char *user;                  /* the account; borrowed, as are the following ones */
    const char *id;
    const char *label;
    const char *password; /* as it is shown */
    bool mail;
    bool caldav;
    bool carddav;
    struct asp_url imap;
    struct asp_url smtp;
    struct asp_url web; /* of calendars and contacts */
    struct asp_buffer mail_address;
    struct asp_buffer mail_user;
    struct asp_buffer web_user;
    struct asp_buffer web_path; /* in percent-encoding; empty: it is not known */
};

/*
 * What is to be said of an entry of this user, whose password is shown as `password`. ASP_OK: the
 * caller calls setup_free, and everything borrowed lasts as long. ASP_INVALID: asp.conf does not
 * say enough, or there is nothing in it for this app; ASP_NO_MEMORY.
 */
enum asp_status setup_take(const struct asp_conf *conf, const char *user,
                           const struct asp_entry *entry, const char *password, struct setup *setup,
                           struct asp_error *error);

/* Wipes it. */
void setup_free(struct setup *setup);

#endif
