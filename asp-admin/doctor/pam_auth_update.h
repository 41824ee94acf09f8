/*
 * Whether pam-auth-update(8) of Debian would change the files common-* of /etc/pam.d. It does so
 * where all that stands between its marks in each of them is what it has written itself, by what it
 * has kept of that; else it says so and leaves them all as they are.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_AUTH_UPDATE_H
#define ASP_ADMIN_DOCTOR_PAM_AUTH_UPDATE_H

#include "examination.h"

/* True where it would; else `edited` is the file, or the one of what it has kept, for which it
 * would not. */
bool pam_auth_update_would(struct examination *exam, char edited[PATH_MAX]);

#endif
