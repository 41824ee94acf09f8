/*
 * doctor: the files of PAM that name the module.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_H
#define ASP_ADMIN_DOCTOR_PAM_H

#include "examination.h"

/* pam: also without a configuration. */
void examine_pam(struct examination *exam);

#endif
