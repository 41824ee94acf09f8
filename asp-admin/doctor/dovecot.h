/* doctor: see dovecot.c. */
#ifndef ASP_ADMIN_DOCTOR_DOVECOT_H
#define ASP_ADMIN_DOCTOR_DOVECOT_H

#include "examination.h"

/* Whether Dovecot takes the recipes of ours that lie in its folder. Nothing is found where none
 * does, or where there is no Dovecot. */
void examine_dovecot(struct examination *exam);

#endif
