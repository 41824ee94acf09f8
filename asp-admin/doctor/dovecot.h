/* doctor: see dovecot.c. */
#ifndef ASP_ADMIN_DOCTOR_DOVECOT_H
#define ASP_ADMIN_DOCTOR_DOVECOT_H

#include "examination.h"

/* Whether Dovecot takes the recipes of ours that lie in its folder, and whether it remembers logins
 * that PAM would refuse by now. Where there is no Dovecot nothing is found. */
void examine_dovecot(struct examination *exam);

#endif
