/*
 * The forms in which a device can take a new app password: a profile, a QR code.
 */
#ifndef ASP_ADMIN_COMMANDS_NEW_PASSWORD_DEVICE_H
#define ASP_ADMIN_COMMANDS_NEW_PASSWORD_DEVICE_H

#include "new_password_store.h"

#include "asp-admin/ui/qr.h"

/* What --profile and --qr ask for. Begins as {0}. */
struct device_forms {
    struct asp_buffer profile; /* empty: none was asked for */
    struct qr *qr;             /* NULL: the same */
};

/* Whether a document has the profile in it, standard output is the profile and nothing else, or it
 * goes to a file that whoever asked has opened. */
bool device_profile_in_json(const struct options *options);
bool device_profile_alone(const struct options *options);
bool device_profile_in_file(const struct options *options);

/* EXIT_DONE when these options can be carried out for an entry of this app, or why not was said on
 * the console. */
enum exit_code device_check(const struct admin *admin, const struct asp_entry *entry);

/* Makes them. False after a line on the console. The caller calls device_forms_free in any case. */
bool device_forms_make(const struct admin *admin, const struct stored_password *stored,
                       struct device_forms *forms);

/* Wipes them. */
void device_forms_free(struct device_forms *forms);

#endif
