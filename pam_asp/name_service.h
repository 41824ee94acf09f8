/*
 * The system's name service, as the core is handed it: getpwnam_r(3). Shared by module, broker and
 * tool; safe in threads.
 */
#ifndef PAM_ASP_NAME_SERVICE_H
#define PAM_ASP_NAME_SERVICE_H

#include "asp/account_name.h"

/* Asks and waits for the answer, however long the parts of the name service need for it. */
extern const struct asp_name_service name_service;

#endif
