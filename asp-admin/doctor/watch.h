/*
 * doctor: the watch, and the hooks that it runs.
 */
#ifndef ASP_ADMIN_DOCTOR_WATCH_H
#define ASP_ADMIN_DOCTOR_WATCH_H

#include "examination.h"

/* Behind examine_store, which has opened the store and counted what is due. */
void examine_watch(struct examination *exam);

#endif
