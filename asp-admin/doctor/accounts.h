/*
 * doctor: every account, and its usage.
 */
#ifndef ASP_ADMIN_DOCTOR_ACCOUNTS_H
#define ASP_ADMIN_DOCTOR_ACCOUNTS_H

#include "examination.h"
#include "primary.h"

/* accounts, usage: in one pass over all of them, which compares their primary passwords too. The
 * store is open. */
void examine_accounts(struct examination *exam, struct primaries *primaries);

#endif
