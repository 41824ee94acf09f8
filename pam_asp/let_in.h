/*
 * Who was refused here and was let in all the same: by another module of the stack, as by pam_unix
 * for the primary password. A service asks the account facility only of whom it has let in; what
 * was decided before is in the handle then, and the log can say so.
 */
#ifndef PAM_ASP_LET_IN_H
#define PAM_ASP_LET_IN_H

#include "asp/login.h"

#include <security/pam_modules.h>

/* Keeps in the handle what was decided of a login that is not accepted. Without memory for it there
 * will be no line, and nothing else is different. */
void let_in_expect(pam_handle_t *pamh, const char *user, const struct asp_outcome *outcome);

/* There is another try: what was kept of the one before is nothing to this one. */
void let_in_forget(pam_handle_t *pamh);

/* In the account facility, with the handle's items as they are now, each of which may be NULL: one
 * line in the log where something is kept for this user, which is forgotten with that. */
void let_in_say(pam_handle_t *pamh, const char *user, const char *service, const char *host);

#endif
