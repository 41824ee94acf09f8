/*
 * A configuration profile for an iPhone, iPad or Mac, which sets up the accounts of an app
 * password.
 */
#ifndef ASP_ADMIN_PROFILE_APPLE_H
#define ASP_ADMIN_PROFILE_APPLE_H

#include "setup.h"

/*
 * Adds the profile, a property list in XML: the payloads com.apple.mail.managed,
 * com.apple.caldav.account and com.apple.carddav.account of Apple's "Device Management", as the
 * setup has them, with the password in each.
 */
void apple_add_profile(struct asp_buffer *out, const struct setup *setup);

#endif
