/*
 * doctor: the configuration.
 */
#ifndef ASP_ADMIN_DOCTOR_CONFIGURATION_H
#define ASP_ADMIN_DOCTOR_CONFIGURATION_H

#include "examination.h"

/* Reads it into exam->admin->conf, which stays NULL where it cannot be read. */
void examine_configuration(struct examination *exam);

#endif
