/*
 * An account as one text that a camera can read: what apps take by a QR code.
 */
#ifndef ASP_ADMIN_PROFILE_LINKS_H
#define ASP_ADMIN_PROFILE_LINKS_H

#include "setup.h"

/*
 * For Thunderbird on Android: a mail account by its format "Export for Mobile" of version 1, with
 * the password in it. ASP_INVALID: the setup has no mail, or a name that is not UTF-8.
 */
enum asp_status links_add_thunderbird(struct asp_buffer *out, const struct setup *setup,
                                      struct asp_error *error);

/* For DAVx5: a caldavs: address with user and password in it. ASP_INVALID: the setup has no
 * calendar. */
enum asp_status links_add_davx5(struct asp_buffer *out, const struct setup *setup,
                                struct asp_error *error);

#endif
