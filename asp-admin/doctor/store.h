/*
 * doctor: the store, the accounts in it, and the primary passwords of their users.
 */
#ifndef ASP_ADMIN_DOCTOR_STORE_H
#define ASP_ADMIN_DOCTOR_STORE_H

#include "examination.h"

/* store, accounts, usage, primary. Leaves the store open. */
void examine_store(struct examination *exam);

#endif
