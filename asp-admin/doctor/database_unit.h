/*
 * doctor: asp-broker's unit, and a database that is reached over the network.
 */
#ifndef ASP_ADMIN_DOCTOR_DATABASE_UNIT_H
#define ASP_ADMIN_DOCTOR_DATABASE_UNIT_H

#include "examination.h"

/* Whether the unit lets the broker reach each host. */
void database_unit_check(struct examination *exam);

#endif
