/*
 * doctor: asp-broker, for hosts that are not root, and for users on their own accounts.
 */
#ifndef ASP_ADMIN_DOCTOR_BROKER_H
#define ASP_ADMIN_DOCTOR_BROKER_H

#include "examination.h"

/* broker, self-service. */
void examine_broker(struct examination *exam);

#endif
