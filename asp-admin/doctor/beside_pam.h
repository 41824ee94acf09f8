/*
 * doctor: servers that ask PAM for app passwords and then, or instead, look elsewhere by
 * themselves.
 */
#ifndef ASP_ADMIN_DOCTOR_BESIDE_PAM_H
#define ASP_ADMIN_DOCTOR_BESIDE_PAM_H

#include "examination.h"

/* beside-pam: ProFTPD, Pure-FTPd, and what asks Cyrus SASL. Nothing is said where all is well. */
void examine_beside_pam(struct examination *exam);

#endif
