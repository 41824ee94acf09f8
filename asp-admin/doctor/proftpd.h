/*
 * doctor: ProFTPD, which goes on to the next module of AuthOrder where the one before has no star.
 */
#ifndef ASP_ADMIN_DOCTOR_PROFTPD_H
#define ASP_ADMIN_DOCTOR_PROFTPD_H

#include "examination.h"

/* beside-pam, of ProFTPD. Nothing is said where all is well, or it is not asked for. */
void examine_proftpd(struct examination *exam);

#endif
