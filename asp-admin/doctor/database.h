/*
 * doctor: the database that accounts are in, where the configuration names one.
 */
#ifndef ASP_ADMIN_DOCTOR_DATABASE_H
#define ASP_ADMIN_DOCTOR_DATABASE_H

#include "examination.h"

/* The way to it, what it is, and whether it answers. False: there are no accounts that could be
 * looked at. True where accounts are in files. */
bool examine_database(struct examination *exam);

/* How far this machine has heard what is revoked on others, where the database answers. Before
 * examine_watch, which judges that. */
void examine_database_feed(struct examination *exam);

#endif
