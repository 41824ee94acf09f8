/*
 * doctor: looks this machine over, and says what is wrong and what fixes it. By itself it
 * changes nothing: it opens files for reading, and holds the watch's lock for a moment at most.
 */
#ifndef ASP_ADMIN_DOCTOR_DOCTOR_H
#define ASP_ADMIN_DOCTOR_DOCTOR_H

#include "asp-admin/admin.h"

/* The command. */
enum exit_code command_doctor(struct admin *admin);

#endif
