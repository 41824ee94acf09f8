/*
 * The stacks that let a user in to her own app passwords.
 */
#ifndef ASP_ADMIN_DOCTOR_OWN_STACK_H
#define ASP_ADMIN_DOCTOR_OWN_STACK_H

#include "examination.h"

/* That no app password lets anybody in by this PAM service, a file of conf/pam.d; and, where it is
 * needed, that there is a file of it. */
void own_stack_check(struct examination *exam, const char *check, const char *service,
                     bool is_needed);

#endif
