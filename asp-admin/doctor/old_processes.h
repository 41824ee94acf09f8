/*
 * Processes that run what was installed before.
 */
#ifndef ASP_ADMIN_DOCTOR_OLD_PROCESSES_H
#define ASP_ADMIN_DOCTOR_OLD_PROCESSES_H

#include "examination.h"

/* Those that have a pam_asp.so mapped, or are an asp-broker or asp-admin, which has been replaced
 * since. Nothing is said where there are none. */
void examine_old_processes(struct examination *exam);

#endif
