/*
 * What is done when a primary password has been set.
 */
#ifndef PAM_ASP_PASSWORD_STACK_H
#define PAM_ASP_PASSWORD_STACK_H

#include "arguments.h"

#include <security/pam_modules.h>

/*
 * Compares the primary password of `user` with what was remembered, and revokes all of her app
 * passwords when it has changed, in a child process that is root's alone. Waits for it 10 seconds
 * at most. What fails is logged.
 */
void password_was_set(pam_handle_t *pamh, const struct arguments *arguments, const char *user,
                      const char *service);

#endif
