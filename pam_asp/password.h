/*
 * What is done when a primary password has been set.
 */
#ifndef PAM_ASP_PASSWORD_H
#define PAM_ASP_PASSWORD_H

#include "arguments.h"

#include "asp/entry.h"

#include <security/pam_modules.h>

/*
 * Compares the primary password of `user` with what was remembered, and revokes all of her app
 * passwords when it has changed, in a child process that is root's alone. Waits for it 10 seconds
 * at most. What fails is logged.
 */
void password_was_set(pam_handle_t *pamh, const struct arguments *arguments, const char *user,
                      const char *service);

/* A line in the log for each entry that a changed primary password has revoked. */
void log_revocation(pam_handle_t *pamh, const char *by, const char *user,
                    const struct asp_entry *entries, size_t count);

#endif
