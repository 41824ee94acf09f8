/*
 * What the modules of PAM are known to answer: those of Linux-PAM by their sources, those of others
 * by their manuals. Pure.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_MODULE_H
#define ASP_ADMIN_DOCTOR_PAM_MODULE_H

#include "pam_file.h"

#include <stdint.h>

enum pam_kind {
    KIND_OURS,
    KIND_PRIMARY, /* takes a password that is none of ours: the primary's, a directory's */
    KIND_FACTOR,  /* asks for something besides */
    KIND_RULE,    /* asks for nothing that is secret */
    KIND_UNKNOWN, /* may be any of these */
};

enum pam_kind pam_kind_of(const struct pam_line *line);

/* What a rule, a factor or an unknown module may answer: PAM_REPLY bits. */
uint32_t pam_answers_of(const struct pam_line *line, enum facility facility);

/* What a KIND_PRIMARY may answer in auth to what is no password of its own. */
uint32_t pam_refusals_of(const struct pam_line *line);

/* What a KIND_PRIMARY may answer in account, of a user who may log in by it, and whose password may
 * be too old. */
uint32_t pam_ages_of(const struct pam_line *line);

/* True when the line counts a failed login in auth. */
bool pam_counts(const struct pam_line *line);

/* Whether the token is known behind a line that was asked in auth. */
enum pam_token { TOKEN_NOT, TOKEN_MAYBE, TOKEN_SET };
enum pam_token pam_token_of(const struct pam_line *line, enum pam_token before);

bool pam_line_has_argument(const struct pam_line *line, const char *argument);

/* True for a rule that some keep and some do not; but that who guesses shuts an account, as
 * pam_faillock does, is none of those. */
bool pam_is_kept_by_some(const struct pam_line *line, enum facility facility);

/* True when such a rule ends the login of who does not keep it, or makes it fail. */
bool pam_bars(const struct pam_line *line, enum facility facility);

#endif
