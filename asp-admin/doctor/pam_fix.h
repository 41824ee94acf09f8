/*
 * What to write in the own file of a service, so that a right app password opens it and nothing
 * else is as it was not. Each proposal is proven as the file itself was: who got in with the
 * primary password does so still, nobody else does, and no rule that bars somebody is passed by.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_FIX_H
#define ASP_ADMIN_DOCTOR_PAM_FIX_H

#include "pam_folder.h"
#include "pam_proof.h"

#include "asp/buffer.h"

/*
 * Adds to `out` what to do with the auth lines of the file of a service, of which `proof` was made;
 * nothing where no change of one place is proven to be well. False: out of memory.
 */
bool pam_fix_auth(struct pam_folder *folder, const struct pam_file *file,
                  const struct pam_auth_proof *proof, struct asp_buffer *out);

/* The same with its account lines. Where the primary password gets past the auth lines, it does so
 * here as well. */
bool pam_fix_account(struct pam_folder *folder, const struct pam_file *file,
                     const struct pam_auth_proof *auth, const struct pam_account_proof *proof,
                     struct asp_buffer *out);

#endif
