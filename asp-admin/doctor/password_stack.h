/*
 * doctor: the PAM password stacks, which see a primary password in the moment in which it is set.
 */
#ifndef ASP_ADMIN_DOCTOR_PASSWORD_STACK_H
#define ASP_ADMIN_DOCTOR_PASSWORD_STACK_H

#include "examination.h"

void examine_password_stack(struct examination *exam);

#endif
